using Keyway.Licensing.Exchanges;

namespace Keyway.Licensing.Templates;

/// <summary>Who gives the token that templates name as <c>{token}</c>.</summary>
internal interface ITokenSource
{
    /// <summary>Whether a licence URL may come with a token.</summary>
    bool BringsUrl { get; }

    /// <summary>Whether there is anybody to give a token for an exchange.</summary>
    bool HasSource(LicenseExchange exchange);

    /// <summary>Gives a token.</summary>
    /// <param name="values">What its own templates name.</param>
    /// <param name="exchange">What it is for.</param>
    /// <param name="reason">Why it is wanted.</param>
    /// <param name="rejected">The one that was no good.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>The token.</returns>
    /// <exception cref="LicenseServiceException">There is none.</exception>
    ValueTask<ServiceToken> GetAsync(AttemptValues values, LicenseExchange exchange, TokenReason reason, ServiceToken? rejected, CancellationToken cancellationToken);
}
