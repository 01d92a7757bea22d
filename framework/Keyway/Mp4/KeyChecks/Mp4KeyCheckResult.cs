namespace Keyway.Mp4;

/// <summary>What decrypted samples say of their keys.</summary>
public enum Mp4KeyCheckResult
{
    /// <summary>Not said.</summary>
    None = 0,

    /// <summary>Nothing that only the right key brings to light lies in the protected bytes. A wrong key would not have been noticed.</summary>
    NotPossible,

    /// <summary>Every key that could be checked brought to light what its samples have.</summary>
    Fits,

    /// <summary>Samples speak against the key, and there were too few to call it wrong.</summary>
    Doubtful,

    /// <summary>There were too few samples, or too few bytes of them were protected, to say anything. A wrong key would not have been noticed.</summary>
    TooLittle,
}
