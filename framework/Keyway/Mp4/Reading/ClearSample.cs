namespace Keyway.Mp4;

/// <summary>One clear sample of a <see cref="ClearFragment"/>.</summary>
public readonly record struct ClearSample
{
    /// <summary>The payload as the file stores it. Valid as long as its fragment.</summary>
    public required ReadOnlyMemory<byte> Data { get; init; }

    /// <summary>When it is decoded, in the track's timescale.</summary>
    public required ulong DecodeTime { get; init; }

    /// <summary>How long it lasts, in the track's timescale.</summary>
    public required uint Duration { get; init; }

    /// <summary>How much later it is composed than decoded, in the track's timescale.</summary>
    public required int CompositionOffset { get; init; }

    /// <summary>When it is presented by its file, in the track's timescale: decode time and composition offset, and the edit list applied. Exact; negative before the beginning.</summary>
    public required long PresentationUnits { get; init; }

    /// <summary>
    /// When it is presented, from the beginning of the presentation: the start of its period, less <c>@presentationTimeOffset</c>, plus <see cref="PresentationUnits"/>
    /// (ISO/IEC 23009-1, 7.2.1). The nearest 100 ns of the exact time.
    /// </summary>
    public required TimeSpan PresentationTime { get; init; }

    /// <summary>When it is decoded, on the same timeline.</summary>
    public required TimeSpan DecodingTime { get; init; }

    /// <summary>
    /// Whether it is presented. One that is not is decoded, because others depend on it, and what comes out is dropped: what the edit list leaves out (the
    /// priming of audio), and what of a period lies before its beginning.
    /// </summary>
    public required bool IsPresented { get; init; }

    /// <summary>Whether decoding can begin here.</summary>
    public required bool IsSync { get; init; }

    /// <summary>Whether it was protected in the file.</summary>
    public required bool WasProtected { get; init; }
}
