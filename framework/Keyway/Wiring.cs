using Keyway.Messaging;
using Keyway.Sessions;

namespace Keyway;

/// <summary>Who subscribes to what inside the engine. Nothing else in the framework subscribes.</summary>
/// <remarks>
/// <code>
/// Fact                Published by                       Handled by                                      Next fact
/// ProtectionDetected  KeyRingSession, for each need      SessionEngine: that presentation's ring serves  LicenseNeeded, if a session must ask
/// LicenseNeeded       SessionDriver                      LicenseExchanger: run the pipeline              ChallengeReady
/// ChallengeReady      LicenseExchanger, in the pipeline  nobody in the engine                            ExchangeSent
/// ExchangeSent        LicenseExchanger, each attempt     nobody in the engine                            LicenseReceived, or SessionFailed
/// LicenseReceived     LicenseExchanger, on an answer     SessionEngine: that session opens it            KeysChanged, LicenseNeeded, SessionFailed
/// KeysChanged         SessionKeys                        SessionEngine: that session arms its clock;     LicenseNeeded, when a renewal is due
///                                                        the rings that hold it wake their readers,
///                                                        and live presentations leave what is over
/// SessionFailed       SessionDriver                      SessionEngine: its rings wake readers, who stop –
/// SessionStateChanged SessionDriver                      nobody in the engine                            –
/// FragmentDecrypted   PresentationKeys                   nobody in the engine                            –
/// ContentRead         KeywayEngine, opening              nobody in the engine                            ProtectionHeaderFound, ProtectionDetected
/// ProtectionHeaderFound         KeywayEngine, PresentationLicenses nobody in the engine                            –
/// KeyRefused          PresentationLicenses               nobody in the engine                            –
/// all but plugins'    –                                  SessionStory: the logs, through the mirror      –
/// any                 –                                  metrics, relays, plugins, through the mirror    –
/// </code>
/// An exchange that gets no answer publishes nothing: LicenseExchanger leaves the failure with its session (<see cref="LicenseSessionActor.Collect"/>), which publishes
/// SessionFailed. Who is meant is found by the identifier that the fact carries.
/// Handlers post to a mailbox or begin something beside it, and return. So nothing nests, the order in each session is total, and a slow licence
/// service holds up nobody. The bus is the engine's own: others receive facts through a <see cref="MirrorBus"/>, after the fact, from queues of their own.
/// </remarks>
internal sealed class Wiring : IDisposable
{
    private readonly IDisposable[] _subscriptions;

    public Wiring(IMessageBus bus, SessionEngine engine, LicenseExchanger exchanger, IEventSource? events = null, SessionStory? story = null) => _subscriptions =
    [
        bus.Subscriber<ProtectionDetected>().Subscribe(engine.OnProtectionDetected),
        bus.Subscriber<LicenseNeeded>().Subscribe(exchanger.OnLicenseNeeded),
        bus.Subscriber<LicenseReceived>().Subscribe(engine.OnLicenseReceived),
        bus.Subscriber<KeysChanged>().Subscribe(engine.OnKeysChanged),
        bus.Subscriber<KeysChanged>().Subscribe(changed => engine.Wake(changed.Session)),
        bus.Subscriber<SessionFailed>().Subscribe(failed => engine.Wake(failed.Session)),
        .. events is null || story is null ? [] : Tell(events, story),
    ];

    public void Dispose()
    {
        foreach (IDisposable subscription in _subscriptions) subscription.Dispose();
    }

    private static IEnumerable<IDisposable> Tell(IEventSource events, SessionStory story)
    {
        yield return events.Subscriber<ProtectionDetected>().Subscribe(story.OnProtectionDetected);
        yield return events.Subscriber<LicenseNeeded>().Subscribe(story.OnLicenseNeeded);
        yield return events.Subscriber<ChallengeReady>().Subscribe(story.OnChallengeReady);
        yield return events.Subscriber<LicenseReceived>().Subscribe(story.OnLicenseReceived);
        yield return events.Subscriber<SessionStateChanged>().Subscribe(story.OnStateChanged);
        yield return events.Subscriber<KeysChanged>().Subscribe(story.OnKeysChanged);
        yield return events.Subscriber<SessionFailed>().Subscribe(story.OnFailed);
        yield return events.Subscriber<FallbackTaken>().Subscribe(story.OnFallback);
        if (story.TellsFragments) yield return events.Subscriber<FragmentDecrypted>().Subscribe(story.OnFragmentDecrypted);
    }
}
