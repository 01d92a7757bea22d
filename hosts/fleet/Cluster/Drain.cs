using Keyway.Fleet.Metrics;

namespace Keyway.Fleet.Cluster;

/// <summary>Leaves in order: nothing new begins here, then every stream goes to another silo while this one still answers, then the silo stops.</summary>
internal sealed partial class Drain(IClusterMembershipService membership, ILocalSiloDetails silo, SiloRegistry registry, TimeProvider clock, ILogger<Drain> logger) : IHostedLifecycleService
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(20);

    private const int AtOnce = 200;

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        registry.IsLeaving = true;
        SiloAddress[] others = [.. Others.Of(membership).Where(each => !each.Equals(silo.SiloAddress))];
        if (others.Length == 0) return;
        int count = registry.StreamCount, moved = 0;
        DateTimeOffset end = clock.GetUtcNow() + Longest;
        foreach (Grains.StreamGrain[] part in registry.Streams.Chunk(AtOnce))
        {
            foreach (Grains.StreamGrain stream in part) stream.Leave(others[moved++ % others.Length]);
            // The others take them while they go on with their own.
            await Task.Delay(TimeSpan.FromMilliseconds(50), clock, cancellationToken);
        }

        while (registry.StreamCount > 0 && clock.GetUtcNow() < end) await Task.Delay(TimeSpan.FromMilliseconds(50), clock, cancellationToken);
        Log.Left(logger, count - registry.StreamCount, count);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static partial class Log
    {
        [LoggerMessage(441, LogLevel.Information, "{Moved} of {Count} streams are watched by other silos now")]
        public static partial void Left(ILogger logger, int moved, int count);
    }
}
