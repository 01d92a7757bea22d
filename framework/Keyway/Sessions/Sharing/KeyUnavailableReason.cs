namespace Keyway.Sessions;

/// <summary>Why there will be no key to go on with.</summary>
public enum KeyUnavailableReason
{
    /// <summary>Not said.</summary>
    None = 0,

    /// <summary>The licence could not be had; the inner exception says why.</summary>
    LicenseFailed,

    /// <summary>Licences came, and none of them holds the key.</summary>
    NotInLicense,

    /// <summary>A licence holds the key, and what it asks of outputs is more than this sink gives.</summary>
    RefusedByPolicy,

    /// <summary>The key's time is over.</summary>
    Expired,

    /// <summary>The key's time has not come.</summary>
    NotYet,

    /// <summary>The key system cannot use the key, or the licence was given back.</summary>
    Unusable,

    /// <summary>Neither a key nor a refusal came in time.</summary>
    TimedOut,

    /// <summary>The key lives in its session, whose decryptor said <em>not now</em> for as long as a key is waited for.</summary>
    Busy,

    /// <summary>The sink opens samples itself (<see cref="Decryption.SinkKind.Module"/>): no clear sample is handed out for it.</summary>
    NotForSink,
}
