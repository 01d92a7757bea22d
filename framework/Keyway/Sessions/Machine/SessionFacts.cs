using Keyway.Licensing;
using Keyway.Messaging;

namespace Keyway.Sessions;

/// <summary>The facts that sessions and their exchanges say, on the engine's own bus.</summary>
internal sealed class SessionFacts(IMessageBus bus)
{
    private readonly IPublisher<ProtectionDetected> _protectionDetected = bus.Publisher<ProtectionDetected>();
    private readonly IPublisher<LicenseNeeded> _licenseNeeded = bus.Publisher<LicenseNeeded>();
    private readonly IPublisher<ChallengeReady> _challengeReady = bus.Publisher<ChallengeReady>();
    private readonly IPublisher<ExchangeSent> _exchangeSent = bus.Publisher<ExchangeSent>();
    private readonly IPublisher<LicenseReceived> _licenseReceived = bus.Publisher<LicenseReceived>();
    private readonly IPublisher<KeysChanged> _keysChanged = bus.Publisher<KeysChanged>();
    private readonly IPublisher<SessionStateChanged> _stateChanged = bus.Publisher<SessionStateChanged>();
    private readonly IPublisher<SessionFailed> _failed = bus.Publisher<SessionFailed>();

    public void ProtectionDetected(PresentationId presentation, string keySystem, int keys) =>
        _protectionDetected.Publish(new ProtectionDetected { Presentation = presentation, KeySystem = keySystem, Keys = keys });

    public void LicenseNeeded(SessionId session, int exchange, ChallengeKind kind) =>
        _licenseNeeded.Publish(new LicenseNeeded { Session = session, Exchange = exchange, Kind = kind });

    public void ChallengeReady(SessionId session, int exchange, ChallengeKind kind, int length) =>
        _challengeReady.Publish(new ChallengeReady { Session = session, Exchange = exchange, Kind = kind, Length = length });

    public void ExchangeSent(SessionId session, int exchange, string host, int attempt) =>
        _exchangeSent.Publish(new ExchangeSent { Session = session, Exchange = exchange, Host = host, Attempt = attempt });

    public void LicenseReceived(SessionId session, int exchange, long length, TimeSpan roundTrip) =>
        _licenseReceived.Publish(new LicenseReceived { Session = session, Exchange = exchange, Length = length, RoundTrip = roundTrip });

    public void KeysChanged(SessionId session, int keys, int usable) =>
        _keysChanged.Publish(new KeysChanged { Session = session, Keys = keys, Usable = usable });

    public void StateChanged(SessionId session, SessionState from, SessionState to) =>
        _stateChanged.Publish(new SessionStateChanged { Session = session, From = from, To = to });

    public void Failed(SessionId session, LicenseErrorKind kind, bool terminal) =>
        _failed.Publish(new SessionFailed { Session = session, Kind = kind, Terminal = terminal });
}
