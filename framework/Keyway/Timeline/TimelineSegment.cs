using System.Globalization;
using Keyway.Sources;

namespace Keyway.Timeline;

/// <summary>One media segment of a rendition: the unit in which a presentation is fetched, checked and handed on.</summary>
internal readonly record struct TimelineSegment
{
    /// <summary>Where it is.</summary>
    public required SegmentPart Part { get; init; }

    /// <summary>Its number.</summary>
    public ulong Number { get; init; }

    /// <summary>When it begins, on the clock of the media.</summary>
    public TimeSpan Start { get; init; }

    /// <summary>How long it is; zero: that is not said, and nor is <see cref="Start"/>.</summary>
    public TimeSpan Length { get; init; }

    /// <summary>Its name for messages: the address without its query, and the bytes where it is a part of a file.</summary>
    public string Name => NameOf(Part);

    /// <summary>The name of a part for messages.</summary>
    public static string NameOf(SegmentPart part) =>
        part.Range is { } range ? string.Create(CultureInfo.InvariantCulture, $"{SourceText.Of(part.Address)} bytes {range}") : SourceText.Of(part.Address);
}
