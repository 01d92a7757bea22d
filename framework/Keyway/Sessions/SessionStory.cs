using Keyway.Licensing;
using Keyway.Messaging;
using Microsoft.Extensions.Logging;

namespace Keyway.Sessions;

/// <summary>
/// Writes the course of a presentation to the application's logs: what protects it, which exchange was needed, how long it took, which keys came, what was
/// refused and why. Under <c>Keyway.Presentation</c>, <c>Keyway.Sessions</c> and <c>Keyway.Exchange</c>; results at Information and Warning, steps at Debug.
/// </summary>
/// <remarks>It receives facts, which carry identifiers and numbers only. A refusal's text is the exception's, which is masked where it is made.</remarks>
internal sealed partial class SessionStory(ILoggerFactory logging, Func<SessionId, SessionReport?> find)
{
    private readonly ILogger _presentation = logging.CreateLogger("Keyway.Presentation");
    private readonly ILogger _session = logging.CreateLogger("Keyway.Sessions");
    private readonly ILogger _exchange = logging.CreateLogger("Keyway.Exchange");

    /// <summary>Whether each decrypted fragment is logged: who logs nothing of it pays nothing for it.</summary>
    public bool TellsFragments => _presentation.IsEnabled(LogLevel.Trace);

    public void OnProtectionDetected(ProtectionDetected fact) => Log.Protection(_presentation, fact.Presentation, fact.KeySystem, fact.Keys);

    public void OnFallback(FallbackTaken fact) => Log.Fallback(_presentation, fact.Presentation, fact.FromKeySystem, fact.FromProvider, fact.Kind, fact.ToKeySystem, fact.ToProvider);

    public void OnFragmentDecrypted(FragmentDecrypted fact) => Log.Fragment(_presentation, fact.Presentation, fact.Track, fact.Samples, fact.Length);

    public void OnLicenseNeeded(LicenseNeeded fact) => Log.Needed(_exchange, fact.Session, fact.Exchange, fact.Kind);

    public void OnChallengeReady(ChallengeReady fact) => Log.Challenge(_exchange, fact.Session, fact.Exchange, fact.Kind, fact.Length);

    public void OnLicenseReceived(LicenseReceived fact) => Log.Received(_exchange, fact.Session, fact.Exchange, fact.Length, (long)fact.RoundTrip.TotalMilliseconds);

    public void OnStateChanged(SessionStateChanged fact) => Log.State(_session, fact.Session, fact.From, fact.To);

    public void OnKeysChanged(KeysChanged fact) => Log.Keys(_session, fact.Session, fact.Keys, fact.Usable);

    public void OnFailed(SessionFailed fact)
    {
        SessionReport? report = find(fact.Session);
        string reason = report?.Error is { } error && error.Kind == fact.Kind ? error.Message : "";
        Log.Failed(_session, fact.Session, report?.KeySystem ?? "", report?.Provider ?? "", fact.Kind, fact.Terminal ? "has failed" : "goes on with what it has", reason);
    }

    private static partial class Log
    {
        [LoggerMessage(401, LogLevel.Information, "{Presentation}: {KeySystem} opens it; {Keys} keys are asked for")]
        public static partial void Protection(ILogger logger, PresentationId presentation, string keySystem, int keys);

        [LoggerMessage(402, LogLevel.Trace, "{Presentation}: {Samples} samples of track {Track} decrypted ({Length} bytes)")]
        public static partial void Fragment(ILogger logger, PresentationId presentation, int track, int samples, long length);

        [LoggerMessage(403, LogLevel.Warning, "{Presentation}: no licence by {From} of {Provider} ({Kind}); {To} of {Next} is tried")]
        public static partial void Fallback(ILogger logger, PresentationId presentation, string from, string provider, LicenseErrorKind kind, string to, string next);

        [LoggerMessage(411, LogLevel.Debug, "{Session}: exchange {Exchange} is needed ({Kind})")]
        public static partial void Needed(ILogger logger, SessionId session, int exchange, ChallengeKind kind);

        [LoggerMessage(412, LogLevel.Debug, "{Session}: challenge of exchange {Exchange} written ({Kind}, {Length} bytes)")]
        public static partial void Challenge(ILogger logger, SessionId session, int exchange, ChallengeKind kind, int length);

        [LoggerMessage(413, LogLevel.Information, "{Session}: exchange {Exchange} answered with {Length} bytes after {Milliseconds} ms")]
        public static partial void Received(ILogger logger, SessionId session, int exchange, long length, long milliseconds);

        [LoggerMessage(421, LogLevel.Debug, "{Session}: {From} → {To}")]
        public static partial void State(ILogger logger, SessionId session, SessionState from, SessionState to);

        [LoggerMessage(422, LogLevel.Information, "{Session}: {Usable} of {Keys} keys are usable")]
        public static partial void Keys(ILogger logger, SessionId session, int keys, int usable);

        [LoggerMessage(423, LogLevel.Warning, "{Session} ({KeySystem}, {Provider}): {Kind}; the session {Outcome}. {Reason}")]
        public static partial void Failed(ILogger logger, SessionId session, string keySystem, string provider, LicenseErrorKind kind, string outcome, string reason);
    }
}
