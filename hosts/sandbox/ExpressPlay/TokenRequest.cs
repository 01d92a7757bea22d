namespace Keyway.Sandbox.ExpressPlay;

/// <summary>Reads a request for a token.</summary>
/// <param name="parameters">What it says.</param>
/// <param name="system">For which key system.</param>
/// <param name="knobs">What it asks of the emulator.</param>
/// <param name="now">The time.</param>
/// <param name="storage">The keys that stand for those of the service's key storage.</param>
/// <param name="notes">What the answer says about itself.</param>
internal sealed class TokenRequest(TokenParameters parameters, TokenSystem system, Knobs knobs, DateTimeOffset now, ContentKeys storage, EmulatorNotes notes)
{
    private const int LongestCookie = 32;

    private static readonly TimeSpan LongestLife = TimeSpan.FromDays(30);

    /// <summary>Whether an error is to be told in JSON.</summary>
    public bool WantsJson { get; private set; }

    /// <summary>
    /// Reads it. What is looked at first is not documented; here it is errorFormat, authenticator, keys, what the key system demands, ranges,
    /// extensions, expiry.
    /// </summary>
    /// <param name="world">Where it is asked.</param>
    /// <param name="state">The accounts.</param>
    /// <returns>The account, and what the token is to stand for.</returns>
    /// <exception cref="ServiceException">It is not right.</exception>
    public (Account Account, TokenGrant Grant) Read(World world, ServiceState state)
    {
        WantsJson = (parameters.Value("errorFormat") ?? "html") switch
        {
            "html" => false,
            "json" => true,
            _ => throw new ServiceException(ErrorCodes.ErrorFormat),
        };
        if (knobs.TokenCode is { } forced) throw new ServiceException(forced);

        Account account = Authenticate(world, state);
        IReadOnlyList<KeyMaterial> keys = KeyMaterial.Read(parameters, system, storage, notes);
        bool isWidevine = system == TokenSystem.Widevine;
        if (isWidevine) WidevineRights.Demand(parameters);
        else PlayReadyRights.Demand(parameters);

        IReadOnlyList<int?> numbers = parameters.Keys();
        List<GrantedRight> rights =
        [
            .. keys.Select((key, at) => new GrantedRight(
                key.Kid,
                key.Key,
                isWidevine ? WidevineRights.KeyTerms(parameters, numbers[at], knobs.IsStrict, notes) : PlayReadyRights.KeyTerms(parameters, numbers[at], notes))),
        ];
        string terms = isWidevine ? WidevineRights.Terms(parameters, knobs.IsStrict, notes) : PlayReadyRights.Terms(parameters, now, knobs.IsStrict, notes);
        string? device = isWidevine ? null : PlayReadyRights.Device(parameters, notes);
        string? cookie = parameters.Value("cookie");
        if (cookie?.Length > LongestCookie) throw new ServiceException(ErrorCodes.Cookie);

        if (isWidevine) WidevineRights.CheckExtensions(parameters, notes);
        else PlayReadyRights.CheckExtensions(parameters, notes);

        return (account, new TokenGrant
        {
            System = system,
            World = world,
            Account = account.Name,
            Expires = Expiry(),
            Cookie = cookie,
            Device = device,
            MaxRedemptions = knobs.MaxRedemptions,
            Terms = terms,
            Rights = rights,
        });
    }

    private Account Authenticate(World world, ServiceState state)
    {
        string authenticator = parameters.Raw("customerAuthenticator") is { Length: > 0 } text ? text : throw new ServiceException(ErrorCodes.NoAuthenticator);
        if (state.Find(authenticator) is not { } account) throw new ServiceException(ErrorCodes.Authenticator, "the customer authenticator is not known");
        if (account.World != world) throw new ServiceException(ErrorCodes.Authenticator, $"the customer authenticator is one of the {Name(account.World)} environment, and this is the {Name(world)} environment");
        if (!account.IsEnabled) throw new ServiceException(ErrorCodes.Disabled);
        if (account.Credits <= 0) throw new ServiceException(ErrorCodes.Credits);
        if (system == TokenSystem.Widevine && !account.HasWidevine) throw new ServiceException(ErrorCodes.WidevineDisabled);
        if (system == TokenSystem.PlayReady && !account.HasPlayReady) throw new ServiceException(ErrorCodes.PlayReadyDisabled);
        return account;
    }

    private DateTimeOffset Expiry()
    {
        if (parameters.Value("expirationTime") is not { } text) return now + LongestLife;
        if (Times.Read(text, now) is not { } time) throw new ServiceException(ErrorCodes.Expiration, "the expirationTime is neither + and seconds nor a time after RFC 3339 that ends in Z");
        if (time <= now) throw new ServiceException(ErrorCodes.Expiration, "the expirationTime is over");
        return time <= now + LongestLife ? time : throw new ServiceException(ErrorCodes.Expiration, "a token lasts 30 days at most");
    }

    private static string Name(World world) => world == World.Test ? "test" : "production";
}
