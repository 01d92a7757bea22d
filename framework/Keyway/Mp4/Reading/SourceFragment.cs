using Keyway.MediaUnits;
using Keyway.Mp4.Decrypting;
using Keyway.Mp4.Samples;
using Keyway.Mp4.Structure;
using Keyway.Protection;

namespace Keyway.Mp4.Reading;

/// <summary>Samples of one track that follow one another, as a <see cref="SampleSource"/> hands them on.</summary>
/// <remarks>Ownership: that of the reader that took it. Disposing gives its memory, its table and its keys back.</remarks>
internal sealed class SourceFragment(SampleTablePool tables) : IDisposable
{
    private bool _disposed;

    public required SampleTable Table { get; init; }

    /// <summary>What the rows of the table point into.</summary>
    public required Memory<byte> Bytes { get; init; }

    /// <summary>What releases those bytes.</summary>
    public Action? Release { get; set; }

    /// <summary>How many bytes its samples have.</summary>
    public int Size { get; init; }

    /// <summary>How many bytes had been read when it was.</summary>
    public long Position { get; init; }

    /// <summary>The <c>traf</c> it came from; <see langword="null"/> in a progressive file.</summary>
    public Traf? Traf { get; init; }

    /// <summary>The <c>pssh</c> boxes of its <c>moof</c>.</summary>
    public IReadOnlyList<PsshBox> Announced { get; init; } = [];

    /// <summary>When its samples are played; <see langword="null"/>: when they say.</summary>
    public SamplePlace? Place { get; init; }

    /// <summary>Whether it is said not to go on from what was before.</summary>
    public bool IsDiscontinuous { get; set; }

    /// <summary>How much earlier than composed its samples are presented, by its own edit list; 0 where nothing says when they are played.</summary>
    public long EditOffset { get; init; }

    /// <summary>Its edit list.</summary>
    public EditList Edits { get; init; } = EditList.None;

    /// <summary>The movie that describes it.</summary>
    public required Movie Movie { get; init; }

    /// <summary>What opens its samples; <see langword="null"/> where all are clear.</summary>
    public FragmentOpener? Opener { get; set; }

    /// <summary>How its samples lead to the timeline of the presentation.</summary>
    public MediaClock Clock => Place?.Clock ?? MediaClock.OfFile;

    /// <summary>When a sample is presented by its file, in the track's timescale.</summary>
    /// <param name="row">The sample.</param>
    /// <param name="time">When it is decoded.</param>
    /// <param name="isPresented">Whether it is presented.</param>
    public long Present(in SampleRow row, ulong time, out bool isPresented)
    {
        long units = Edits.Present((long)Math.Min(time, long.MaxValue / 2) + row.CompositionOffset, row.Duration, out isPresented);
        isPresented &= !row.IsHidden;
        return units;
    }

    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        Opener?.Dispose();
        tables.Return(Table);
        Release?.Invoke();
    }
}
