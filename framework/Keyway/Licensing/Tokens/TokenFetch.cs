using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Keyway.Licensing.Answers;
using Keyway.Licensing.Exchanges;
using Keyway.Licensing.Origins;
using Keyway.Licensing.Secrets;
using Keyway.Licensing.Templates;

namespace Keyway.Licensing.Tokens;

/// <summary>One question to a storefront, written out.</summary>
internal sealed class TokenFetch
{
    private readonly TokenRecipe _recipe;
    private readonly AttemptValues _values;
    private readonly LicenseRequest _request;
    private readonly byte[] _body;
    private readonly LicenseExchange _for;
    private readonly OriginRule _rule;
    private readonly IReadOnlyList<ErrorProbe> _errors;

    private TokenFetch(TemplateScope scope, TokenRecipe recipe, AttemptValues values, LicenseRequest request, byte[] body, LicenseExchange exchange)
    {
        (_recipe, _values, _request, _body, _for) = (recipe, values, request, body, exchange);
        _rule = ExchangeRun.Of(exchange).Origins.Beside(request.Url);
        _errors = recipe.Errors.Count > 0 ? recipe.Errors : scope.Refusals?.Invoke(exchange.KeySystem) ?? [];
        Question = Digest();
    }

    public Uri Url => _request.Url;

    /// <summary>A digest of everything that is sent: who asks in other words, or for somebody else, asks another question.</summary>
    public string Question { get; }

    public static async ValueTask<TokenFetch> RenderAsync(TemplateScope scope, TokenRecipe recipe, AttemptValues values, LicenseExchange exchange, CancellationToken cancellationToken)
    {
        string url = await recipe.Url.TextAsync(recipe.Url.Verbatim ? ValueEncoding.Raw : ValueEncoding.Url, values, cancellationToken).ConfigureAwait(false) ?? "";
        if (!Uri.TryCreate(url, UriKind.Absolute, out Uri? address) || !Origin.IsHttp(address))
            throw new LicenseServiceException(LicenseErrorKind.TokenMissing, $"the token recipe of '{exchange.Provider}' makes no URL of what it was given");
        LicenseRequest request = new() { Url = address, Method = recipe.Method };
        foreach ((string name, ValueTemplate value) in recipe.Headers)
            if (await value.TextAsync(ValueEncoding.Raw, values, cancellationToken).ConfigureAwait(false) is { } text) request = request.WithHeader(name, text);
        byte[] body = [];
        if (recipe.Body != BodyTemplate.None)
        {
            using SecretBuffer written = new();
            await recipe.Body.WriteAsync(values, written, cancellationToken).ConfigureAwait(false);
            body = written.Written.ToArray();
            request = request with { ContentType = recipe.Body.ContentType };
        }

        return new TokenFetch(scope, recipe, values, request, body, exchange);
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
        using ExchangeRun run = ExchangeRun.Begin(inner, NoChallenge.Instance, _rule);
        await new TimeLimit(_recipe.Timeout, clock).RunAsync(static (call, token) => call.transport.SendAsync(call.inner, token), (transport, inner, who), static call => call.who, cancellationToken).ConfigureAwait(false);
        LicenseAnswer answer = inner.Answer ?? throw new LicenseServiceException(LicenseErrorKind.Network, $"no answer of {who}");
        foreach (ErrorProbe probe in _errors)
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
