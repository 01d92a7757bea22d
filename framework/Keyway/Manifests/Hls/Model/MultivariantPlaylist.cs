namespace Keyway.Manifests.Hls.Model;

/// <summary>A playlist of variants and renditions (RFC 8216bis, 4.4.6).</summary>
internal sealed record MultivariantPlaylist : HlsPlaylist
{
    /// <summary>The variants, and what is for trick play, in their order.</summary>
    public IReadOnlyList<StreamTag> Streams { get; init; } = [];

    /// <summary>The renditions of their groups, in their order.</summary>
    public IReadOnlyList<MediaTag> Media { get; init; } = [];

    /// <summary>The keys of the session: hints, of no playlist in particular.</summary>
    public IReadOnlyList<KeyTag> SessionKeys { get; init; } = [];

    /// <summary>What else is said of the session.</summary>
    public IReadOnlyList<SessionData> Data { get; init; } = [];
}
