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

    /// <summary>Name by name, for people.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Describe(string module, string keySystem) =>
    [
        new("module", module),
        new("key system of the module", keySystem),
        new("version", Version.Length > 0 ? Version : "none"),
        new("interface", Interface.ToString(CultureInfo.InvariantCulture)),
        new("sandbox", LevelText),
        new("sandbox measures", Measures.Length > 0 ? Measures : "none"),
    ];

    private string LevelText => Level switch
    {
        SandboxLevel.Full => "full",
        SandboxLevel.Partial => "partial",
        _ => "a process of its own only",
    };
}
