namespace Keyway.Sessions;

/// <summary>What can happen to a session.</summary>
internal enum SessionInput
{
    None = 0,

    /// <summary>It is open, and every key that is wanted is usable: a restored licence, configured keys, an entitlement.</summary>
    Ready,

    /// <summary>A reader needs keys that it does not hold, or that it held.</summary>
    LicenseWanted,

    /// <summary>A header was offered, and its keys will come with another exchange.</summary>
    HeaderFound,

    /// <summary>The key system itself wants to talk.</summary>
    ExchangeRequested,

    /// <summary>The time to renew has come.</summary>
    RenewalDue,

    /// <summary>The answer was opened, and the key system needs another exchange.</summary>
    AnotherNeeded,

    /// <summary>The answer was opened, and the session holds a usable key.</summary>
    LicenseAccepted,

    /// <summary>The answer was opened, and the session holds no usable key.</summary>
    NothingAccepted,

    /// <summary>There is no answer, or a refusal, or one that could not be opened.</summary>
    ExchangeFailed,

    /// <summary>The time of every key ran out.</summary>
    TimeRanOut,

    /// <summary>A key became usable outside an exchange.</summary>
    KeysUsable,

    /// <summary>The licence is to be given back.</summary>
    ReleaseWanted,

    /// <summary>The session could not be opened, or the key system has ended it.</summary>
    Broke,

    /// <summary>Nobody needs it any more.</summary>
    Disposed,
}
