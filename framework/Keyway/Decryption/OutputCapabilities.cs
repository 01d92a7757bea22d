using Keyway.Licensing;

namespace Keyway.Decryption;

/// <summary>What a sink hands decrypted samples on to, and how it protects that.</summary>
/// <remarks>
/// A sink that permits more than <see cref="None"/> is made in code, by an embedding host that has the right to: never by a flag, a file
/// or the environment.
/// </remarks>
public sealed record OutputCapabilities
{
    /// <summary>An export sink (file, pipe, response, reading caller) without any output protection.</summary>
    public static OutputCapabilities None { get; } = new();

    /// <summary>What the sink does with samples.</summary>
    /// <value><see cref="SinkKind.Export"/>.</value>
    public SinkKind Kind { get; init; } = SinkKind.Export;

    /// <summary>The level of HDCP that every digital output has; <see cref="HdcpLevel.NoDigitalOutput"/> where there is no digital output.</summary>
    public HdcpLevel Hdcp { get; init; }

    /// <summary>The highest level that each path meets; 999 for a path that the sink does not have.</summary>
    public ProtectionLevels Levels { get; init; }

    /// <summary>The restrictions that the sink knows and meets.</summary>
    public IReadOnlyList<Guid> Restrictions { get; init; } = [];

    /// <summary>Whether it hands clear compressed samples on: what does not say otherwise does.</summary>
    internal bool Exports => Kind is not (SinkKind.Render or SinkKind.Module);

    /// <summary>The same outputs behind what writes streams and files: nobody knows what is behind those.</summary>
    internal OutputCapabilities Exporting => Kind == SinkKind.Render ? this with { Kind = SinkKind.Export } : this;
}
