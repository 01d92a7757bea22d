using Keyway.Cdm.Wire;

namespace Keyway.Cdm.Child;

/// <summary>What hears of one session of the module. Called on the thread that reads from the child: it does not wait.</summary>
internal interface IChildSession
{
    /// <summary>The module wants something sent to the service.</summary>
    /// <param name="type">What. Any number.</param>
    /// <param name="message">The message, to be copied.</param>
    void OnMessage(CdmMessageType type, ReadOnlySpan<byte> message);

    /// <summary>The session's keys: the whole list.</summary>
    void OnKeys(IReadOnlyList<ChildKey> keys);

    /// <summary>When its keys expire, in seconds since 1970; 0 and what is no number: never.</summary>
    void OnExpiration(double seconds);

    /// <summary>The module has closed it.</summary>
    void OnClosed();

    /// <summary>The child is gone.</summary>
    void OnLost(ChildEnd end);
}
