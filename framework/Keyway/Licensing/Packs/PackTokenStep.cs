using Keyway.Licensing.Exchanges;
using Keyway.Licensing.Templates;
using Keyway.Licensing.Tokens;

namespace Keyway.Licensing.Packs;

/// <summary>
/// <c>token</c> of a pack: what follows asks for a token when it needs one. When the service says that it is bad, another is fetched, once, and the
/// rest runs again: a fresh challenge goes out with the fresh token.
/// </summary>
internal sealed class PackTokenStep(BoundPack pack, PackTokens tokens) : ILicenseMiddleware
{
    public async ValueTask InvokeAsync(LicenseExchange exchange, LicenseHandler next, CancellationToken cancellationToken)
    {
        ExchangeRun run = ExchangeRun.Of(exchange);
        ExchangeStart start = new(exchange);
        PackExchange first = run.Pack = new PackExchange(pack, exchange, TokenReason.First, rejected: null);
        try
        {
            await next(exchange, cancellationToken).ConfigureAwait(false);
        }
        catch (LicenseServiceException refusal) when (first.Token is not null && tokens.Settings.IsBadToken(refusal))
        {
            start.Restore(exchange);
            PackExchange second = run.Pack = new PackExchange(pack, exchange, TokenReason.Rejected, first.Token);
            PackToken token;
            try
            {
                token = await second.TokenAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (KeywayException failure)
            {
                throw Explained(refusal, $"and no other token was to be had: {failure.Message}");
            }

            // The same once more would be refused once more, and perhaps billed.
            if (token.Value == first.Token.Value) throw Explained(refusal, "and the source of tokens gave the same again");
            await next(exchange, cancellationToken).ConfigureAwait(false);
            Count(exchange, second);
            return;
        }

        Count(exchange, first);
    }

    private void Count(LicenseExchange exchange, PackExchange attempt)
    {
        if (attempt.Token is not null && exchange.Kind is not (ChallengeKind.ServerCertificate or ChallengeKind.Individualization)) tokens.Redeemed();
    }

    private static LicenseServiceException Explained(LicenseServiceException refusal, string more) => new(refusal.Kind, $"{refusal.Message}, {more}", refusal)
    {
        ProviderCode = refusal.ProviderCode,
        Status = refusal.Status,
        Advice = refusal.Advice,
        Retryable = false,
    };
}
