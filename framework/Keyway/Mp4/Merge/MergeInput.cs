using Keyway.Mp4.Samples;

namespace Keyway.Mp4;

/// <summary>One input of a merged file.</summary>
public sealed record MergeInput
{
    /// <summary>The file, or an initialisation segment with the segments after it. Ownership: the caller's.</summary>
    public required Stream Input { get; init; }

    /// <summary>Its name for messages.</summary>
    public required string Name { get; init; }

    /// <summary>What opens its fragments.</summary>
    public required IMediaKeys Keys { get; init; }

    /// <summary>When what begins at a place of the input is played, and what of it; without it, everything when it says.</summary>
    internal Func<long, SamplePlace?>? PlaceAt { get; init; }

    /// <summary>Which of its tracks come along; without it, all.</summary>
    public Func<Mp4Track, bool>? Tracks { get; init; }
}
