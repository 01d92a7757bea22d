namespace Keyway.Hosting.Plugins;

/// <summary>Looks whether the runtime really unloaded a plugin. Unloading is a request, and nothing tells that it failed.</summary>
internal static class PluginCollection
{
    private const int Attempts = 20;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    /// <summary>Collects garbage until a load context is gone, a few times at most.</summary>
    /// <param name="context">The load context.</param>
    /// <param name="clock">The clock of the pauses, in which threads and finalizers of the plugin come to their end.</param>
    /// <param name="cancellationToken">Ends the looking.</param>
    /// <returns>Whether it is gone.</returns>
    public static async ValueTask<bool> WatchAsync(WeakReference context, TimeProvider clock, CancellationToken cancellationToken)
    {
        for (int attempt = 0; attempt < Attempts && context.IsAlive && !cancellationToken.IsCancellationRequested; attempt++)
        {
            if (attempt > 1) await Task.Delay(Pause, clock, CancellationToken.None).ConfigureAwait(false);
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        return !context.IsAlive;
    }
}
