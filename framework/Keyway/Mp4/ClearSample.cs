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

    /// <summary>How much later it is shown than decoded.</summary>
    public required int CompositionOffset { get; init; }

    /// <summary>Whether decoding can begin here.</summary>
    public required bool IsSync { get; init; }

    /// <summary>Whether it was protected in the file.</summary>
    public required bool WasProtected { get; init; }
}
