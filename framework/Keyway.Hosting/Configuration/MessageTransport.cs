namespace Keyway.Hosting.Configuration;

/// <summary>What carries facts from those who say them to those who listen.</summary>
public enum MessageTransport
{
    /// <summary>Keyway's own bus.</summary>
    InProcess = 0,

    /// <summary>MessagePipe, through its adapter, which the host must have.</summary>
    MessagePipe,
}
