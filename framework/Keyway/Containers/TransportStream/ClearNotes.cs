namespace Keyway.Containers.TransportStream;

/// <summary>What is said of results in more than one place.</summary>
internal static class ClearNotes
{
    public const string TookUnmarked = "the stream types do not say that anything is protected; it was decrypted because its playlist says so";
}
