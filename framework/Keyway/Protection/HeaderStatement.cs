namespace Keyway.Protection;

/// <summary>One place holds a protection header.</summary>
public sealed record HeaderStatement
{
    /// <summary>The header. What stood there without a box has one of version 0.</summary>
    public required PsshBox Box { get; init; }

    /// <summary>Where it is.</summary>
    public required ProtectionSource Source { get; init; }

    /// <summary>The track that it belongs to; <see langword="null"/>: every track, as in <c>moov</c>.</summary>
    public string? Track { get; init; }
}
