namespace Keyway.Manifests.Hls.Model;

/// <summary>An <c>EXT-X-START</c>: where the author would begin.</summary>
/// <param name="Offset">From the beginning; where it is negative, from the end.</param>
internal sealed record StartTag(TimeSpan Offset);
