namespace Keyway.Hosting.Plugins;

/// <summary>What <see cref="KeywayHost.ReloadPluginsAsync"/> did with one plugin whose folder has changed.</summary>
/// <param name="Id">The plugin, or its folder's name when it has no id.</param>
/// <param name="Generation">The generation that serves new presentations now; 0: none.</param>
/// <param name="Problem">Why the new version was refused, and the old one, where there is one, goes on; <see langword="null"/>: it is the one that serves.</param>
public sealed record PluginReload(string Id, int Generation, PluginProblem? Problem);
