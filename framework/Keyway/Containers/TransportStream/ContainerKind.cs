namespace Keyway.Containers.TransportStream;

/// <summary>What a file or segment is, by its beginning.</summary>
internal enum ContainerKind
{
    /// <summary>None of these.</summary>
    None = 0,

    /// <summary>A transport stream of 188-byte packets.</summary>
    TransportStream,

    /// <summary>A transport stream with four bytes before each packet, as recorders and discs have it. It is recognised, and not read.</summary>
    TimestampedTransportStream,

    /// <summary>A transport stream with sixteen bytes of error correction behind each packet. It is recognised, and not read.</summary>
    CorrectedTransportStream,

    /// <summary>ADTS frames, with tags before them or without.</summary>
    PackedAac,

    /// <summary>AC-3 syncframes.</summary>
    PackedAc3,

    /// <summary>E-AC-3 syncframes.</summary>
    PackedEAc3,

    /// <summary>Frames of MPEG audio (MP3, MP2). It is recognised, and not read.</summary>
    PackedMpegAudio,

    /// <summary>An ID3 tag; what follows is not there, or none of these.</summary>
    Tagged,
}
