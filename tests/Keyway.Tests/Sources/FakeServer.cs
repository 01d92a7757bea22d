using System.Net;
using System.Net.Http.Headers;

namespace Keyway.Sources;

/// <summary>Answers requests in memory and remembers them.</summary>
internal sealed class FakeServer : HttpMessageHandler
{
    private readonly Dictionary<string, Func<HttpRequestMessage, HttpResponseMessage>> _pages = new(StringComparer.Ordinal);

    public List<(string Url, string? Range, string? Token)> Requests { get; } = [];

    /// <summary>The headers of each request, by their names.</summary>
    public List<Dictionary<string, string>> Headers { get; } = [];

    /// <summary>Of each request: where the content came from that named it.</summary>
    public List<string?> NamedBy { get; } = [];

    public FakeServer Page(string url, byte[] content, bool ranges = true, string? tag = null)
    {
        _pages[url] = request => Serve(request, content, ranges, tag);
        return this;
    }

    public FakeServer On(string url, Func<HttpRequestMessage, HttpResponseMessage> answer)
    {
        _pages[url] = answer;
        return this;
    }

    public FakeServer Redirect(string from, string to, HttpStatusCode status = HttpStatusCode.Found) => On(from, _ => Redirection(to, status));

    public static HttpResponseMessage Redirection(string to, HttpStatusCode status = HttpStatusCode.Found)
    {
        HttpResponseMessage answer = new(status);
        answer.Headers.TryAddWithoutValidation("Location", to);
        return answer;
    }

    public static HttpResponseMessage Serve(HttpRequestMessage request, byte[] content, bool ranges, string? tag)
    {
        RangeItemHeaderValue? range = ranges ? request.Headers.Range?.Ranges.Single() : null;
        HttpResponseMessage answer;
        if (range is null) answer = new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent(content) };
        else
        {
            long first = range.From!.Value, last = Math.Min(range.To ?? content.Length - 1, content.Length - 1);
            if (first > last) return new HttpResponseMessage(HttpStatusCode.RequestedRangeNotSatisfiable);
            answer = new HttpResponseMessage(HttpStatusCode.PartialContent) { Content = new ByteArrayContent(content, (int)first, (int)(last - first + 1)) };
            answer.Content.Headers.ContentRange = new ContentRangeHeaderValue(first, last, content.Length);
        }

        if (tag is not null) answer.Headers.ETag = new EntityTagHeaderValue($"\"{tag}\"");
        return answer;
    }

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        string url = request.RequestUri!.OriginalString;
        lock (Requests)
        {
            Headers.Add(request.Headers.NonValidated.ToDictionary(static header => header.Key, static header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase));
            NamedBy.Add(request.Options.TryGetValue(MediaSources.NamedByContentFrom, out string? from) ? from : null);
            Requests.Add((url, request.Headers.Range?.ToString(), request.Headers.TryGetValues("X-Token", out IEnumerable<string>? token) ? token.Single() : null));
        }

        return Task.FromResult(_pages.TryGetValue(url, out Func<HttpRequestMessage, HttpResponseMessage>? page) ? page(request) : new HttpResponseMessage(HttpStatusCode.NotFound));
    }
}

/// <summary>A body that breaks after some bytes, or stalls.</summary>
internal sealed class BrokenContent(byte[] content, int after, bool hang) : HttpContent
{
    protected override Task<Stream> CreateContentReadStreamAsync() => Task.FromResult<Stream>(new Body(content, after, hang));

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => throw new NotSupportedException();

    protected override bool TryComputeLength(out long length)
    {
        length = content.Length;
        return true;
    }

    private sealed class Body(byte[] content, int after, bool hang) : MemoryStream(content)
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int left = after - (int)Position;
            if (left > 0) return await base.ReadAsync(buffer[..Math.Min(left, buffer.Length)], cancellationToken);
            if (hang) await Task.Delay(Timeout.Infinite, cancellationToken);
            throw new IOException("cut");
        }
    }
}

/// <summary>A clock on which nothing ever takes time: waits up to a limit are over at once and remembered; longer timers fire only when told.</summary>
internal sealed class EagerClock(TimeSpan limit) : TimeProvider
{
    public List<TimeSpan> Waits { get; } = [];

    public bool FireAll { get; set; }

    public override DateTimeOffset GetUtcNow() => new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        bool eager = dueTime <= limit && dueTime != Timeout.InfiniteTimeSpan;
        if (eager) Waits.Add(dueTime);
        if (eager || FireAll) ThreadPool.QueueUserWorkItem(_ => callback(state));
        return new Nothing();
    }

    private sealed class Nothing : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}

/// <summary>A clock that moves when it is told to; its timers never fire.</summary>
internal sealed class TickingClock : TimeProvider
{
    public double Seconds { get; set; }

    public override DateTimeOffset GetUtcNow() => new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).AddSeconds(Seconds);

    public override long TimestampFrequency => 1000;

    public override long GetTimestamp() => (long)(Seconds * 1000);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => TimeProvider.System.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
}

/// <summary>A body of which some bytes come each second.</summary>
internal sealed class DrippingContent(byte[] content, int bytesPerSecond, TickingClock clock) : HttpContent
{
    protected override Task<Stream> CreateContentReadStreamAsync() => Task.FromResult<Stream>(new Body(content, bytesPerSecond, clock));

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => throw new NotSupportedException();

    protected override bool TryComputeLength(out long length)
    {
        length = content.Length;
        return true;
    }

    private sealed class Body(byte[] content, int bytesPerSecond, TickingClock clock) : MemoryStream(content)
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int read = await base.ReadAsync(buffer[..Math.Min(buffer.Length, bytesPerSecond)], cancellationToken);
            clock.Seconds += (double)read / bytesPerSecond;
            return read;
        }
    }
}
