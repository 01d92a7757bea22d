using Keyway.Manifests.Hls.Model;
using Keyway.Manifests.Hls.Text;
using Keyway.Sources;

namespace Keyway.Manifests.Hls.Reading;

/// <summary>Reads HLS playlists (RFC 8216bis) of either kind.</summary>
/// <remarks>
/// A playlist is not trusted: nothing is fetched, its size and all its counts are bounded. What is wrong with a tag that decides what is played, and with what key, is an
/// error; what is wrong with one that only describes is noted.
/// </remarks>
internal static class M3u8Reader
{
    /// <summary>Reads a playlist.</summary>
    /// <param name="document">Its bytes, and where it was found: relative addresses count from there.</param>
    /// <param name="imports">The variables of the multivariant playlist that names it; <see langword="null"/>: there is none.</param>
    /// <param name="previous">The last whole copy of a media playlist, for an update that leaves out what stands there.</param>
    /// <exception cref="ManifestException">It is none, or cannot be understood.</exception>
    public static HlsPlaylist Read(SourceDocument document, PlaylistVariables? imports = null, MediaPlaylist? previous = null)
    {
        PlaylistText text = new(document, imports);
        PlaylistLine? multivariant = null, media = null, address = null;
        while (text.TryNext(out PlaylistLine line, out _))
        {
            if (line.Tag.Length == 0) address ??= line;
            else if (PlaylistTags.IsMultivariant(line.Tag)) multivariant ??= line;
            else if (PlaylistTags.IsMedia(line.Tag)) media ??= line;
            if (multivariant is { } one && media is { } other)
                throw text.Broken(one.Number > other.Number ? one : other, $"tags of a multivariant playlist and of a media playlist in one: the other stands at {(one.Number > other.Number ? other : one)}");
        }

        text.Rewind();
        if (multivariant is not null) return new MultivariantReader(text).Read();
        if (media is not null) return new MediaPlaylistReader(text, previous).Read();
        throw text.Broken(address ?? default, address is null ? "the playlist has neither variants nor segments" : "an address without EXTINF: the playlist has neither variants nor segments");
    }
}
