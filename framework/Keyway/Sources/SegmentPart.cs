using System.Globalization;

namespace Keyway.Sources;

/// <summary>One piece of a <see cref="SegmentStream"/>.</summary>
/// <param name="Address">Where it is.</param>
/// <param name="Range">The part that is wanted; <see langword="null"/>: all.</param>
/// <param name="IsMedia">Whether it is a media segment and counts in the progress; <see langword="false"/> for an initialisation segment.</param>
/// <param name="Alternatives">Where else it is.</param>
internal readonly record struct SegmentPart(Uri Address, ByteRange? Range, bool IsMedia, IReadOnlyList<Uri>? Alternatives = null)
{
    /// <summary>What makes of the bytes that are there those that are meant; <see langword="null"/>: they are the same.</summary>
    public ISegmentOpening? Opening { get; init; }

    /// <summary>Finds where else it is, where that has to be read first; asked when no known address has it. <see langword="null"/>: nowhere.</summary>
    public Func<CancellationToken, ValueTask<IReadOnlyList<Uri>>>? Mirrors { get; init; }

    /// <summary>Its name for messages: the address without its query, and the bytes where it is a part of a file.</summary>
    public string Name => Range is { } range ? string.Create(CultureInfo.InvariantCulture, $"{SourceText.Of(Address)} bytes {range}") : SourceText.Of(Address);
}
