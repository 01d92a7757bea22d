namespace Keyway.Decryption;

/// <summary>
/// What a licence session does itself with keys that never leave it: today it decrypts (<see cref="ISessionDecryptor"/>). What handing out decoded frames will need is
/// another interface over this one.
/// </summary>
/// <remarks>
/// <para>
/// Lifetime: counted. The framework takes a reference for each fragment that it opens with it, and disposes the session when the last reference has been given back: no
/// call is under way then and none follows. Calls that do not end are asked to by their token. What does not end even then keeps its session from being disposed; the
/// framework goes on without both.
/// </para>
/// <para>
/// Threads: as <see cref="Calls"/> says. Calls of the session itself (challenges, answers) go on beside them. Sessions may share one object: what is called one at a time is
/// called one at a time for all of them.
/// </para>
/// </remarks>
public interface ISessionCapability
{
    /// <summary>How it may be called. Always the same.</summary>
    CallRule Calls { get; }
}
