using Keyway.Mp4.Boxes;

namespace Keyway.Mp4.Structure;

/// <summary>One track of a <c>moov</c>, with all that reading its samples needs.</summary>
internal sealed class Track
{
    public required Mp4Track Facts { get; init; }

    public required IReadOnlyList<SampleEntry> Entries { get; init; }

    public required SampleTables Tables { get; init; }

    /// <summary>Protection groups that <c>stbl</c> describes.</summary>
    public required SampleGroups Groups { get; init; }

    /// <summary>Where <c>trak</c> lies in the movie's bytes.</summary>
    public required BoxRange Trak { get; init; }

    /// <summary>Where boxes begin in the movie's bytes that a clear file does not have, beside those of the sample entries.</summary>
    public required IReadOnlyList<int> Protecting { get; init; }

    /// <summary>Its edit list, once it was asked for.</summary>
    public EditList? Edits { get; set; }

    public Trex Defaults { get; set; }

    public uint Id => Facts.Id;

    public bool IsProtected => Entries.Any(static entry => entry.IsProtected);

    /// <summary>Why samples of the track cannot be read; then it is left as it is.</summary>
    public FormatError? Problem { get; init; }

    /// <summary>Why it cannot be written anew, which needs more than decrypting in place: times and a language.</summary>
    public FormatError? WritingProblem { get; init; }
}
