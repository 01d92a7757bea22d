namespace Keyway.Manifests.Hls.Model;

/// <summary>An <c>EXT-X-SESSION-DATA</c>.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Value">The value; <see langword="null"/>: it is elsewhere.</param>
/// <param name="Address">Where it is, as written.</param>
/// <param name="Language">Its language.</param>
internal sealed record SessionData(string Id, string? Value, string? Address, string? Language);
