using Keyway.Messaging;
using Keyway.Sessions;

namespace Keyway;

/// <summary>Who listens to what inside the engine. Nothing else in the framework subscribes.</summary>
/// <remarks>
/// <code>
/// Fact               Said by                  Heard by                                    Next fact
/// ProtectionDetected Presentation (its ring)  SessionEngine: join or open a session       LicenseNeeded
/// LicenseNeeded      a session, its clock     LicenseExchanger: run the pipeline          LicenseReceived, or SessionFailed
/// LicenseReceived    LicenseExchanger         SessionEngine: the session opens the answer KeysChanged, or LicenseNeeded again
/// KeysChanged        a session                KeyGate: wake readers; RenewalClock: arm    –
/// SessionFailed      a session                KeyGate: wake readers, who stop             –
/// most of them       –                        SessionStory: the logs, through the mirror  –
/// the rest           –                        metrics, relays, through the mirror         –
/// </code>
/// Handlers post to a mailbox or begin something beside it, and return. So nothing nests, the order in each session is total, and a slow licence
/// service holds up nobody. The bus is the engine's own: others hear through a <see cref="MirrorBus"/>, after the fact, from queues of their own.
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
        if (story.TellsFragments) yield return events.Subscriber<FragmentDecrypted>().Subscribe(story.OnFragmentDecrypted);
    }
}
