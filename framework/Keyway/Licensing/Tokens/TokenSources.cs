using System.Buffers;
using Keyway.Licensing.Exchanges;
using Keyway.Licensing.Origins;
using Keyway.Licensing.Templates;

namespace Keyway.Licensing.Tokens;

/// <summary>
/// The tokens of one provider: from the application, from a secret for the key, from a secret, or from the customer's storefront, the first that there
/// is. A token from the storefront that lives longer than one exchange is kept for requests that are the same in every byte, and asked for
/// once by all who need it at the same time.
/// </summary>
/// <remarks>Threads: any.</remarks>
internal sealed class TokenSources(TemplateScope scope, TimeProvider clock, TokenSettings settings) : ITokenSource
{
    // More questions than that at once, and the oldest answers are asked for again.
    private const int MostKept = 256;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Task<ServiceToken>> _kept = new(StringComparer.Ordinal);
    private long _fetched;
    private long _redeemed;

    /// <summary>The end of the pipeline, which fetches too. Set when the pipeline is built.</summary>
    public ILicenseTransport? Transport { get; set; }

    public bool BringsUrl => settings.BringsUrl;

    public TokenUse Use => new(Interlocked.Read(ref _fetched), Interlocked.Read(ref _redeemed));

    /// <summary>Whether there is anybody to give a token for an exchange.</summary>
    public bool HasSource(LicenseExchange exchange) =>
        exchange.Tokens is not null || settings.Secret is not null || settings.Http is not null || exchange.KeyIds.Any(settings.PerKey.ContainsKey);

    /// <summary>Counts a licence that was given for a token.</summary>
    public void Redeemed() => Interlocked.Increment(ref _redeemed);

    public async ValueTask<ServiceToken> GetAsync(AttemptValues values, LicenseExchange exchange, TokenReason reason, ServiceToken? rejected, CancellationToken cancellationToken)
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
            using IMemoryOwner<byte> owner = await scope.Secrets.ReadAsync(secret, cancellationToken).ConfigureAwait(false);
            return Read(owner.Memory, $"the secret '{secret}'");
        }

        if (settings.Http is { } recipe) return await FetchAsync(recipe, values, exchange, rejected, cancellationToken).ConfigureAwait(false);
        throw new LicenseServiceException(LicenseErrorKind.TokenMissing, $"the provider '{exchange.Provider}' needs a token, and nobody gave one")
        {
            Advice = settings.Advice ?? "give a source of tokens with the presentation, or configure where it comes from: Secret, PerKey or Http of the step 'token', or of Token of a provider that is made of a pack",
        };
    }

    private async ValueTask<ServiceToken> FetchAsync(
        TokenRecipe recipe, AttemptValues values, LicenseExchange exchange, ServiceToken? rejected, CancellationToken cancellationToken)
    {
        TokenFetch fetch = await TokenFetch.RenderAsync(scope, recipe, values, exchange, cancellationToken).ConfigureAwait(false);
        bool mayKeep = !settings.SingleUse && (settings.Lifetime is not null || settings.Reads.Any(static read => read.ExpiresIn is not null));
        if (!mayKeep) return await RunAsync(fetch, cancellationToken).ConfigureAwait(false);

        Task<ServiceToken> task;
        lock (_gate)
        {
            if (_kept.TryGetValue(fetch.Question, out Task<ServiceToken>? kept) && IsGood(kept, rejected)) task = kept;
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

    private bool IsGood(Task<ServiceToken> kept, ServiceToken? rejected)
    {
        if (!kept.IsCompleted) return true;
        if (!kept.IsCompletedSuccessfully) return false;
        ServiceToken token = kept.Result;
        return !ReferenceEquals(token, rejected) && token.Value != rejected?.Value && token.Expires is { } expires && clock.GetUtcNow() < expires;
    }

    private async Task<ServiceToken> RunAsync(TokenFetch fetch, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte> text = await fetch.SendAsync(Transport!, clock, cancellationToken).ConfigureAwait(false);
        Interlocked.Increment(ref _fetched);
        ServiceToken token = Read(text, $"the answer of {Origin.Of(fetch.Url)}");
        token.Expires ??= settings.Lifetime is { } lifetime ? clock.GetUtcNow() + lifetime : null;
        return token;
    }

    private ServiceToken Read(ReadOnlyMemory<byte> text, string source)
    {
        DateTimeOffset now = clock.GetUtcNow();
        ReadOnlyMemory<byte> trimmed = text.TrimEnd("\r\n"u8);
        foreach (TokenReading read in settings.Reads)
            if (read.TryRead(trimmed, now) is { } token) return token;
        throw new LicenseServiceException(LicenseErrorKind.TokenMissing, $"{source} is not what the provider takes for a token ({string.Join(", ", settings.Reads.Select(Describe))})");
    }

    private static string Describe(TokenReading read) => read.Form switch
    {
        TokenForm.Json => $"JSON with '{read.Token}'",
        TokenForm.UriList => $"a URL with '{read.Token}' in its query",
        TokenForm.Raw => "anything at all",
        _ => "one line of text",
    };
}
