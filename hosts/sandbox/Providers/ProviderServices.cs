using Keyway.Sandbox.PlayReady;
using Keyway.Sandbox.Widevine;
using PlayReadyOddities = Keyway.Sandbox.PlayReady.Oddities;
using PlayReadyTerms = Keyway.Sandbox.PlayReady.LicenseTerms;
using WidevineOddities = Keyway.Sandbox.Widevine.Oddities;

namespace Keyway.Sandbox.Providers;

/// <summary>What every provider's service needs: tokens, and licences for the sandbox's own content keys.</summary>
/// <param name="tokens">The tokens.</param>
/// <param name="widevine">Makes Widevine licences.</param>
/// <param name="playReady">Makes PlayReady licences.</param>
/// <param name="logger">Where to say what was done.</param>
internal sealed class ProviderServices(ProviderTokens tokens, WidevineService widevine, PlayReadyService playReady, ILogger logger)
{
    private static readonly Dictionary<string, string> NoTerms = [];

    /// <summary>The tokens.</summary>
    public ProviderTokens Tokens => tokens;

    /// <summary>Where to say what was done.</summary>
    public ILogger Logger => logger;

    /// <summary>Answers a Widevine message.</summary>
    /// <param name="context">The request.</param>
    /// <param name="message">The message.</param>
    /// <param name="ticket">What it is answered for. Asking for the service certificate uses nothing up.</param>
    /// <returns>The answer.</returns>
    /// <exception cref="ProviderException">There is none.</exception>
    /// <exception cref="FormatException">What is asked of the sandbox is not right.</exception>
    public byte[] Widevine(HttpContext context, byte[] message, Ticket ticket)
    {
        WidevineOddities oddities = WidevineOddities.Read(Parameters.Of(context.Request.Query).Where(pair => WidevineOddities.Has(pair.Key)));
        bool isKept = !Faults.WillSpoil(context);
        try
        {
            return WidevineService.IsLicenseRequest(message) ? tokens.Use(ticket, Issue, isKept) : Issue();
        }
        catch (RefusedException e)
        {
            throw new ProviderException(Refusal.Challenge, e.Message);
        }

        byte[] Issue() => widevine.Answer(message, NoTerms, oddities, isKept);
    }

    /// <summary>Verifies a PlayReady challenge.</summary>
    /// <param name="context">The request.</param>
    /// <param name="body">The challenge.</param>
    /// <param name="oddities">What is not to be checked.</param>
    /// <returns>What it says.</returns>
    /// <exception cref="FaultException">It is refused.</exception>
    public Challenge Verify(HttpContext context, byte[] body, PlayReadyOddities oddities) => playReady.Verify(body, oddities, isKept: !Faults.WillSpoil(context));

    /// <summary>Answers a PlayReady challenge.</summary>
    /// <param name="context">The request.</param>
    /// <param name="challenge">The challenge.</param>
    /// <param name="ticket">What it is answered for.</param>
    /// <param name="oddities">What is to be unusual about the answer.</param>
    /// <returns>The answer.</returns>
    /// <exception cref="FaultException">There is none.</exception>
    /// <exception cref="ProviderException">The token has just been used.</exception>
    public byte[] PlayReady(HttpContext context, Challenge challenge, Ticket ticket, PlayReadyOddities oddities) =>
        tokens.Use(ticket, () => playReady.Answer(challenge, PlayReadyTerms.Read(""), oddities), isKept: !Faults.WillSpoil(context));
}
