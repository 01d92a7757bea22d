namespace Keyway.Cpix;

/// <summary>Whether a document has a content key.</summary>
public enum CpixKeyState
{
    /// <summary>It has not: its place is to be filled by a key server (a request), or it is named for signalling alone.</summary>
    Absent = 0,

    /// <summary>It stands there in the clear.</summary>
    Clear,

    /// <summary>It is encrypted, and nobody has opened it so far.</summary>
    Encrypted,

    /// <summary>It was encrypted and has been opened.</summary>
    Opened,

    /// <summary>It is encrypted for others than the recipient whose key was given.</summary>
    ForOthers,
}
