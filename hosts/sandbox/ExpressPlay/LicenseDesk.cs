using Microsoft.Extensions.Primitives;

namespace Keyway.Sandbox.ExpressPlay;

/// <summary>Where the licence hosts ask whether a token is good, and report the result.</summary>
/// <param name="state">The secret of tokens, the accounts' credits, the log.</param>
/// <param name="options">What the command line says.</param>
/// <param name="clock">The time.</param>
internal sealed class LicenseDesk(ServiceState state, ServiceOptions options, TimeProvider clock)
{
    /// <summary>Finds and judges the token of a request.</summary>
    /// <param name="request">The request.</param>
    /// <param name="customData">What the challenge brings, where it can bring anything.</param>
    /// <param name="system">The licence host's key system.</param>
    /// <param name="world">The licence host's world.</param>
    /// <param name="device">The device, where the challenge says which.</param>
    /// <returns>The admission.</returns>
    /// <exception cref="ServiceException">There is no good token.</exception>
    /// <exception cref="FormatException">What is asked of the emulator is not right.</exception>
    public Admission Admit(HttpRequest request, string? customData, TokenSystem system, World world, string? device)
    {
        Knobs knobs = options.Knobs.With(request.Query);
        if (knobs.LicenseCode is { } forced) throw new ServiceException(forced);

        string token = FindToken(request, customData);
        if (state.Seal.Open(token) is not { } grant) throw new ServiceException(ErrorCodes.Token, "the token is not from here, or was changed");
        Admission admission = new(state, TokenSeal.NameOf(token), grant, knobs.Now ?? clock.GetUtcNow(), device, request.HttpContext.Connection.RemoteIpAddress?.ToString());
        if (grant.World != world) throw admission.Refuse("other-environment", new ServiceException(ErrorCodes.Authenticator, "the token is one of the other environment (test, production)"));
        if (grant.System != system) throw admission.Refuse("other-system", new ServiceException(ErrorCodes.Token, $"the token is for {grant.System}"));
        if (grant.Expires <= admission.Now) throw admission.Refuse("expired", new ServiceException(ErrorCodes.Token, "the token has expired"));
        if (grant.Device is not null && grant.Device != device) throw admission.Refuse("other-device", new ServiceException(ErrorCodes.Device, "the token is for another device"));
        return admission;
    }

    private static string FindToken(HttpRequest request, string? customData)
    {
        StringValues query = request.Query[TokenHost.TokenName], header = request.Headers[TokenHost.TokenName];
        List<string> found = [.. query.Concat(header).Append(customData?.Trim()).OfType<string>().Where(text => text.Length > 0)];
        return found switch
        {
            [string token] => token,
            [] => throw new ServiceException(ErrorCodes.Token, "there is no token"),
            _ => throw new ServiceException(ErrorCodes.Token, "the token must be in one place: query, header or CustomData"),
        };
    }
}
