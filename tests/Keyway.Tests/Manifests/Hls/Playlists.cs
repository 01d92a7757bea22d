using System.Text;
using Keyway.Manifests.Hls.Model;
using Keyway.Manifests.Hls.Reading;
using Keyway.Manifests.Hls.Text;
using Keyway.Sources;

namespace Keyway.Manifests.Hls;

/// <summary>Playlists from texts.</summary>
internal static class Playlists
{
    public const string Address = "https://cdn.example/film/list.m3u8";

    /// <summary>What a media playlist must have.</summary>
    public const string Head = "#EXTM3U\n#EXT-X-TARGETDURATION:10\n";

    public static SourceDocument Document(string text, string address = Address) => Document(Encoding.UTF8.GetBytes(text), address);

    public static SourceDocument Document(byte[] bytes, string address = Address) => new() { Content = bytes, Origin = ContentOrigin.Of(new Uri(address)) };

    public static HlsPlaylist Read(string text, string address = Address, PlaylistVariables? imports = null, MediaPlaylist? previous = null) =>
        M3u8Reader.Read(Document(text, address), imports, previous);

    /// <summary>A media playlist of what follows its head.</summary>
    public static MediaPlaylist Media(string rest, string address = Address, PlaylistVariables? imports = null, MediaPlaylist? previous = null) =>
        (MediaPlaylist)Read(Head + rest, address, imports, previous);

    public static MultivariantPlaylist Multivariant(string rest, string address = Address) => (MultivariantPlaylist)Read("#EXTM3U\n" + rest, address);

    public static Action Reading(string text, string address = Address, PlaylistVariables? imports = null) => () => Read(text, address, imports);
}
