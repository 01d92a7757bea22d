namespace Keyway.Manifests.Hls.Model;

/// <summary>An <c>EXT-X-SERVER-CONTROL</c>: what a server of a live playlist can do.</summary>
internal sealed record ServerControl
{
    /// <summary>Whether it holds a request until what is asked for is there.</summary>
    public bool CanBlockReload { get; init; }

    /// <summary>How old a copy may be at most, counted from its end, that an update without its older segments goes on from; <see langword="null"/>: there are none.</summary>
    public TimeSpan? CanSkipUntil { get; init; }

    /// <summary>Whether such updates leave out date ranges as well.</summary>
    public bool CanSkipDateRanges { get; init; }

    /// <summary>How far from the end it wants to be played; <see langword="null"/>: three target durations.</summary>
    public TimeSpan? HoldBack { get; init; }

    /// <summary>The same for who plays parts.</summary>
    public TimeSpan? PartHoldBack { get; init; }
}
