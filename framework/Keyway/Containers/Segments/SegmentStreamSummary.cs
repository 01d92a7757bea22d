namespace Keyway.Containers.Segments;

/// <summary>What was decrypted of one elementary stream.</summary>
public sealed record SegmentStreamSummary
{
    /// <summary>Its PID in the transport stream; 0 in packed audio.</summary>
    public required int Pid { get; init; }

    /// <summary>Its codec: <c>H.264</c>, <c>AAC</c>, <c>AC-3</c>, <c>E-AC-3</c>.</summary>
    public required string Codec { get; init; }

    /// <summary>How many NAL units or audio frames were protected and are clear now.</summary>
    public required long ProtectedUnits { get; init; }

    /// <summary>How many there were beside them that had nothing protected in them.</summary>
    public required long ClearUnits { get; init; }

    /// <summary>Whether the format itself proves that the key fits (AC-3 and E-AC-3 have checks). Otherwise it was not found to be wrong.</summary>
    public required bool IsVerified { get; init; }
}
