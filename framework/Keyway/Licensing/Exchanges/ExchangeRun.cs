using System.Buffers;
using System.Collections.Frozen;
using Keyway.Licensing.Origins;
using Keyway.Licensing.Secrets;

namespace Keyway.Licensing.Exchanges;

/// <summary>The session's side of an exchange: what the step <c>challenge</c> and the judge of answers call.</summary>
internal interface IChallengeSource
{
    ValueTask<ChallengeInfo> WriteAsync(ChallengeRequest request, SecretBuffer destination, CancellationToken cancellationToken);

    ValueTask<LicenseServiceException?> ReadRefusalAsync(LicenseAnswer answer, CancellationToken cancellationToken);
}

/// <summary>
/// What belongs to one run of a pipeline and is none of a plugin's business: the session behind the challenge, the rule of where it may go, and the
/// buffers to clear. The exchange carries it while it runs.
/// </summary>
internal sealed class ExchangeRun : IDisposable
{
    // They belong to HTTP, and are words that messages are made of.
    private static readonly FrozenSet<string> PlainHeaders = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase, "Accept", "Accept-Encoding", "Accept-Language", "Content-Type", "Origin", "Referer", "SOAPAction", "User-Agent");

    private readonly LicenseExchange _exchange;
    private readonly List<SecretBuffer> _buffers = [];
    private readonly SecretTexts _secrets = new();

    private ExchangeRun(LicenseExchange exchange, IChallengeSource source, OriginRule origins)
    {
        _exchange = exchange;
        Source = source;
        Origins = origins;
        BaseUrl = exchange.Request.Url;
        foreach ((string name, string value) in exchange.Request.Headers)
            if (!PlainHeaders.Contains(name)) _secrets.AddSecret(value);
        foreach ((string name, string value) in exchange.Values)
            if (name is not ("sessionId" or "contentId" or "scheme" or "la_url")) _secrets.Add(value);   // these are the framework's, and no secrets
        // The caller may have put a token there under any name; a number is an asset's or a version's, and looks like a service's code.
        KeepMembers(BaseUrl, static (name, value) => !IsNumber(value) || SecretWords.IsIn(name));
    }

    public IChallengeSource Source { get; }

    public OriginRule Origins { get; }

    /// <summary>The URL before any step has touched it.</summary>
    public Uri BaseUrl { get; }

    /// <summary>Who may name the URL, for a step that chooses it; <see langword="null"/>: the caller that began the exchange has chosen.</summary>
    public LicenseUrlCandidates? Urls { get; init; }

    /// <summary>Told where the exchange goes, where a step has chosen that. Holds no secret.</summary>
    public Action<Uri>? UrlChosen { get; init; }

    /// <summary>Where the challenge itself says that it goes, for a step that chooses the URL.</summary>
    public Uri? MessageUrl { get; set; }

    /// <summary>The challenge as the key system wrote it, before a step wrapped it.</summary>
    public SecretBuffer? Challenge { get; set; }

    /// <summary>What templates name, in this attempt; <see langword="null"/>: nobody has asked.</summary>
    public ITemplateValues? Values { get; set; }

    /// <summary>The names of the steps that it goes through, outermost first; empty: none, as where a token is fetched.</summary>
    public IReadOnlyList<string> Steps { get; set; } = [];

    /// <summary>The protocol of the last answer (<c>HTTP/1.1</c>); <see langword="null"/>: the transport has not said.</summary>
    public string? HttpVersion { get; set; }

    /// <summary>How long the exchange may take; <see langword="null"/>: as long as its steps let it.</summary>
    public ExchangeBudget? Budget { get; init; }

    /// <summary>Told what was written and how long it is, just before it is sent on.</summary>
    public Action<ChallengeKind, int>? ChallengeReady { get; init; }

    /// <summary>Told where a request for the licence goes, and the how many-th attempt it is, from 1, just before it is sent. Holds no secret but in the URL.</summary>
    public Action<Uri, int>? Sent { get; set; }

    /// <summary>Knows which headers and query members the pipeline's steps fill with secrets.</summary>
    public Redactor Redactor { get; init; } = Redactor.Default;

    public static ExchangeRun Begin(
        LicenseExchange exchange, IChallengeSource source, OriginRule origins, Action<ChallengeKind, int>? challengeReady = null,
        LicenseUrlCandidates? urls = null, Action<Uri>? urlChosen = null, Redactor? redactor = null, ExchangeBudget? budget = null)
    {
        ExchangeRun run = new(exchange, source, origins)
        {
            ChallengeReady = challengeReady,
            Redactor = redactor ?? Redactor.Default,
            Urls = urls,
            UrlChosen = urlChosen,
            Budget = budget,
        };
        exchange.Run = exchange.Run is null ? run : throw new InvalidOperationException("the exchange runs already");
        return run;
    }

    public static ExchangeRun? Find(LicenseExchange exchange) => exchange.Run as ExchangeRun;

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

    /// <summary>Remembers, while the exchange runs, a text that no message may repeat.</summary>
    public static void KeepSecret(LicenseExchange exchange, string secret) => Find(exchange)?._secrets.AddSecret(secret);

    /// <summary>What a service says, fit to be shown: <see cref="Redactor.Text"/>, and nothing in it that the exchange has told the service in confidence.</summary>
    public static string TextOf(LicenseExchange exchange, string? said) => Redactor.Default.Text(Find(exchange)?.Mask(said) ?? said);

    /// <summary>
    /// A failure that repeats nothing of what the exchange has told the service in confidence. Services do repeat it, and a key system or a step may take
    /// their words over.
    /// </summary>
    public LicenseServiceException Clean(LicenseServiceException failure)
    {
        for (Exception? each = failure; each is not null; each = each.InnerException)
            foreach (object key in each.Data.Keys.Cast<object>().ToArray())
                if (each.Data[key] is string said) each.Data[key] = Mask(said);
        if (Mask(failure.ToString()) == failure.ToString() && Mask(failure.Advice) == failure.Advice && Mask(failure.ProviderCode) == failure.ProviderCode) return failure;
        bool innerTells = failure.InnerException is { } inner && Mask(inner.ToString()) != inner.ToString();
        LicenseServiceException clean = new(failure.Kind, Mask(failure.Message)!, innerTells ? null : failure.InnerException)
        {
            ProviderCode = Mask(failure.ProviderCode),
            Retryable = failure.Retryable,
            RetryAfter = failure.RetryAfter,
            Status = failure.Status,
            Advice = Mask(failure.Advice),
        };
        foreach (object key in failure.Data.Keys) clean.Data[key] = failure.Data[key];
        return clean;
    }

    /// <summary>Takes out of a text what the exchange has told the service in confidence.</summary>
    public string? Mask(string? text)
    {
        if (string.IsNullOrEmpty(text)) return text;
        _secrets.AddSecret(_exchange.CustomData);
        foreach ((string name, string value) in _exchange.Request.Headers)
            if (Redactor.IsSecret(name)) _secrets.AddSecret(value);
        KeepMembers(_exchange.Request.Url, (name, _) => Redactor.IsSecret(name));
        _secrets.AddBytes(_exchange.Body);
        if (Challenge is { } challenge) _secrets.AddBytes(new ReadOnlySequence<byte>(challenge.Written));
        return _secrets.Mask(text);
    }

    public void Dispose()
    {
        if (_exchange.Run == this) _exchange.Run = null;
        _secrets.Clear();
        lock (_buffers)
        {
            foreach (SecretBuffer buffer in _buffers) buffer.Dispose();
            _buffers.Clear();
        }
    }

    private void KeepMembers(Uri url, Func<string, string, bool> isSecret)
    {
        foreach (string member in url.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] pair = member.Split('=', 2);
            if (pair.Length != 2) continue;
            string name = Uri.UnescapeDataString(pair[0]), value = Uri.UnescapeDataString(pair[1]);
            if (!isSecret(name, value)) continue;
            if (Redactor.IsSecret(name) || SecretWords.IsIn(name)) _secrets.AddSecret(value);
            else _secrets.Add(value);
        }
    }

    /// <summary>Whether a value is a number as codes are: decimal, or hexadecimal of four bytes.</summary>
    private static bool IsNumber(string value)
    {
        const int longest = 12;
        ReadOnlySpan<char> digits = value.AsSpan().TrimStart('-');
        bool hexadecimal = digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        if (hexadecimal) digits = digits[2..];
        if (digits.Length is 0 or > longest) return false;
        foreach (char digit in digits)
            if (!char.IsAsciiDigit(digit) && !(char.IsAsciiHexDigit(digit) && (hexadecimal || digits.Length == 8))) return false;
        return true;
    }
}
