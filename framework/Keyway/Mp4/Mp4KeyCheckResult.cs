namespace Keyway.Mp4;

/// <summary>What decrypted samples say of their keys.</summary>
public enum Mp4KeyCheckResult
{
    /// <summary>Not said.</summary>
    None = 0,

    /// <summary>Nothing that only the right key brings to light lies in the protected bytes. A wrong key would not have been noticed.</summary>
    NotPossible,

    /// <summary>Every key that could be checked brought the signature to light that its samples have.</summary>
    Fits,

    /// <summary>Samples lack the signature, and there were too few to call the key wrong.</summary>
    Doubtful,
}
