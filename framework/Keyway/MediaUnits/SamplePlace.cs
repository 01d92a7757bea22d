namespace Keyway.MediaUnits;

/// <summary>When the samples of a range of a stream are played, and which of them: a period of a presentation, or a part of one.</summary>
/// <remarks>Threads: one writes the end while another reads it.</remarks>
internal sealed class SamplePlace
{
    private long _end = long.MaxValue;

    /// <summary>How much later than their own times say they are played.</summary>
    public TimeSpan Shift { get; init; }

    /// <summary>When the period begins, on the clock that <see cref="Shift"/> leads to: what is presented before is dropped (ISO/IEC 23009-1, 7.2.1).</summary>
    public TimeSpan? Start { get; init; }

    /// <summary>When it ends, on the same clock: what is presented from then on is dropped. Of a live presentation it may become known while samples are read.</summary>
    public TimeSpan? End
    {
        get => Interlocked.Read(ref _end) is var ticks and < long.MaxValue ? TimeSpan.FromTicks(ticks) : null;
        set => Interlocked.Exchange(ref _end, value?.Ticks ?? long.MaxValue);
    }

    /// <summary>How its samples lead to the timeline of the presentation.</summary>
    public MediaClock Clock { get; init; } = MediaClock.OfFile;

    /// <summary>How far past the end a fragment may reach and is left whole: the stated length of a presentation is often rounded.</summary>
    public TimeSpan EndSlack { get; init; }

    /// <summary>The same range with other samples: what says its time differently.</summary>
    /// <param name="shift">How much later its samples are played.</param>
    /// <param name="window">How much later, on the same clock, the period begins and ends.</param>
    public SamplePlace Moved(TimeSpan shift, TimeSpan window) => new() { Clock = Clock with { Late = Clock.Late + shift }, Shift = Shift + shift, Start = Start + window, End = End + window, EndSlack = EndSlack };
}
