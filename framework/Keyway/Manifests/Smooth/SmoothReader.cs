using System.Buffers;
using System.Text;
using Keyway.Manifests.Smooth.Reading;
using Keyway.Sources;
using Keyway.Timeline;

namespace Keyway.Manifests.Smooth;

/// <summary>Reads Smooth Streaming manifests as a timeline.</summary>
internal sealed class SmoothReader : ITimelineReader
{
    private static readonly SearchValues<char> NameEnds = SearchValues.Create(" \t\r\n/>");

    public bool IsNamed(string extension) => extension == ".ismc";

    public bool Begins(ReadOnlySpan<byte> beginning) => RootOf(beginning) == SmoothManifestReader.Root;

    /// <summary><c>film.ism/Manifest</c>, where what begins is markup and its root has not come yet. Servers have other manifests at such addresses, too.</summary>
    public bool IsLikely(Uri source, ReadOnlySpan<byte> beginning)
    {
        string[] segments = source.AbsolutePath.Split('/');
        return segments is [.., var folder, var last] && last.StartsWith("manifest", StringComparison.OrdinalIgnoreCase) && (last.Length == 8 || last[8] == '(')
            && (folder.EndsWith(".ism", StringComparison.OrdinalIgnoreCase) || folder.EndsWith(".isml", StringComparison.OrdinalIgnoreCase)) && RootOf(beginning)?.Length == 0;
    }

    public async ValueTask<PresentationTimeline> ReadAsync(MediaSources sources, Uri source, TrackWishes wishes, bool everyTrack, ISegmentKeys? keys, CancellationToken cancellationToken)
    {
        SourceDocument document = await sources.ReadManifestAsync(source, cancellationToken).ConfigureAwait(false);
        return new SmoothPresentation(sources, SmoothManifestReader.Read(document)).ToTimeline();
    }

    /// <summary>The name of the root element, as far as markup has come.</summary>
    /// <returns>Empty: it has not come yet; <see langword="null"/>: this is no markup.</returns>
    private static string? RootOf(ReadOnlySpan<byte> beginning)
    {
        // UTF-8 with or without its mark, or UTF-16 either way round.
        string text = beginning switch
        {
            [0xFF, 0xFE, ..] or [(byte)'<', 0, ..] => Encoding.Unicode.GetString(beginning),
            [0xFE, 0xFF, ..] or [0, (byte)'<', ..] => Encoding.BigEndianUnicode.GetString(beginning),
            _ => Encoding.UTF8.GetString(beginning),
        };
        ReadOnlySpan<char> rest = text.AsSpan().TrimStart("\uFEFF \t\r\n");
        if (rest.IsEmpty || rest[0] != '<') return null;
        while (rest.StartsWith("<?") || rest.StartsWith("<!"))
        {
            string end = rest.StartsWith("<?") ? "?>" : rest.StartsWith("<!--") ? "-->" : ">";
            int at = rest.IndexOf(end, StringComparison.Ordinal);
            if (at < 0) return "";
            rest = rest[(at + end.Length)..].TrimStart();
        }

        if (rest.IsEmpty) return "";
        if (rest[0] != '<') return null;
        int length = rest[1..].IndexOfAny(NameEnds);
        if (length < 0) return "";
        ReadOnlySpan<char> name = rest.Slice(1, length);
        return name[(name.IndexOf(':') + 1)..].ToString();
    }
}
