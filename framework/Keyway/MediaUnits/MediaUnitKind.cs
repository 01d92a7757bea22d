namespace Keyway.MediaUnits;

/// <summary>What a <see cref="MediaUnit"/> is.</summary>
internal enum MediaUnitKind
{
    /// <summary>Not said.</summary>
    None = 0,

    /// <summary>An initialisation segment: it describes the samples after it.</summary>
    Initialization,

    /// <summary>A media segment: samples that the initialisation segment before it describes; a segment may also bring its own.</summary>
    Segment,

    /// <summary>A file as it is, with everything in it: its description and its samples, in fragments or not.</summary>
    File,
}
