using System.Buffers;
using System.Text;
using Keyway.Cpix.Xml;
using Keyway.Dash;
using Keyway.Manifests.Hls.Model;
using Keyway.Manifests.Hls.Reading;
using Keyway.Manifests.Hls.Segments;
using Keyway.Protection;
using Keyway.Sources;
using Keyway.Timeline;

namespace Keyway.Cpix;

/// <summary>Reads the snippets that a document has for manifests and playlists, with the readers of those: it is what would stand there. Addresses are shown without their ends: playlists may hold keys in them.</summary>
internal static class CpixSignals
{
    private const int LongestScheme = 16;

    private static readonly SearchValues<char> SchemeLetters = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+-.");

    private static readonly Uri Nowhere = new("https://cpix.invalid/");

    /// <summary>Reads one.</summary>
    /// <param name="element">Its element's name.</param>
    /// <param name="system">The protection system.</param>
    /// <param name="bytes">Its content.</param>
    public static CpixSignalContent Read(string element, SystemId system, byte[] bytes)
    {
        try
        {
            return element switch
            {
                "ContentProtectionData" => OfDash(system, bytes),
                "HLSSignalingData" => OfHls(bytes),
                "URIExtXKey" => new CpixSignalContent([], [$"the key's address is {AddressOf(Encoding.UTF8.GetString(bytes).Trim())}"]),
                "HDSSignalingData" => new CpixSignalContent([], []),
                _ => OfHeader(system, bytes),
            };
        }
        catch (ManifestException)
        {
            // Its words may quote what it is about.
            return new CpixSignalContent([], [], element == "HLSSignalingData" ? "these are no tags of a playlist" : "this is no content of a ContentProtection element");
        }
    }

    private static CpixSignalContent OfHeader(SystemId system, byte[] bytes)
    {
        IReadOnlyList<PsshBox> boxes = PsshBox.ReadHeader(system, bytes);
        string? problem = boxes.Count == 0 ? "this is no whole pssh box" : boxes.FirstOrDefault(box => box.System != system) is { } other ? $"the header is for {SystemIds.NameOf(other.System)}" : null;
        return new CpixSignalContent(boxes, [], problem);
    }

    private static CpixSignalContent OfDash(SystemId system, byte[] bytes)
    {
        string fragment = Encoding.UTF8.GetString(bytes).Trim('\uFEFF', ' ', '\t', '\r', '\n');
        // Some have the element itself there.
        string element = fragment.StartsWith("<ContentProtection", StringComparison.Ordinal) ? fragment : $"<ContentProtection schemeIdUri=\"urn:uuid:{system}\">{fragment}</ContentProtection>";
        Manifest manifest = ManifestReader.Read(Encoding.UTF8.GetBytes($"<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\"><Period><AdaptationSet>{element}</AdaptationSet></Period></MPD>"), Nowhere);
        List<PsshBox> headers = [];
        List<string> facts = [];
        foreach (ContentProtection protection in manifest.ContentProtections)
        {
            headers.AddRange(protection.Pssh.SelectMany(static pssh => pssh.Boxes));
            headers.AddRange(protection.Pro.Select(static pro => pro.Box).OfType<PsshBox>());
            foreach (LicenseUrlElement url in protection.LicenseUrls)
                if (url.Url is { } address) facts.Add($"names a licence server at {AddressOf(address.OriginalString)}");
        }

        return new CpixSignalContent(headers, facts);
    }

    private static CpixSignalContent OfHls(byte[] bytes)
    {
        string text = Encoding.UTF8.GetString(bytes).Trim('\uFEFF', ' ', '\t', '\r', '\n');
        string playlist = text.Contains("#EXT-X-SESSION-KEY", StringComparison.Ordinal)
            ? $"#EXTM3U\n{text}\n#EXT-X-STREAM-INF:BANDWIDTH=1\nx\n"
            : $"#EXTM3U\n#EXT-X-TARGETDURATION:1\n{text}\n#EXTINF:1,\nx\n";
        HlsPlaylist read = M3u8Reader.Read(new SourceDocument { Content = Encoding.UTF8.GetBytes(playlist), Origin = ContentOrigin.Of(Nowhere) });
        IReadOnlyList<KeyTag> tags = read switch
        {
            MultivariantPlaylist multivariant => multivariant.SessionKeys,
            MediaPlaylist { Segments: [{ Keys: { } keys }, ..] } => keys,
            _ => [],
        };
        List<PsshBox> headers = [];
        List<string> facts = [];
        foreach (KeyTag tag in tags)
        {
            RenditionProtection said = HlsProtection.Of(tag, tags);
            headers.AddRange(said.Headers.Select(static header => header.Box));
            string id = tag.KeyId is { } kid ? $", KEYID {kid}" : "", vector = tag.Vector.IsEmpty ? "" : ", with an IV";
            facts.Add($"METHOD={tag.MethodText}, KEYFORMAT {CpixCursor.Shorten(tag.Format)}{id}{vector}, URI {AddressOf(tag.UriText)}");
        }

        return tags.Count > 0 ? new CpixSignalContent(headers, facts) : new CpixSignalContent([], [], "there is no EXT-X-KEY and no EXT-X-SESSION-KEY in it");
    }

    /// <summary>Scheme and host: what stands behind them may be a key, or open it.</summary>
    private static string AddressOf(string text)
    {
        if (text.Length == 0) return "none";
        if (Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https") return $"{uri.Scheme}://{CpixCursor.Shorten(uri.Authority)}/…";
        // What stands behind skd: is often no address that a library takes for one.
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon is > 0 and <= LongestScheme && text.AsSpan(0, colon).IndexOfAnyExcept(SchemeLetters) < 0 ? $"{text[..colon]}:…" : "no absolute address";
    }
}
