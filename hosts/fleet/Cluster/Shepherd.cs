using Keyway.Fleet.Configuration;
using Keyway.Fleet.Grains;
using Keyway.Fleet.Metrics;

namespace Keyway.Fleet.Cluster;

/// <summary>
/// Sees to it that every stream is watched: touches its share of them every half a minute, and whenever silos come or go. No reminders: a touch finds the grain where it is, or makes it
/// where there is none.
/// </summary>
internal sealed partial class Shepherd(
    IClusterMembershipService membership, ILocalSiloDetails silo, IGrainFactory grains, FleetOptions options, StreamSeed seed, SiloRegistry registry, TimeProvider clock, ILogger<Shepherd> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(30);

    // Silos that start together find each other first: placement is blind before.
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(3);

    private const int AtOnce = 64;

    private readonly SemaphoreSlim _wake = new(0);

    /// <summary>Whether a sweep has ended: before that, this silo is not ready.</summary>
    public bool HasSwept { get; private set; }

    /// <summary>Has it sweep now.</summary>
    public void Wake() => _wake.Release();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        while (!IsActive()) await Task.Delay(TimeSpan.FromMilliseconds(100), clock, stoppingToken);
        if (options.Cluster != ClusterKind.Local) await Task.Delay(Settle, clock, stoppingToken);
        Task watching = WatchAsync(stoppingToken);
        while (!stoppingToken.IsCancellationRequested && !registry.IsLeaving)
        {
            try
            {
                await seed.ApplyAsync();
                await SweepAsync(stoppingToken);
                HasSwept = true;
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                // A shard that is moving, a store that is away: the next sweep comes soon.
                Log.NotSwept(logger, exception.GetType().Name);
                await Task.Delay(TimeSpan.FromSeconds(2), clock, stoppingToken);
                continue;
            }

            await _wake.WaitAsync(Every, stoppingToken);
            while (_wake.CurrentCount > 0) await _wake.WaitAsync(stoppingToken);
        }

        await watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private bool IsActive() => membership.CurrentSnapshot.GetSiloStatus(silo.SiloAddress) == SiloStatus.Active;

    private async Task WatchAsync(CancellationToken stoppingToken)
    {
        string before = Live();
        await foreach (ClusterMembershipSnapshot _ in membership.MembershipUpdates.WithCancellation(stoppingToken))
        {
            string now = Live();
            if (now == before) continue;
            before = now;
            Wake();
        }

        string Live() => string.Join(' ', Others.Of(membership).Select(static each => each.ToParsableString()));
    }

    private async Task SweepAsync(CancellationToken stoppingToken)
    {
        IReadOnlyList<SiloAddress> live = Others.Of(membership);
        int me = 0;
        while (me < live.Count && !live[me].Equals(silo.SiloAddress)) me++;
        if (me == live.Count) return;
        using SemaphoreSlim slots = new(AtOnce);
        int failed = 0;
        List<Task> touches = [];
        for (int shard = me; shard < FleetLimits.RosterShards; shard += live.Count)
        {
            await foreach (StreamSpec spec in grains.GetGrain<IRosterGrain>(shard).ListAsync().WithBatchSize(100).WithCancellation(stoppingToken))
            {
                if (registry.IsLeaving) return;
                await slots.WaitAsync(stoppingToken);
                touches.Add(TouchAsync(spec));
            }
        }

        await Task.WhenAll(touches);
        if (failed > 0) Log.NotTouched(logger, failed, touches.Count);

        async Task TouchAsync(StreamSpec spec)
        {
            try
            {
                await grains.GetGrain<IStreamGrain>(spec.Name).TouchAsync(spec);
            }
            catch (Exception)
            {
                // Counted, and not told one by one: when a silo dies these are thousands.
                Interlocked.Increment(ref failed);
            }
            finally
            {
                slots.Release();
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(421, LogLevel.Warning, "the streams could not be looked after ({Fault}); it is tried again")]
        public static partial void NotSwept(ILogger logger, string fault);

        [LoggerMessage(422, LogLevel.Warning, "{Failed} of {Count} streams could not be reached, and are again soon")]
        public static partial void NotTouched(ILogger logger, int failed, int count);
    }
}
