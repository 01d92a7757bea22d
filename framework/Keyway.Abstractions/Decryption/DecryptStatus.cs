namespace Keyway.Decryption;

/// <summary>The result for one sample.</summary>
public enum DecryptStatus
{
    /// <summary>Not said.</summary>
    None = 0,

    /// <summary>The sample is clear now.</summary>
    Decrypted,

    /// <summary>No session holds the key. While a licence is on its way this is ordinary.</summary>
    KeyNotFound,

    /// <summary>A session holds the key, but its policy does not let it serve this sink, or not now.</summary>
    KeyNotUsable,

    /// <summary>The subsample map or the initialisation vector does not fit the sample.</summary>
    MalformedSample,

    /// <summary>This decryptor does not know the scheme.</summary>
    SchemeNotSupported,

    /// <summary>The decryptor failed for a reason of its own (a native one lost its device, say).</summary>
    Failed,

    /// <summary>
    /// Not now, and perhaps soon: the decryptor is starting anew, is busy, or would have to wait where it may not. The sample is untouched. The caller waits a little and
    /// asks again, for as long as a key is waited for.
    /// </summary>
    NotNow,
}
