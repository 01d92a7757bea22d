namespace Keyway.Sandbox.Providers;

/// <summary>Why a provider's service refuses. How it says so is each one's own.</summary>
internal enum Refusal
{
    /// <summary>There is no token.</summary>
    Missing,

    /// <summary>There is a place for it, with nothing in it.</summary>
    Empty,

    /// <summary>It is in more than one place.</summary>
    Several,

    /// <summary>It is none of this service's.</summary>
    Signature,

    /// <summary>It has ended.</summary>
    Expired,

    /// <summary>It has been used.</summary>
    Reused,

    /// <summary>The request is of another form.</summary>
    Request,

    /// <summary>There is no licence for the challenge.</summary>
    Challenge,

    /// <summary>The request asked for the refusal.</summary>
    Forced,
}
