using Keyway.Decryption;

namespace Keyway.Containers.TransportStream;

/// <summary>A NAL unit or audio frame of a transport stream, or of packed audio, could not be decrypted. What was written before it is incomplete.</summary>
public sealed class UnitDecryptionException : KeywayException
{
    internal UnitDecryptionException(in UnitPlace place, KeyId keyId, DecryptStatus status)
        : base($"{(place.Name.Length == 0 ? "" : place.Name + ": ")}{place.Path} cannot be decrypted: {Reason(status)}", null)
    {
        MediaSource = place.Name;
        Pid = place.Pid;
        Packet = place.Packet;
        KeyId = keyId;
        Status = status;
    }

    /// <summary>The file or URL, without its query.</summary>
    public string MediaSource { get; }

    /// <summary>The PID of the stream; 0 in packed audio.</summary>
    public int Pid { get; }

    /// <summary>The packet within the file, from 1, in which it begins; 0 in packed audio.</summary>
    public long Packet { get; }

    /// <summary>The key it needs.</summary>
    public KeyId KeyId { get; }

    /// <summary>Why not. <see cref="DecryptStatus.Decrypted"/> where it was decrypted, and is not what its format has: the key does not fit.</summary>
    public DecryptStatus Status { get; }

    /// <summary>Whether the key, or its initialisation vector, is a wrong one: what it decrypts to is not what frames of their format have.</summary>
    public bool KeyDoesNotFit => Status == DecryptStatus.Decrypted;

    private static string Reason(DecryptStatus status) => status switch
    {
        DecryptStatus.Decrypted => "the key, or its initialisation vector, does not fit: what comes out is not what its format has",
        DecryptStatus.KeyNotFound => "there is no such key",
        DecryptStatus.KeyNotUsable => "the key may not be used here or now",
        DecryptStatus.SchemeNotSupported => "the key lives in a session that opens no transport streams",
        _ => "the decryptor failed",
    };
}
