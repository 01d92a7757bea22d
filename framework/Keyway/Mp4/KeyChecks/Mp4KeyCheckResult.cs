namespace Keyway.Mp4;

/// <summary>What decrypted samples say of their keys.</summary>
public enum Mp4KeyCheckResult
{
    /// <summary>Not said.</summary>
    None = 0,

    /// <summary>The protected bytes hold nothing by which the right key could be told from a wrong one. A wrong key would not have been noticed.</summary>
    NotPossible,

    /// <summary>Every key that could be checked decrypted to what its samples have.</summary>
    Fits,

    /// <summary>Samples are evidence against the key, and there were too few to call it wrong.</summary>
    Doubtful,

    /// <summary>There were too few samples, or too few bytes of them were protected, to say anything. A wrong key would not have been noticed.</summary>
    TooLittle,
}
