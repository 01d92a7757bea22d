namespace Keyway.Units;

/// <summary>What a <see cref="MediaUnit"/> is.</summary>
internal enum MediaUnitKind
{
    /// <summary>Not said.</summary>
    None = 0,

    /// <summary>What describes the samples behind it: an initialisation segment.</summary>
    Initialization,

    /// <summary>Samples that the initialisation segment before describes; a segment may also bring its own.</summary>
    Segment,

    /// <summary>A file as it is, with everything in it: its description and its samples, in fragments or not.</summary>
    File,
}
