using Keyway.Manifests.Hls.Text;

namespace Keyway.Manifests.Hls.Model;

/// <summary>An <c>EXT-X-DATERANGE</c>: something that is said of a stretch of time.</summary>
internal sealed record DateRange
{
    /// <summary>Where it stands.</summary>
    public required PlaylistLine Line { get; init; }

    /// <summary>Its name.</summary>
    public required string Id { get; init; }

    /// <summary>When it begins.</summary>
    public DateTimeOffset? Start { get; init; }

    /// <summary>When it ends.</summary>
    public DateTimeOffset? End { get; init; }

    /// <summary>How long it is.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>Whether it ends where the next of its class begins.</summary>
    public bool EndsOnNext { get; init; }

    /// <summary>All that is said of it.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Attributes { get; init; } = [];
}
