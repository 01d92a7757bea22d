using Keyway.Messaging;
using static Keyway.Messaging.SessionState;
using static Keyway.Sessions.SessionInput;
using static Keyway.Sessions.SessionOutputs;

namespace Keyway.Sessions;

/// <summary>
/// The life of a session, the same for every key system: a pure function from state and input to the next state and what is to be done.
/// </summary>
/// <remarks>
/// <code>
/// Created ─► Acquiring ─────────► Usable ◄──► Renewing         Usable, Renewing, Expired ─► Releasing ─► Released
///              ▲ │  ▲ └ another      │            │
///              │ │  └── exchange     └─────┬──────┘
///              │ │      needed             ▼ time ran out
///              └─┼──── asked again ──── Expired
///                ▼
///              Failed                        any state, on dispose ─► Closed
/// </code>
/// An exchange that began while keys were usable keeps counting when their time runs out meanwhile: its answer makes an expired session usable
/// again, and its failure changes nothing.
/// </remarks>
internal static class SessionMachine
{
    public static SessionStep Next(SessionState state, SessionInput input) => (state, input) switch
    {
        (Closed, _) => Stay(state),
        (Failed or Released, Disposed) => new(Closed, SessionOutputs.None),
        (Failed or Released, _) => Stay(state),
        (_, Disposed) => new(Closed, Finish),
        (_, Broke) => new(Failed, ReportFailure | Finish),

        (Created, Ready or KeysUsable) => new(Usable, SessionOutputs.None),
        (Created, TimeRanOut) => new(Expired, SessionOutputs.None),
        (Created, LicenseWanted or HeaderFound or ExchangeRequested) => new(Acquiring, StartExchange),

        (Acquiring, ExchangeRequested or AnotherNeeded) => new(Acquiring, StartExchange),
        (Acquiring, HeaderFound) => new(Acquiring, AskAfterwards),
        (Acquiring, LicenseAccepted) => new(Usable, SessionOutputs.None),
        (Acquiring, KeysUsable) => new(Renewing, SessionOutputs.None),
        (Acquiring, NothingAccepted or ExchangeFailed) => new(Failed, ReportFailure | Finish),

        (Usable, LicenseWanted or HeaderFound or ExchangeRequested or RenewalDue) => new(Renewing, StartExchange),
        (Usable, TimeRanOut) => new(Expired, SessionOutputs.None),
        (Usable, ReleaseWanted) => new(Releasing, StartExchange | RevokeKeys | LeaveTable),

        (Renewing, ExchangeRequested or AnotherNeeded) => new(Renewing, StartExchange),
        (Renewing, LicenseWanted or HeaderFound) => new(Renewing, AskAfterwards),
        (Renewing, LicenseAccepted) => new(Usable, SessionOutputs.None),
        (Renewing, NothingAccepted) => new(Expired, SessionOutputs.None),
        (Renewing, ExchangeFailed) => new(Usable, ReportFailure),
        (Renewing, TimeRanOut) => new(Expired, SessionOutputs.None),
        (Renewing, ReleaseWanted) => new(Releasing, StartExchange | RevokeKeys | LeaveTable),

        (Expired, LicenseWanted or HeaderFound or ExchangeRequested or AnotherNeeded) => new(Acquiring, StartExchange),
        (Expired, LicenseAccepted or KeysUsable) => new(Usable, SessionOutputs.None),
        (Expired, ExchangeFailed) => new(Expired, ReportFailure),
        (Expired, ReleaseWanted) => new(Releasing, StartExchange | RevokeKeys | LeaveTable),

        (Releasing, ExchangeRequested or AnotherNeeded) => new(Releasing, StartExchange),
        (Releasing, LicenseAccepted or NothingAccepted) => new(Released, Finish),
        (Releasing, ExchangeFailed) => new(Failed, ReportFailure | Finish),

        _ => Stay(state),
    };

    private static SessionStep Stay(SessionState state) => new(state, SessionOutputs.None);
}
