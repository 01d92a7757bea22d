namespace Keyway.Mp4.Samples;

/// <summary>The samples of a track in decoding order, as far as their auxiliary information depends on them. A value: a copy begins where the original stands.</summary>
internal interface ISampleWalk
{
    /// <summary>What protects the sample; <see langword="null"/> where its sample entry is a clear one.</summary>
    TrackEncryption? Protection { get; }

    /// <summary>How many bytes the sample has.</summary>
    uint Size { get; }

    /// <summary>Where the entries go on from this sample, where they do not follow the one before.</summary>
    int? Place { get; }

    /// <summary>Goes to the first sample, and then to the next.</summary>
    /// <returns><see langword="false"/> at the end.</returns>
    bool MoveNext();
}
