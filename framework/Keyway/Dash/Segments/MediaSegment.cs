using Keyway.Sources;

namespace Keyway.Dash;

/// <summary>One segment of a representation.</summary>
internal readonly record struct MediaSegment
{
    /// <summary>Where it is.</summary>
    public required Uri Address { get; init; }

    /// <summary>The part of it that is the segment; <see langword="null"/>: all.</summary>
    public ByteRange? Range { get; init; }

    /// <summary>Where else it is: other servers that the manifest names for the same content.</summary>
    public IReadOnlyList<Uri>? Alternatives { get; init; }

    /// <summary>Its number.</summary>
    public ulong Number { get; init; }

    /// <summary>When it begins, in units of <see cref="RepresentationSegments.Timescale"/>, on the clock of the media.</summary>
    public ulong Time { get; init; }

    /// <summary>Its duration in the same units; 0 when the manifest does not say.</summary>
    public ulong Duration { get; init; }
}
