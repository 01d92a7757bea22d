using Keyway.Content;
using Keyway.Licensing;

namespace Keyway;

/// <summary>What a licence lets a sink do with one key of one track: said before a sample is read, by the rules that decide when one is.</summary>
public sealed record PolicyPreview
{
    /// <summary>The track: a chosen one, or another rendition whose key came along.</summary>
    public required ContentTrack Track { get; init; }

    /// <summary>The key.</summary>
    public required KeyId Key { get; init; }

    /// <summary>The sink's name.</summary>
    public required string Sink { get; init; }

    /// <summary>Whether the sink gets the track's samples now.</summary>
    public bool IsAllowed => Status == KeyStatus.Usable;

    /// <summary>How the key stands for this sink and this track's frame size; <see langword="null"/>: no licence that is here holds it.</summary>
    public KeyStatus? Status { get; init; }

    /// <summary>Why it does not get them; <see langword="null"/>: it does.</summary>
    public string? Reason { get; init; }

    /// <summary>From when on, where that is still to come.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Until when, if the first sample is read now; <see langword="null"/>: nothing ends it.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>By when the first sample must be read; <see langword="null"/>: whenever, or one has been.</summary>
    public DateTimeOffset? FirstUseBefore { get; init; }

    /// <summary>How long it goes on from the first sample; <see langword="null"/>: that does not count.</summary>
    public TimeSpan? AfterFirstUse { get; init; }

    /// <summary>The largest frame size (width × height) that the sink may have with this key; 0: none; <see langword="null"/>: the licence bounds none, or it is no video.</summary>
    public long? MostPixels { get; init; }
}
