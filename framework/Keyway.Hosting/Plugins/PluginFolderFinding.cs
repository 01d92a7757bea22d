namespace Keyway.Hosting.Plugins;

/// <summary>What <see cref="PluginFolderCheck"/> has found of one promise.</summary>
/// <param name="Promise">The promise, as <see cref="PluginFolderCheck.Promises"/> names it.</param>
/// <param name="State">What has become of it.</param>
/// <param name="Seen">Of one that is not kept, what was seen; of one that was not looked at, why. In a sentence, without what may be a secret.</param>
public sealed record PluginFolderFinding(string Promise, PromiseState State, string? Seen = null);
