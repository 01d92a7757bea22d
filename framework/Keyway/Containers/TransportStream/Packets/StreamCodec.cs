namespace Keyway.Containers.TransportStream.Packets;

/// <summary>What an elementary stream carries, whether protected or not.</summary>
internal enum StreamCodec
{
    /// <summary>Not said.</summary>
    None = 0,

    /// <summary>H.264, in Annex B form.</summary>
    Avc,

    /// <summary>H.265, in Annex B form.</summary>
    Hevc,

    /// <summary>AAC in ADTS frames.</summary>
    Aac,

    /// <summary>AC-3.</summary>
    Ac3,

    /// <summary>E-AC-3.</summary>
    EAc3,

    /// <summary>Timed metadata in ID3 tags.</summary>
    Id3,

    /// <summary>Audio or video of another kind.</summary>
    OtherMedia,

    /// <summary>Subtitles, data, sections: nothing that SAMPLE-AES touches.</summary>
    Data,
}
