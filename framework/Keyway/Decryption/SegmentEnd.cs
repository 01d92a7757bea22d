namespace Keyway.Decryption;

/// <summary>How an encrypted segment ended.</summary>
internal enum SegmentEnd
{
    /// <summary>Not said.</summary>
    None = 0,

    /// <summary>With padding that fits.</summary>
    Complete,

    /// <summary>Before it began: there is not one block.</summary>
    Empty,

    /// <summary>In the middle of a block: something is missing.</summary>
    Truncated,

    /// <summary>With a whole block that is no padding: another key, or it was cut between two blocks.</summary>
    BadPadding,
}
