using System.Globalization;
using Keyway.Cdm.Wire;

namespace Keyway.Cdm.Child;

/// <summary>What a child has said of its module and of what keeps it in.</summary>
/// <param name="Interface">The interface that the module took.</param>
/// <param name="Version">The module's version; empty: it has none.</param>
/// <param name="Level">How far the child is shut in.</param>
/// <param name="Measures">By what, for people.</param>
internal sealed record ModuleFacts(int Interface, string Version, SandboxLevel Level, string Measures)
{
    /// <summary>In one line.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{(Version.Length > 0 ? $"version {Version}, " : "")}interface {Interface}, sandbox {LevelText}{(Measures.Length > 0 ? $" ({Measures})" : "")}");

    private string LevelText => Level switch
    {
        SandboxLevel.Full => "full",
        SandboxLevel.Partial => "partial",
        _ => "a process of its own only",
    };
}
