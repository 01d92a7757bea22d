namespace Keyway.Sandbox.ExpressPlay;

/// <summary>The token host: makes tokens for holders of an authenticator.</summary>
/// <param name="state">Accounts and the secret of tokens.</param>
/// <param name="keys">The keys that stand for those of the service's key storage.</param>
/// <param name="options">What the command line says.</param>
/// <param name="clock">The time.</param>
/// <param name="logger">Where to say what was done.</param>
internal sealed partial class TokenHost(ServiceState state, ContentKeys keys, ServiceOptions options, TimeProvider clock, ILogger logger)
{
    /// <summary>The name of the token, wherever it is.</summary>
    public const string TokenName = "ExpressPlayToken";

    /// <summary>Answers a request.</summary>
    /// <param name="parameters">What it says.</param>
    /// <param name="system">For which key system.</param>
    /// <param name="world">Where it is asked.</param>
    /// <param name="query">The address's query, for what is asked of the emulator.</param>
    /// <param name="host">The beginning of the licence host's address.</param>
    /// <returns>The answer.</returns>
    /// <exception cref="FormatException">What is asked of the emulator is not right.</exception>
    public TokenAnswer Answer(TokenParameters parameters, TokenSystem system, World world, IQueryCollection query, string host)
    {
        Knobs knobs = options.Knobs.With(query);
        EmulatorNotes notes = new();
        TokenRequest request = new(parameters, system, knobs, knobs.Now ?? clock.GetUtcNow(), keys, notes);
        try
        {
            (Account account, TokenGrant grant) = request.Read(world, state);
            if (parameters.Has("useHttps")) notes.Ignore("useHttps");   // there is no TLS here
            string token = state.Seal.Seal(grant, account), append = knobs.LicenseQuery;
            Log.Made(logger, system, grant.Rights.Count);
            if (system == TokenSystem.PlayReady) return TokenAnswer.Pair(host + "/playready/RightsManager.asmx" + (append.Length > 0 ? "?" + append : ""), token, notes);

            // The paths of both worlds as the documentation shows them; clients should take whatever comes.
            string path = world == World.Test ? "/widevine/RightsManager.asmx" : "/hms/wv/rights/";
            return TokenAnswer.Line($"{host}{path}?{TokenName}={token}{(append.Length > 0 ? "&" + append : "")}", notes);
        }
        catch (ServiceException e)
        {
            Log.Refused(logger, e.Code.Code, e.Message);
            return TokenAnswer.Error(e, request.WantsJson, notes);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "token for {System} with {Keys} keys")]
        public static partial void Made(ILogger logger, TokenSystem system, int keys);

        [LoggerMessage(2, LogLevel.Information, "no token: {Code} {Reason}")]
        public static partial void Refused(ILogger logger, int code, string reason);
    }
}
