namespace Keyway.Sandbox.PlayReady;

/// <summary>A challenge that gets a fault. The text is for the one who made the client.</summary>
/// <param name="status">PlayReady's code.</param>
/// <param name="message">The reason in a sentence.</param>
internal sealed class FaultException(uint status, string message) : Exception(message)
{
    /// <summary>PlayReady's code.</summary>
    public uint Status { get; } = status;
}
