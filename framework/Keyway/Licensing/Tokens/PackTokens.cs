using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Keyway.Licensing.Answers;
using Keyway.Licensing.Exchanges;
using Keyway.Licensing.Origins;
using Keyway.Licensing.Packs;
using Keyway.Licensing.Secrets;
using Keyway.Licensing.Templates;

namespace Keyway.Licensing.Tokens;

/// <summary>
/// The tokens of one provider: from the application, from a secret for the key, from a secret, or from the customer's storefront, the first that there
/// is. A token from the storefront that lives longer than one exchange is kept for whoever asks the same question in the same words, and asked for
/// once by all who need it at the same time.
/// </summary>
/// <remarks>Threads: any.</remarks>
internal sealed class PackTokens(BoundPack pack, PackTokenSettings settings)
{
    // More questions than that at once, and the oldest answers are asked for again.
    private const int MostKept = 256;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Task<PackToken>> _kept = new(StringComparer.Ordinal);
    private long _fetched;
    private long _redeemed;

    public PackTokenSettings Settings => settings;

    /// <summary>The end of the pipeline, which fetches too. Set when the pipeline is built.</summary>
    public ILicenseTransport? Transport { get; set; }

    public TokenUse Use => new(Interlocked.Read(ref _fetched), Interlocked.Read(ref _redeemed));

    /// <summary>Whether there is anybody to give a token for an exchange.</summary>
    public bool HasSource(LicenseExchange exchange) =>
        exchange.Tokens is not null || settings.Secret is not null || settings.Http is not null || exchange.KeyIds.Any(settings.PerKey.ContainsKey);

    /// <summary>Counts a licence that was given for a token.</summary>
    public void Redeemed() => Interlocked.Increment(ref _redeemed);

    public async ValueTask<PackToken> GetAsync(
        PackExchange values, LicenseExchange exchange, TokenReason reason, PackToken? rejected, CancellationToken cancellationToken)
    {
        if (exchange.Tokens is { } tokens)
        {
            TokenRequest request = new() { KeyIds = exchange.KeyIds, KeySystem = exchange.KeySystem, Reason = reason };
            using IMemoryOwner<byte> owner = await tokens(request, cancellationToken).ConfigureAwait(false);
            // A pooled owner may be longer than its token.
            return Read(owner.Memory.TrimEnd((byte)0), "the application's token");
        }

        string? secret = exchange.KeyIds.Select(id => settings.PerKey.GetValueOrDefault(id)).FirstOrDefault(static name => name is not null) ?? settings.Secret;
        if (secret is not null)
        {
            using IMemoryOwner<byte> owner = await pack.Context.Secrets.ReadAsync(secret, cancellationToken).ConfigureAwait(false);
            return Read(owner.Memory, $"the secret '{secret}'");
        }

        if (settings.Http is { } recipe) return await FetchAsync(recipe, values, exchange, rejected, cancellationToken).ConfigureAwait(false);
        throw new LicenseServiceException(LicenseErrorKind.TokenMissing, $"the provider '{exchange.Provider}' needs a token, and nobody gave one")
        {
            Advice = settings.Advice ?? "give a source of tokens with the presentation, or configure Token of the provider: Secret, PerKey or Http",
        };
    }

    private async ValueTask<PackToken> FetchAsync(
        PackRecipe recipe, PackExchange values, LicenseExchange exchange, PackToken? rejected, CancellationToken cancellationToken)
    {
        PackTokenFetch fetch = await PackTokenFetch.RenderAsync(pack, recipe, values, exchange, cancellationToken).ConfigureAwait(false);
        bool mayKeep = !settings.SingleUse && (settings.Lifetime is not null || settings.Reads.Any(static read => read.ExpiresIn is not null));
        if (!mayKeep) return await RunAsync(fetch, cancellationToken).ConfigureAwait(false);

        Task<PackToken> task;
        lock (_gate)
        {
            if (_kept.TryGetValue(fetch.Question, out Task<PackToken>? kept) && IsGood(kept, rejected)) task = kept;
            else
            {
                if (_kept.Count >= MostKept) _kept.Remove(_kept.Keys.First());
                // For all who wait, and so for none of them alone: it has a time-out of its own.
                task = Task.Run(() => RunAsync(fetch, CancellationToken.None), CancellationToken.None);
                _kept[fetch.Question] = task;
            }
        }

        return await task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private bool IsGood(Task<PackToken> kept, PackToken? rejected)
    {
        if (!kept.IsCompleted) return true;
        if (!kept.IsCompletedSuccessfully) return false;
        PackToken token = kept.Result;
        return !ReferenceEquals(token, rejected) && token.Value != rejected?.Value && token.Expires is { } expires && pack.Context.Clock.GetUtcNow() < expires;
    }

    private async Task<PackToken> RunAsync(PackTokenFetch fetch, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte> text = await fetch.SendAsync(Transport!, pack.Context.Clock, cancellationToken).ConfigureAwait(false);
        Interlocked.Increment(ref _fetched);
        PackToken token = Read(text, $"the answer of {Origin.Of(fetch.Url)}");
        token.Expires ??= settings.Lifetime is { } lifetime ? pack.Context.Clock.GetUtcNow() + lifetime : null;
        return token;
    }

    private PackToken Read(ReadOnlyMemory<byte> text, string source)
    {
        DateTimeOffset now = pack.Context.Clock.GetUtcNow();
        ReadOnlyMemory<byte> trimmed = text.TrimEnd("\r\n"u8);
        foreach (PackTokenRead read in settings.Reads)
            if (read.TryRead(trimmed, now) is { } token) return token;
        throw new LicenseServiceException(LicenseErrorKind.TokenMissing, $"{source} is not what the provider takes for a token ({string.Join(", ", settings.Reads.Select(Describe))})");
    }

    private static string Describe(PackTokenRead read) => read.Form switch
    {
        PackTokenForm.Json => $"JSON with '{read.Token}'",
        PackTokenForm.UriList => $"a URL with '{read.Token}' in its query",
        _ => "one line of text",
    };
}

/// <summary>One question to a storefront, written out.</summary>
internal sealed class PackTokenFetch
{
    private readonly BoundPack _pack;
    private readonly PackRecipe _recipe;
    private readonly PackExchange _values;
    private readonly LicenseRequest _request;
    private readonly byte[] _body;
    private readonly LicenseExchange _for;
    private readonly OriginRule _rule;
    private readonly IReadOnlyList<PackErrorProbe> _errors;

    private PackTokenFetch(BoundPack pack, PackRecipe recipe, PackExchange values, LicenseRequest request, byte[] body, LicenseExchange exchange)
    {
        (_pack, _recipe, _values, _request, _body, _for) = (pack, recipe, values, request, body, exchange);
        _rule = ExchangeRun.Of(exchange).Origins.Beside(request.Url);
        _errors = recipe.Errors.Count > 0 ? recipe.Errors : pack.Find(exchange.KeySystem, ChallengeKind.License)?.Errors ?? [];
        Question = Digest();
    }

    public Uri Url => _request.Url;

    /// <summary>A digest of everything that is sent: who asks in other words, or for somebody else, asks another question.</summary>
    public string Question { get; }

    public static async ValueTask<PackTokenFetch> RenderAsync(BoundPack pack, PackRecipe recipe, PackExchange values, LicenseExchange exchange, CancellationToken cancellationToken)
    {
        string url = await recipe.Url.TextAsync(recipe.Url.Verbatim ? ValueEncoding.Raw : ValueEncoding.Url, values, cancellationToken).ConfigureAwait(false) ?? "";
        if (!Uri.TryCreate(url, UriKind.Absolute, out Uri? address) || !Origin.IsHttp(address))
            throw new LicenseServiceException(LicenseErrorKind.TokenMissing, $"the token recipe of '{exchange.Provider}' makes no URL of what it was given");
        LicenseRequest request = new() { Url = address, Method = recipe.Method };
        foreach ((string name, PackValue value) in recipe.Headers)
            if (await value.TextAsync(ValueEncoding.Raw, values, cancellationToken).ConfigureAwait(false) is { } text) request = request.WithHeader(name, text);
        byte[] body = [];
        if (recipe.Body != PackBody.None)
        {
            using SecretBuffer written = new();
            await recipe.Body.WriteAsync(values, written, cancellationToken).ConfigureAwait(false);
            body = written.Written.ToArray();
            request = request with { ContentType = recipe.Body.ContentType };
        }

        return new PackTokenFetch(pack, recipe, values, request, body, exchange);
    }

    /// <summary>Asks, and returns what the storefront said.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> SendAsync(ILicenseTransport transport, TimeProvider clock, CancellationToken cancellationToken)
    {
        LicenseExchange inner = new()
        {
            Session = _for.Session,
            KeySystem = _for.KeySystem,
            Provider = _for.Provider,
            KeyIds = _for.KeyIds,
            Values = _for.Values,
            Request = _request,
            Body = new ReadOnlySequence<byte>(_body),
        };
        string who = $"the token service {Origin.Of(Url)}";
        _rule.Check(Url, $"the token recipe of '{_for.Provider}'");
        using CancellationTokenSource timeout = new(_recipe.Timeout, clock);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        using ExchangeRun run = ExchangeRun.Begin(inner, NoChallenge.Instance, _rule);
        try
        {
            await transport.SendAsync(inner, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException exception) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new LicenseServiceException(LicenseErrorKind.Network, $"no answer of {who} within {_recipe.Timeout.TotalSeconds:0.###} s", exception) { Retryable = true };
        }

        LicenseAnswer answer = inner.Answer ?? throw new LicenseServiceException(LicenseErrorKind.Network, $"no answer of {who}");
        foreach (PackErrorProbe probe in _errors)
            if (probe.Judge(answer, who, _values.Mask) is { } refusal) throw refusal;
        if (answer.Status is < 200 or > 299)
        {
            throw new LicenseServiceException(KindOf(answer.Status), $"{who} answered {answer.Status}")
            {
                Status = answer.Status,
                Retryable = answer.Status is 408 or 429 or >= 500,
                RetryAfter = RetryDelay.Read(answer, clock: null),
                Advice = "no licence was asked for: look at the storefront that hands out the tokens",
            };
        }

        return answer.Body.ToArray();
    }

    private static LicenseErrorKind KindOf(int status) => status switch
    {
        408 => LicenseErrorKind.Network,
        429 => LicenseErrorKind.Throttled,
        >= 500 => LicenseErrorKind.ServerFault,
        _ => LicenseErrorKind.TokenMissing,
    };

    private string Digest()
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string text in (string[])[_for.KeySystem, _request.Method, _request.Url.AbsoluteUri, .. _request.Headers.OrderBy(static header => header.Key, StringComparer.Ordinal).SelectMany(static header => (string[])[header.Key, header.Value])])
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            hash.AppendData(BitConverter.GetBytes(bytes.Length));
            hash.AppendData(bytes);
        }

        hash.AppendData(_body);
        // A token is for keys, whether the question names them or not.
        foreach (KeyId id in _for.KeyIds) hash.AppendData(Encoding.ASCII.GetBytes(id.ToString()));
        return Convert.ToHexString(hash.GetHashAndReset());
    }

    private sealed class NoChallenge : IChallengeSource
    {
        public static NoChallenge Instance { get; } = new();

        public ValueTask<ChallengeInfo> WriteAsync(ChallengeRequest request, SecretBuffer destination, CancellationToken cancellationToken) => throw new InvalidOperationException("what fetches a token has no challenge");

        public ValueTask<LicenseServiceException?> ReadRefusalAsync(LicenseAnswer answer, CancellationToken cancellationToken) => new((LicenseServiceException?)null);
    }
}
