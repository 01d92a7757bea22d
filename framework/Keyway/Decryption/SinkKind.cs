namespace Keyway.Decryption;

/// <summary>What a sink does with the samples that it gets, and so which it gets.</summary>
public enum SinkKind
{
    /// <summary>Not said: taken for <see cref="Export"/>.</summary>
    None = 0,

    /// <summary>It hands clear compressed samples on: to a file, a pipe, a response, a caller. A key needs permission for that (<see cref="Licensing.OutputRequirement.ClearExport"/>).</summary>
    Export,

    /// <summary>
    /// It shows them and hands none on: code of the embedding host that guarantees what <see cref="OutputCapabilities"/> says of its outputs. It gets clear samples by
    /// reading them; what writes streams and files stays an export, whatever the sink is.
    /// </summary>
    Render,

    /// <summary>It takes samples as they are and has a module of its own open them, which answers for the outputs. It gets no clear sample in any way.</summary>
    Module,
}
