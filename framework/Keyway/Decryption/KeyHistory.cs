using Keyway.Licensing;

namespace Keyway.Decryption;

/// <summary>What has been done with a key so far.</summary>
internal readonly record struct KeyHistory
{
    /// <summary>When the key was first used; <see langword="null"/>: never.</summary>
    public DateTimeOffset? FirstUse { get; init; }

    /// <summary>Whether the playback that asks is running with this key already.</summary>
    public bool Running { get; init; }

    /// <summary>Whether a renewal fails now, on the service's side.</summary>
    public bool RenewalFailing { get; init; }
}

/// <summary>What <see cref="KeyRules"/> says.</summary>
internal readonly record struct KeyVerdict
{
    /// <summary>Whether the key may be used, and if not, why.</summary>
    public required KeyStatus Status { get; init; }

    /// <summary>When to ask again because time alone changes the answer; <see langword="null"/>: it does not.</summary>
    public DateTimeOffset? ChangesAt { get; init; }
}
