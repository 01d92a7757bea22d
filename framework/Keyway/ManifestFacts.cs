using Keyway.Content;
using Keyway.Timeline;

namespace Keyway;

/// <summary>What a manifest says at one moment, and nothing else: no segment was looked at, and no licence asked for.</summary>
public sealed record ManifestFacts
{
    /// <summary>Where it is, as the caller named it.</summary>
    public required Uri Source { get; init; }

    /// <summary>Its form.</summary>
    public required ContentKind Kind { get; init; }

    /// <summary>Its periods and renditions. Of HLS the playlists of what would be played have been read, those of the others not.</summary>
    public required PresentationTimeline Timeline { get; init; }

    /// <summary>How far the <c>Date</c> of its server was ahead of our clock when the answer came; <see langword="null"/>: the answer had none.</summary>
    public TimeSpan? ServerAhead { get; init; }

    /// <summary>
    /// A digest of everything that it says about protection: schemes, keys, headers, licence servers. Another manifest with the same digest says the same. Not a secret, and
    /// not kept from one version of the framework to the next.
    /// </summary>
    public required string ProtectionDigest { get; init; }
}
