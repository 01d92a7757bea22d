using System.Collections.Concurrent;
using Keyway.Fleet.Configuration;
using Keyway.Fleet.Metrics;

namespace Keyway.Fleet.Watching;

/// <summary>How much this silo asks: so many requests a second of each origin, so many bytes a second of segments together. What would be more waits a little, or is left out and told.</summary>
/// <remarks>Threads: any.</remarks>
internal sealed class Budgets(FleetOptions options, FleetMeter meter, TimeProvider clock)
{
    // Longer than this a look would be too late anyway.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    // Content names origins as it likes: those that come after share one budget.
    private const int MostOrigins = 4_096;

    private readonly ConcurrentDictionary<string, Bucket> _origins = new(StringComparer.OrdinalIgnoreCase);
    private readonly Bucket _others = new();
    private readonly Lock _gate = new();
    private double _bytes = options.Budget.BytesPerSecond;
    private long _refilled = clock.GetTimestamp();

    /// <summary>Whether there is something left to fetch segments with.</summary>
    public bool MayFetch
    {
        get
        {
            lock (_gate)
            {
                Refill();
                return _bytes > 0;
            }
        }
    }

    /// <summary>Whether something failed because it was over budget: no fault of what was asked.</summary>
    public static bool IsRefusal(Exception exception)
    {
        for (Exception? each = exception; each is not null; each = each.InnerException)
            if (each is OverBudgetException) return true;
        return false;
    }

    /// <summary>Takes into account what came: a segment says how long it is when it is there.</summary>
    public void Spend(long bytes)
    {
        lock (_gate)
        {
            Refill();
            _bytes -= bytes;
        }
    }

    /// <summary>Puts the budget of requests before what sends them.</summary>
    public HttpMessageInvoker Before(HttpMessageInvoker inner) => new(new Handler(this, inner), disposeHandler: false);

    /// <summary>Waits for the turn of a request.</summary>
    /// <exception cref="HttpRequestException">It would be too long. Nothing is sent.</exception>
    internal async ValueTask EnterAsync(Uri address, CancellationToken cancellationToken)
    {
        string origin = Origins.Of(address);
        Bucket bucket = _origins.TryGetValue(origin, out Bucket? known) ? known : _origins.Count >= MostOrigins ? _others : _origins.GetOrAdd(origin, static _ => new Bucket());
        TimeSpan wait = bucket.Take(clock, options.Budget.RequestsPerOrigin, Patience);
        if (wait == Timeout.InfiniteTimeSpan)
        {
            meter.OverBudget(origin);
            throw new HttpRequestException("over budget", new SourceException(origin, $"not asked: more than {options.Budget.RequestsPerOrigin} requests a second (Fleet:Budget:RequestsPerOrigin)", new OverBudgetException()));
        }

        if (wait > TimeSpan.Zero) await Task.Delay(wait, clock, cancellationToken).ConfigureAwait(false);
    }

    private void Refill()
    {
        double most = options.Budget.BytesPerSecond;
        _bytes = Math.Min(most, _bytes + (most * clock.GetElapsedTime(_refilled).TotalSeconds));
        _refilled = clock.GetTimestamp();
    }

    /// <summary>When the next request may go. A second's worth may go at once.</summary>
    private sealed class Bucket
    {
        private readonly Lock _gate = new();
        private long _next;

        public TimeSpan Take(TimeProvider clock, int perSecond, TimeSpan patience)
        {
            lock (_gate)
            {
                long now = clock.GetTimestamp();
                long frequency = clock.TimestampFrequency;
                long earliest = Math.Max(_next, now - frequency);
                TimeSpan wait = earliest <= now ? TimeSpan.Zero : TimeSpan.FromSeconds((double)(earliest - now) / frequency);
                if (wait > patience) return Timeout.InfiniteTimeSpan;
                _next = earliest + (frequency / perSecond);
                return wait;
            }
        }
    }

    private sealed class Handler(Budgets budgets, HttpMessageInvoker inner) : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (request.RequestUri is { } address) await budgets.EnterAsync(address, cancellationToken).ConfigureAwait(false);
            // As HttpMessageInvoker an HttpClient would read the whole body into memory first.
            return inner is HttpClient client
                ? await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false)
                : await inner.SendAsync(request, cancellationToken).ConfigureAwait(false);
        }
    }
}
