using Keyway.Mp4.Samples;
using Keyway.Mp4.Structure;

namespace Keyway.Mp4.Reading;

/// <summary>Clear samples of one track, as a <see cref="FragmentSource"/> hands them on. Valid until the next one is asked for.</summary>
internal sealed class SourceFragment
{
    public required SampleTable Table { get; set; }

    /// <summary>What the rows of the table point into.</summary>
    public Memory<byte> Bytes { get; set; }

    /// <summary>The <c>traf</c> it came from; <see langword="null"/> in a progressive file.</summary>
    public Traf? Traf { get; set; }

    /// <summary>When its samples are played; <see langword="null"/>: when they say.</summary>
    public SamplePlace? Place { get; set; }

    /// <summary>How much earlier than composed its samples are presented, by its own edit list.</summary>
    public long EditOffset { get; set; }

    /// <summary>Its edit list.</summary>
    public EditList Edits { get; set; } = EditList.None;

    /// <summary>The movie that describes it.</summary>
    public required Movie Movie { get; set; }
}
