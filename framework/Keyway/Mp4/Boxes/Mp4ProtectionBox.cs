using Keyway.Protection;

namespace Keyway.Mp4;

/// <summary>A <c>pssh</c> box, and where it was found.</summary>
public sealed record Mp4ProtectionBox
{
    /// <summary>What encloses it: <c>moov</c>, <c>moov#1</c> for a later one, <c>moof#3</c> (both counted from 0), or <c>file</c>.</summary>
    public required string Where { get; init; }

    /// <summary>The box.</summary>
    public required PsshBox Box { get; init; }
}
