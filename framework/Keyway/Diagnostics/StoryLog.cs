using Keyway.Licensing;
using Keyway.Messaging;
using Keyway.Sessions;
using Microsoft.Extensions.Logging;

namespace Keyway.Diagnostics;

/// <summary>
/// Tells the story of a presentation to the application's logs: what protects it, which exchange was needed, how long it took, which keys came, what was
/// refused and why. Under <c>Keyway.Presentation</c>, <c>Keyway.Sessions</c> and <c>Keyway.Exchange</c>; results at Information and Warning, steps at Debug.
/// </summary>
/// <remarks>It hears facts through the mirror, which carry identifiers and numbers only. A refusal's text is the exception's, which is masked where it is made.</remarks>
internal sealed partial class StoryLog : IDisposable
{
    private readonly List<IDisposable> _subscriptions = [];
    private readonly ILogger _presentation;
    private readonly ILogger _session;
    private readonly ILogger _exchange;
    private readonly Func<SessionId, SessionReport?> _find;

    /// <param name="events">The facts.</param>
    /// <param name="logging">Where to log.</param>
    /// <param name="find">What may be known about a session.</param>
    public StoryLog(IEventSource events, ILoggerFactory logging, Func<SessionId, SessionReport?> find)
    {
        _presentation = logging.CreateLogger("Keyway.Presentation");
        _session = logging.CreateLogger("Keyway.Sessions");
        _exchange = logging.CreateLogger("Keyway.Exchange");
        _find = find;

        // Who logs nothing of it pays nothing for it.
        if (_presentation.IsEnabled(LogLevel.Information)) Hear<ProtectionDetected>(events, fact => Log.Protection(_presentation, fact.Presentation, fact.KeySystem, fact.Keys));
        if (_presentation.IsEnabled(LogLevel.Trace)) Hear<FragmentDecrypted>(events, fact => Log.Fragment(_presentation, fact.Presentation, fact.Track, fact.Samples, fact.Length));
        if (_exchange.IsEnabled(LogLevel.Debug))
        {
            Hear<LicenseNeeded>(events, fact => Log.Needed(_exchange, fact.Session, fact.Exchange, fact.Kind));
            Hear<ChallengeReady>(events, fact => Log.Challenge(_exchange, fact.Session, fact.Exchange, fact.Kind, fact.Length));
        }

        if (_exchange.IsEnabled(LogLevel.Information)) Hear<LicenseReceived>(events, fact => Log.Received(_exchange, fact.Session, fact.Exchange, fact.Length, (long)fact.RoundTrip.TotalMilliseconds));
        if (_session.IsEnabled(LogLevel.Debug)) Hear<SessionStateChanged>(events, fact => Log.State(_session, fact.Session, fact.From, fact.To));
        if (_session.IsEnabled(LogLevel.Information)) Hear<KeysChanged>(events, fact => Log.Keys(_session, fact.Session, fact.Keys, fact.Usable));
        if (_session.IsEnabled(LogLevel.Warning)) Hear<SessionFailed>(events, OnFailed);
    }

    public void Dispose()
    {
        foreach (IDisposable subscription in _subscriptions) subscription.Dispose();
        _subscriptions.Clear();
    }

    private void OnFailed(SessionFailed fact)
    {
        SessionReport? report = _find(fact.Session);
        string reason = report?.Error is { } error && error.Kind == fact.Kind ? error.Message : "";
        Log.Failed(_session, fact.Session, report?.KeySystem ?? "", report?.Provider ?? "", fact.Kind, fact.Terminal ? "has failed" : "goes on with what it has", reason);
    }

    private void Hear<T>(IEventSource events, Action<T> tell)
        where T : IKeywayEvent
        => _subscriptions.Add(events.Subscriber<T>().Subscribe(tell));

    private static partial class Log
    {
        [LoggerMessage(401, LogLevel.Information, "{Presentation}: {KeySystem} opens it; {Keys} keys are asked for")]
        public static partial void Protection(ILogger logger, PresentationId presentation, string keySystem, int keys);

        [LoggerMessage(402, LogLevel.Trace, "{Presentation}: {Samples} samples of track {Track} decrypted ({Length} bytes)")]
        public static partial void Fragment(ILogger logger, PresentationId presentation, int track, int samples, long length);

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
