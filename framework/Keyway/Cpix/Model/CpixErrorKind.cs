namespace Keyway.Cpix;

/// <summary>Why a CPIX document gives no key.</summary>
public enum CpixErrorKind
{
    /// <summary>Not said.</summary>
    None = 0,

    /// <summary>It is not a CPIX document, or contradicts itself.</summary>
    Malformed,

    /// <summary>It uses an algorithm that is not opened here.</summary>
    NotSupported,

    /// <summary>Its keys cannot be opened with the key that was given. More is not told, whatever the cause.</summary>
    CannotBeOpened,

    /// <summary>A message authentication code does not hold: the document was changed, and nothing is taken from it.</summary>
    NotAuthentic,

    /// <summary>Its keys are encrypted for other recipients.</summary>
    OtherRecipient,

    /// <summary>There is no key where one is asked for: it is a request, or its keys are encrypted and nobody has opened them.</summary>
    NoKey,

    /// <summary>Its rules give two keys for one track and time.</summary>
    Conflict,

    /// <summary>What is known about a track and a time does not say which key its rules mean.</summary>
    Undecided,

    /// <summary>A track is protected with another scheme than the document says of its key.</summary>
    SchemeMismatch,
}
