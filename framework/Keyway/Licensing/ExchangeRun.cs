using System.Runtime.CompilerServices;
using Keyway.Licensing.Packs;

namespace Keyway.Licensing;

/// <summary>The session's side of an exchange: what the step <c>challenge</c> and the judge of answers call.</summary>
internal interface IChallengeSource
{
    ValueTask<ChallengeInfo> WriteAsync(ChallengeRequest request, SecretBuffer destination, CancellationToken cancellationToken);

    ValueTask<LicenseServiceException?> ReadRefusalAsync(LicenseAnswer answer, CancellationToken cancellationToken);
}

/// <summary>
/// What belongs to one run of a pipeline and is none of a plugin's business: the session behind the challenge, the rule of where it may go, and the
/// buffers to clear. A frozen chain finds it by its exchange.
/// </summary>
internal sealed class ExchangeRun : IDisposable
{
    private static readonly ConditionalWeakTable<LicenseExchange, ExchangeRun> Runs = [];

    private readonly LicenseExchange _exchange;
    private readonly List<SecretBuffer> _buffers = [];

    private ExchangeRun(LicenseExchange exchange, IChallengeSource source, OriginRule origins)
    {
        _exchange = exchange;
        Source = source;
        Origins = origins;
        BaseUrl = exchange.Request.Url;
    }

    public IChallengeSource Source { get; }

    public OriginRule Origins { get; }

    /// <summary>The URL before any step has touched it.</summary>
    public Uri BaseUrl { get; }

    /// <summary>Who may name the URL, for packs that choose it; <see langword="null"/>: whoever began the exchange has chosen.</summary>
    public LicenseUrlCandidates? Urls { get; init; }

    /// <summary>Told where the exchange goes, where a step has chosen that. Holds no secret.</summary>
    public Action<Uri>? UrlChosen { get; init; }

    /// <summary>Where the challenge itself says that it goes, for packs that choose the URL.</summary>
    public Uri? MessageUrl { get; set; }

    /// <summary>What the steps of a pack share in one attempt.</summary>
    public PackExchange? Pack { get; set; }

    /// <summary>Told what was written and how long it is, just before it is sent on.</summary>
    public Action<ChallengeKind, int>? ChallengeReady { get; init; }

    public static ExchangeRun Begin(
        LicenseExchange exchange, IChallengeSource source, OriginRule origins, Action<ChallengeKind, int>? challengeReady = null,
        LicenseUrlCandidates? urls = null, Action<Uri>? urlChosen = null)
    {
        ExchangeRun run = new(exchange, source, origins) { ChallengeReady = challengeReady, Urls = urls, UrlChosen = urlChosen };
        Runs.Add(exchange, run);
        return run;
    }

    public static ExchangeRun? Find(LicenseExchange exchange) => Runs.TryGetValue(exchange, out ExchangeRun? run) ? run : null;

    public static ExchangeRun Of(LicenseExchange exchange) =>
        Find(exchange) ?? throw new InvalidOperationException("a step has handed on another exchange than the one that it was given");

    /// <summary>A buffer that is zeroed when the exchange is over.</summary>
    public static SecretBuffer BufferFor(LicenseExchange exchange)
    {
        SecretBuffer buffer = new();
        if (Find(exchange) is { } run)
            lock (run._buffers) run._buffers.Add(buffer);
        return buffer;
    }

    public void Dispose()
    {
        Runs.Remove(_exchange);
        lock (_buffers)
        {
            foreach (SecretBuffer buffer in _buffers) buffer.Dispose();
            _buffers.Clear();
        }
    }
}
