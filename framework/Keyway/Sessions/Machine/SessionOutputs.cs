using Keyway.Messaging;

namespace Keyway.Sessions;

/// <summary>What is to be done when a session goes from one state to the next.</summary>
[Flags]
internal enum SessionOutputs
{
    None = 0,

    /// <summary>Begin a new exchange under the next number; the one that may be under way no longer counts.</summary>
    StartExchange = 1,

    /// <summary>Remember to begin another exchange when the present one is over.</summary>
    AskAfterwards = 2,

    /// <summary>Say that something failed.</summary>
    ReportFailure = 4,

    /// <summary>Take every key back.</summary>
    RevokeKeys = 8,

    /// <summary>Let nobody join any more.</summary>
    LeaveTable = 16,

    /// <summary>Break off the exchange that may be under way and dispose the key system's half.</summary>
    End = 32,

    /// <summary>What every way into a terminal state has in common.</summary>
    Finish = RevokeKeys | LeaveTable | End,
}

/// <summary>One step of the machine.</summary>
/// <param name="State">The state that is entered, or kept.</param>
/// <param name="Outputs">What is to be done.</param>
internal readonly record struct SessionStep(SessionState State, SessionOutputs Outputs);
