namespace Keyway.Timeline;

/// <summary>What to do about segments that are missing, or are not what they should be.</summary>
public enum GapPolicy
{
    /// <summary>Not said: gaps are reported (<see cref="Presentation.Gaps"/>) and the rest is read. Where most segments of a track are missing from static content, reading fails.</summary>
    Default = 0,

    /// <summary>The first gap is an error.</summary>
    Refuse,

    /// <summary>Gaps are reported, however many there are, as long as anything can be read.</summary>
    Accept,
}
