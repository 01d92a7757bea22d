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
/// the rest           –                        logs, metrics, relays, through the mirror   –
/// </code>
/// Handlers post to a mailbox or begin something beside it, and return. So nothing nests, the order in each session is total, and a slow licence
/// service holds up nobody. The bus is the engine's own: others hear through a <see cref="MirrorBus"/>, after the fact, from queues of their own.
/// </remarks>
internal sealed class Wiring : IDisposable
{
    private readonly IDisposable[] _subscriptions;

    public Wiring(IMessageBus bus, SessionEngine engine, LicenseExchanger exchanger) => _subscriptions =
    [
        bus.Subscriber<ProtectionDetected>().Subscribe(engine.OnProtectionDetected),
        bus.Subscriber<LicenseNeeded>().Subscribe(exchanger.OnLicenseNeeded),
        bus.Subscriber<LicenseReceived>().Subscribe(engine.OnLicenseReceived),
        bus.Subscriber<KeysChanged>().Subscribe(engine.OnKeysChanged),
        bus.Subscriber<KeysChanged>().Subscribe(changed => engine.Wake(changed.Session)),
        bus.Subscriber<SessionFailed>().Subscribe(failed => engine.Wake(failed.Session)),
    ];

    public void Dispose()
    {
        foreach (IDisposable subscription in _subscriptions) subscription.Dispose();
    }
}
