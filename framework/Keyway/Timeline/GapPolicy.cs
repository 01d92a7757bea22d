namespace Keyway.Timeline;

/// <summary>What becomes of a presentation of which segments are missing, or are not what they should be.</summary>
public enum GapPolicy
{
    /// <summary>Not said: gaps are reported (<see cref="Presentation.Gaps"/>) and the rest is read. Where most segments of a track are missing from content that stands still, reading fails.</summary>
    Default = 0,

    /// <summary>The first gap is an error.</summary>
    Refuse,

    /// <summary>Gaps are reported, however many there are, as long as anything can be read.</summary>
    Accept,
}
