namespace Keyway.Hosting.Plugins;

/// <summary>Why a plugin is not loaded, for programs and for people.</summary>
/// <param name="Fault">The reason's name.</param>
/// <param name="Reason">The reason in a sentence. It holds no object of the plugin, so that it does not keep the plugin in memory.</param>
public sealed record PluginProblem(PluginFault Fault, string Reason)
{
    /// <summary>Where it failed: <c>discovery</c>, <c>contract</c>, <c>load</c>, <c>configure</c>.</summary>
    public string Stage => Fault switch
    {
        PluginFault.ContractMismatch or PluginFault.ShipsContract or PluginFault.NewerDependency => "contract",
        PluginFault.LoadFailed or PluginFault.NotAPlugin => "load",
        PluginFault.ConstructorThrew or PluginFault.ConfigureThrew or PluginFault.DuplicateName or PluginFault.Hangs or PluginFault.CannotReplace => "configure",
        _ => "discovery",
    };

    /// <summary>Returns the stage, the name and the reason in one line.</summary>
    /// <returns>The line.</returns>
    public override string ToString() => $"{Stage}: {Reason} ({Fault})";
}
