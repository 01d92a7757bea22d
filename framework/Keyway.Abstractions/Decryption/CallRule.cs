namespace Keyway.Decryption;

/// <summary>How the framework may call a capability of a session (<see cref="ISessionCapability"/>).</summary>
public enum CallRule
{
    /// <summary>Not said: taken for <see cref="OneAtATime"/>.</summary>
    None = 0,

    /// <summary>One call at a time, from any thread. An asynchronous call lasts until its task ends.</summary>
    OneAtATime,

    /// <summary>From any thread, several calls at once.</summary>
    AnyThread,
}
