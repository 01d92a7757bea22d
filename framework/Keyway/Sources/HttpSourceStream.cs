using System.Globalization;
using System.Net;
using System.Net.Http.Headers;

namespace Keyway.Sources;

/// <summary>An HTTP resource, or a range of one, as a stream. A broken connection is taken up where it broke.</summary>
internal sealed class HttpSourceStream : PlainStream
{
    // A server without ranges can only be taken up, or sought in, by reading and forgetting.
    private readonly HttpSource _http;
    private readonly ContentOrigin _origin;
    private readonly Uri _address;
    private readonly ByteRange? _range;
    private readonly bool _seekable;
    private readonly bool _isDocument;
    private readonly long _first;
    private HttpResponseMessage? _answer;
    private Stream? _body;
    private EntityTagHeaderValue? _tag;
    private long? _length;
    private long _position;
    private bool _ranges;
    private bool _opened;
    private bool _coded;
    private long _received;
    private TimeSpan _waited;

    public HttpSourceStream(HttpSource http, ContentOrigin origin, Uri address, ByteRange? range, bool seekable, bool isDocument)
    {
        _http = http;
        _origin = origin;
        _address = address;
        _range = range;
        _seekable = seekable;
        _isDocument = isDocument;
        _first = range?.First ?? 0;
        _length = range?.Length;
        Location = address;
    }

    /// <summary>Where the content was found, after redirects.</summary>
    public Uri Location { get; private set; }

    /// <summary>How far the server's clock was ahead of ours when its answer came; <see langword="null"/> when it did not say.</summary>
    public TimeSpan? ServerAhead { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => _seekable && _ranges && _length is not null;

    public override long Length => _length ?? throw new NotSupportedException("the server did not say how long it is");

    public override long Position
    {
        get => _position;
        set => Seek(value, SeekOrigin.Begin);
    }

    public async ValueTask OpenAsync(CancellationToken cancellationToken) => await WaitAsync(ConnectAsync, cancellationToken).ConfigureAwait(false);

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty || _position >= _length) return 0;
        return await WaitAsync(token => ReadOnceAsync(buffer, token), cancellationToken).ConfigureAwait(false);
    }

    public override long Seek(long offset, SeekOrigin origin)
    {
        if (!CanSeek) throw new NotSupportedException();
        long target = origin switch { SeekOrigin.Begin => offset, SeekOrigin.Current => _position + offset, _ => Length + offset };
        ArgumentOutOfRangeException.ThrowIfNegative(target, nameof(offset));
        if (target != _position) Drop();
        return _position = target;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) Drop();
        base.Dispose(disposing);
    }

    private async ValueTask<int> ReadOnceAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (_body is null) await ConnectAsync(cancellationToken).ConfigureAwait(false);
        if (_length is { } length && length - _position < buffer.Length) buffer = buffer[..(int)(length - _position)];
        if (buffer.IsEmpty) return 0;
        int read = await ReadBodyAsync(buffer, cancellationToken).ConfigureAwait(false);
        if (read == 0)
        {
            // Without a length the end of the body is the end of the content.
            if (_length is not null) throw new TransientException($"the content ended after {_position} of {_length} bytes", null);
            _length = _position;
        }

        _position += read;
        return read;
    }

    /// <summary>Tries, and counts how long the server is waited for. A slow reader costs the server no time.</summary>
    private async ValueTask<T> WaitAsync<T>(Func<CancellationToken, ValueTask<T>> attempt, CancellationToken cancellationToken)
    {
        long begun = _http.Clock.GetTimestamp();
        try
        {
            return await _http.RetryAsync(_address, attempt, Drop, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _waited += _http.Clock.GetElapsedTime(begun);
        }
    }

    private async ValueTask<int> ReadBodyAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        // The whole has a deadline, by its size: a byte now and then does not keep a read alive.
        TimeSpan left = SourceLimits.SlowStart + TimeSpan.FromSeconds((double)_received / SourceLimits.LeastBytesPerSecond) - _waited;
        TimeSpan stall = _http.Options.Timeout;
        string late = left < stall
            ? string.Create(CultureInfo.InvariantCulture, $"it comes too slowly: {_received} bytes in {_waited.TotalSeconds:0} s (at least {SourceLimits.LeastBytesPerSecond} a second are expected after {SourceLimits.SlowStart.TotalSeconds:0} s)")
            : $"no byte within {stall.TotalSeconds} s";
        if (left <= TimeSpan.Zero) throw new SourceException(SourceText.Of(_address), late);
        int read = await _http.WithTimeoutAsync(token => _body!.ReadAsync(buffer, token), left < stall ? left : stall, late, cancellationToken).ConfigureAwait(false);
        _received += read;
        return read;
    }

    private async ValueTask<bool> ConnectAsync(CancellationToken cancellationToken)
    {
        long start = _first + _position;
        // Of what the server codes there are no ranges: it is read from the beginning, and what is not wanted is forgotten.
        ByteRange? wanted = !_coded && (_range is not null || _seekable || start > 0) ? new ByteRange(start, _range?.Last) : null;
        (HttpResponseMessage answer, Uri location) = await GetAsync(wanted, cancellationToken).ConfigureAwait(false);
        if (answer.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            answer.Dispose();

            // An empty resource has no byte 0, so "from byte 0" cannot be satisfied, and yet nothing is wrong.
            if (start > 0 || _range is not null) throw new SourceException(SourceText.Of(_address), $"the server has no bytes {wanted}");
            (answer, location) = await GetAsync(null, cancellationToken).ConfigureAwait(false);
            if (answer.StatusCode != HttpStatusCode.OK)
            {
                answer.Dispose();
                throw new SourceException(SourceText.Of(_address), "the server refuses every range");
            }
        }

        string? coding = ContentCoding.Of(answer.Content.Headers.ContentEncoding);
        if (coding is not null && answer.StatusCode == HttpStatusCode.PartialContent)
        {
            // A range of what the server coded.
            answer.Dispose();
            (answer, location) = await GetAsync(null, cancellationToken).ConfigureAwait(false);
            coding = ContentCoding.Of(answer.Content.Headers.ContentEncoding);
            if (answer.StatusCode != HttpStatusCode.OK)
            {
                answer.Dispose();
                throw new SourceException(SourceText.Of(_address), "the server sends ranges of compressed content only");
            }
        }

        _answer = answer;
        Location = location;
        if (answer.Headers.Date is { } date) ServerAhead = date + (answer.Headers.Age ?? TimeSpan.Zero) - _http.Clock.GetUtcNow();
        _coded |= coding is not null;
        long skip = Understand(answer, start);
        Stream body = await answer.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        _body = coding is null ? body : ContentCoding.Open(coding, body)
            ?? throw new SourceException(SourceText.Of(_address), $"the server sent it in a content encoding that is not read ('{(coding.Length <= 40 ? coding : coding[..40] + "…")}')");
        if (skip > 0) await DiscardAsync(skip, cancellationToken).ConfigureAwait(false);
        return true;
    }

    private ValueTask<(HttpResponseMessage Answer, Uri Location)> GetAsync(ByteRange? wanted, CancellationToken cancellationToken) =>
        _http.GetAsync(_origin, _address, wanted, wanted is null ? null : _tag, _isDocument, cancellationToken);

    /// <summary>Compares the answer with what was asked and with earlier answers.</summary>
    /// <returns>How many bytes at the beginning of the body were not asked for.</returns>
    private long Understand(HttpResponseMessage answer, long start)
    {
        HttpContentHeaders headers = answer.Content.Headers;
        bool partial = answer.StatusCode == HttpStatusCode.PartialContent;
        long? total = partial ? headers.ContentRange?.Length : _coded ? null : headers.ContentLength;
        if (partial && headers.ContentRange?.From != start) throw new SourceException(SourceText.Of(_address), "the server sent another range than was asked for");

        // RFC 9110, 14.1.2: a range that passes the end stops there; where nobody says how much there is, the answer says how much of it it has.
        long? length = _range?.Last is null ? total - _first : _range.Value.Length;
        if (total - _first is { } left && left < length) length = left;
        if (partial && total is null && headers.ContentRange?.To + 1 - _first is { } sent && sent < length) length = sent;
        if (total is { } all && (_first > all || (_first == all && _range?.Last is not null))) throw new SourceException(SourceText.Of(_address), $"it has {all} bytes, so it has no bytes {_range}");
        EntityTagHeaderValue? tag = answer.Headers.ETag is { IsWeak: false } strong ? strong : null;
        if (_opened && (length != _length && length is not null && _length is not null || tag?.Tag != _tag?.Tag))
            throw new SourceException(SourceText.Of(_address), "the content changed while it was read");
        if (!_opened) _ranges = partial;
        if (!_opened) _length = length ?? _length;
        _opened = true;
        _tag = tag;
        _length ??= length;
        return partial ? 0 : start;
    }

    private async ValueTask DiscardAsync(long count, CancellationToken cancellationToken)
    {
        if (count > SourceLimits.DiscardedBytes) throw new SourceException(SourceText.Of(_address), "the server does not do byte ranges");
        byte[] buffer = new byte[16 << 10];
        while (count > 0)
        {
            int read = await ReadBodyAsync(buffer.AsMemory(0, (int)Math.Min(count, buffer.Length)), cancellationToken).ConfigureAwait(false);
            if (read == 0) throw new TransientException("the content ended early", null);
            count -= read;
        }
    }

    private void Drop()
    {
        _body?.Dispose();
        _answer?.Dispose();
        _body = null;
        _answer = null;
    }
}
