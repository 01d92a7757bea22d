namespace Keyway.Manifests.Hls.Model;

/// <summary>An <c>EXT-X-RENDITION-REPORT</c>: how far another playlist has got.</summary>
/// <param name="Address">Its address as written, variables expanded.</param>
/// <param name="LastSegment">The number of its last segment.</param>
/// <param name="LastPart">The last part of that.</param>
internal sealed record RenditionReport(string Address, ulong? LastSegment, ulong? LastPart);
