using Keyway.MediaUnits;
using Keyway.Mp4.Reading;

namespace Keyway.Mp4;

/// <summary>One input of a merged file.</summary>
internal sealed record MergeInput
{
    /// <summary>The file, or an initialisation segment with the segments after it. Ownership: the caller's.</summary>
    public Stream? Input { get; init; }

    /// <summary>What is read in the place of a stream: units, each with when it is played. Ownership: the caller's.</summary>
    internal IMediaUnits? Units { get; init; }

    /// <summary>Its name for messages.</summary>
    public required string Name { get; init; }

    /// <summary>What opens its fragments.</summary>
    public required IMediaKeys Keys { get; init; }

    /// <summary>Which of its samples come along, by when they are presented: those that have to be decoded for them come too, and an edit list hides them; <see langword="null"/>: all.</summary>
    internal SampleRange? Range { get; init; }

    /// <summary>Where on that timeline time 0 of its units' places lies.</summary>
    internal TimeSpan Zero { get; init; }

    /// <summary>Which of its tracks come along; without it, all.</summary>
    public Func<Mp4Track, bool>? Tracks { get; init; }
}
