using System.Buffers;
using Keyway.Licensing.Exchanges;

namespace Keyway.Licensing.Recording;

/// <summary>
/// Writes down the exchanges with licence services, as an HTTP archive (HAR 1.2) that may be handed to others: what went where, when, how much, with which result. Nothing of it is
/// shown unless it is known to be no secret: of headers, query members and bodies names and lengths, and a fingerprint by which equal values are seen to be equal in one record. The key
/// of the fingerprints is thrown away, so that nobody can try values out.
/// </summary>
/// <remarks>
/// <para>Bodies are kept only where a key is given to seal them with, and never otherwise.</para>
/// <para>Threads: any. Ownership: disposing it zeroes the keys; what was recorded is written before that.</para>
/// </remarks>
public sealed class LicenseRecorder : IDisposable
{
    private readonly Lock _gate = new();
    private readonly List<RecordEntry> _entries = [];
    private readonly Dictionary<SessionId, (WeakReference<LicenseExchange> Exchange, int Number)> _numbers = [];
    private readonly Fingerprints _fingerprints = new();
    private readonly RecordSeal? _seal;
    private readonly TimeProvider _clock;
    private long _dropped, _bodiesDropped;
    private long _bodyRoom = LicenseLimits.RecordedBodyBytes;

    /// <summary>Begins a record.</summary>
    /// <param name="clock">The clock.</param>
    /// <param name="bodyKey">32 bytes that bodies are sealed under, copied at once; empty: no body is kept.</param>
    /// <exception cref="ArgumentException"><paramref name="bodyKey"/> is neither 32 bytes long nor empty.</exception>
    public LicenseRecorder(TimeProvider clock, ReadOnlySpan<byte> bodyKey = default)
    {
        ArgumentNullException.ThrowIfNull(clock);
        _clock = clock;
        if (!bodyKey.IsEmpty) _seal = new RecordSeal(bodyKey);
    }

    /// <summary>How many exchanges are in the record.</summary>
    public int Count
    {
        get
        {
            lock (_gate) return _entries.Count;
        }
    }

    /// <summary>Has everything recorded that goes over a transport: each attempt is an entry of its own.</summary>
    /// <param name="inner">The transport. Ownership: the caller's.</param>
    /// <returns>The transport to use in its place.</returns>
    public ILicenseTransport Around(ILicenseTransport inner)
    {
        ArgumentNullException.ThrowIfNull(inner);
        return new RecordingTransport(this, inner);
    }

    /// <summary>Notes why an exchange came to nothing: what its steps made of an answer, or why there is none.</summary>
    /// <param name="exchange">The exchange; <see langword="null"/>: it was none yet.</param>
    /// <param name="failure">Why.</param>
    internal void Fail(LicenseExchange? exchange, LicenseServiceException failure)
    {
        if (exchange is null) return;
        lock (_gate)
        {
            // One that was refused before anything was sent is no request, and says nothing about the last one that was. A token that was not given is why no licence was asked for.
            RecordEntry? last = _entries.FindLast(entry => entry.Session == exchange.Session);
            bool wasSent = _numbers.GetValueOrDefault(exchange.Session).Exchange?.TryGetTarget(out LicenseExchange? known) == true && ReferenceEquals(known, exchange);
            bool isForToken = last is { IsToken: true } && (last.Response is not { Status: >= 200 and < 300 } || failure.Kind == LicenseErrorKind.TokenMissing);
            if (last is not null && (last.IsToken ? isForToken : wasSent)) Note(last, failure.Kind, failure.ProviderCode);
        }
    }

    /// <summary>Notes what the key system made of the last answer that a session got: nothing.</summary>
    /// <param name="session">The session.</param>
    /// <param name="kind">Why.</param>
    /// <param name="providerCode">The key system's own code.</param>
    internal void Fail(SessionId session, LicenseErrorKind kind, string? providerCode)
    {
        lock (_gate)
        {
            if (_entries.FindLast(entry => entry.Session == session && !entry.IsToken) is { } last) Note(last, kind, providerCode);
        }
    }

    private static void Note(RecordEntry entry, LicenseErrorKind kind, string? providerCode)
    {
        // The transport's own word comes first.
        if (entry.Failure is { } known && known != kind) return;
        entry.Failure = kind;
        entry.ProviderCode = RecordText.Code(providerCode) ?? entry.ProviderCode;
    }

    /// <summary>Writes the record.</summary>
    /// <param name="destination">Where to. Ownership: the caller's.</param>
    public void WriteTo(Stream destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        lock (_gate) RecordWriter.Write(destination, _entries, new RecordTotals(_seal is not null, _dropped, _bodiesDropped));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _seal?.Dispose();
        _fingerprints.Dispose();
    }

    private RecordEntry Begin(LicenseExchange exchange)
    {
        RecordEntry entry = new()
        {
            Started = _clock.GetUtcNow(),
            Session = exchange.Session,
            KeySystem = exchange.KeySystem,
            Provider = exchange.Provider,
            // A question to a storefront says of no challenge what it is.
            IsToken = exchange.Kind == ChallengeKind.None,
            Kind = exchange.Kind,
            Attempt = exchange.Attempt,
            Steps = ExchangeRun.Find(exchange)?.Steps ?? [],
            Request = RecordText.Of(exchange, _fingerprints),
        };
        lock (_gate)
        {
            entry.Exchange = NumberOf(exchange, entry.IsToken);
            if (_entries.Count < LicenseLimits.RecordedExchanges) _entries.Add(entry);
            else
            {
                _dropped++;
                entry.IsDropped = true;
            }
        }

        entry.SealedRequest = Seal(entry, exchange.Body, "request");
        return entry;
    }

    private byte[]? Seal(RecordEntry entry, ReadOnlySequence<byte> body, string side)
    {
        if (_seal is null || entry.IsDropped || body.IsEmpty) return null;
        lock (_gate)
        {
            if (body.Length > _bodyRoom)
            {
                _bodiesDropped++;
                return null;
            }

            _bodyRoom -= body.Length;
        }

        return _seal.Seal(body, entry.NameOf(side));
    }

    // Attempts of one exchange are the same exchange, and those of a token belong to the one that it is for.
    private int NumberOf(LicenseExchange exchange, bool isToken)
    {
        (WeakReference<LicenseExchange> Exchange, int Number) last = _numbers.GetValueOrDefault(exchange.Session);
        if (isToken) return last.Number + 1;
        if (last.Exchange?.TryGetTarget(out LicenseExchange? known) == true && ReferenceEquals(known, exchange)) return last.Number;
        if (_numbers.Count < LicenseLimits.RecordedExchanges || last.Number > 0) _numbers[exchange.Session] = (new WeakReference<LicenseExchange>(exchange), last.Number + 1);
        return last.Number + 1;
    }

    private void End(RecordEntry entry, LicenseAnswer? answer, string? version, LicenseErrorKind? failure)
    {
        RecordedMessage? response = answer is null ? null : RecordText.Of(answer, _fingerprints);
        byte[]? body = answer is null ? null : Seal(entry, answer.Body, "response");
        lock (_gate)
        {
            entry.Duration = _clock.GetUtcNow() - entry.Started;
            entry.Response = response;
            entry.HttpVersion = version;
            entry.SealedResponse = body;
            entry.Failure ??= failure;
        }
    }

    private sealed class RecordingTransport(LicenseRecorder owner, ILicenseTransport inner) : ILicenseTransport
    {
        public async ValueTask SendAsync(LicenseExchange exchange, CancellationToken cancellationToken)
        {
            ArgumentNullException.ThrowIfNull(exchange);
            RecordEntry entry = owner.Begin(exchange);
            try
            {
                await inner.SendAsync(exchange, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception exception)
            {
                owner.End(entry, null, null, exception is LicenseServiceException failure ? failure.Kind : null);
                throw;
            }

            owner.End(entry, exchange.Answer, ExchangeRun.Find(exchange)?.HttpVersion, null);
        }
    }
}
