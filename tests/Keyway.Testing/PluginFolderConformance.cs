using Keyway.Hosting.Plugins;

namespace Keyway.Testing;

/// <summary>
/// What every plugin's folder promises to a host, as checks that need no test framework: call <see cref="CheckAsync"/> once for each of <see cref="Promises"/>.
/// What <c>keyway plugins check FOLDER</c> runs.
/// </summary>
/// <param name="folder">The folder as a host would have it: the output of the plugin's project.</param>
public sealed class PluginFolderConformance(string folder)
{
    private readonly PluginFolderCheck _check = new(folder);

    /// <summary>The promises, each a sentence, in the order in which they build upon each other.</summary>
    public static IReadOnlyCollection<string> Promises => PluginFolderCheck.Promises;

    /// <summary>Checks one promise.</summary>
    /// <param name="promise">One of <see cref="Promises"/>.</param>
    /// <returns>A task that ends when the promise has been checked.</returns>
    /// <exception cref="ConformanceException">The folder does not keep it, or one that it builds upon.</exception>
    public async Task CheckAsync(string promise)
    {
        PluginFolderFinding finding = await _check.CheckAsync(promise).ConfigureAwait(false);
        if (finding.State != PromiseState.Kept) throw new ConformanceException(promise, finding.State == PromiseState.Broken ? finding.Seen! : $"not looked at ({finding.Seen})");
    }
}
