using Keyway.Containers.TransportStream.Packets;

namespace Keyway.Containers.TransportStream;

/// <summary>What was read of one elementary stream.</summary>
internal sealed record StreamSummary
{
    /// <summary>Its PID; 0 in packed audio.</summary>
    public required int Pid { get; init; }

    public required StreamCodec Codec { get; init; }

    /// <summary>Its <c>stream_type</c> as it was last said; 0 in packed audio.</summary>
    public required byte Type { get; init; }

    /// <summary>Units (NAL units, audio frames) that were protected and are clear now.</summary>
    public required long ProtectedUnits { get; init; }

    /// <summary>Units of protected parts of the stream that had nothing protected in them.</summary>
    public required long ClearUnits { get; init; }

    /// <summary>Whether the format itself says that what was decrypted is right. Otherwise it was only not found to be wrong.</summary>
    public required bool IsVerified { get; init; }
}
