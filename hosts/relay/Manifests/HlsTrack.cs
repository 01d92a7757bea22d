using System.Globalization;
using System.Text;
using Keyway.Relay.Endpoints;
using Keyway.Relay.Serving;
using Keyway.Timeline;

namespace Keyway.Relay.Manifests;

/// <summary>One media playlist: a rendition through all periods. Its numbers go on from one answer to the next, whatever the original counts.</summary>
/// <remarks>Threads: any.</remarks>
/// <param name="number">Its number.</param>
internal sealed class HlsTrack(int number)
{
    private readonly Lock _gate = new();
    private List<(int Period, ulong Time)> _listed = [];
    private ulong _firstNumber;
    private ulong _discontinuities;
    private int _target;

    /// <summary>Its number: its address.</summary>
    public int Number => number;

    /// <summary>Writes it.</summary>
    /// <param name="parts">The periods in order, each with the rendition that goes on there.</param>
    /// <param name="live">Of a live presentation its times; <see langword="null"/>: all of it is there.</param>
    public string Write(IReadOnlyList<(ServedPeriod Period, ServedRendition Rendition, RenditionSegments Media)> parts, LiveTimes? live)
    {
        lock (_gate)
        {
            Note([.. parts.SelectMany(static part => part.Media.Segments.Select(segment => (part.Period.Number, segment.Duration > 0 ? segment.Time : segment.Number)))]);
            TimeSpan longest = parts.SelectMany(static part => part.Media.Segments.Select(segment => LengthOf(part.Period, segment))).DefaultIfEmpty(TimeSpan.FromSeconds(1)).Max();
            // It may never change (RFC 8216, 6.2.1).
            if (_target == 0) _target = Math.Max(1, (int)Math.Ceiling(longest.TotalSeconds - 0.0005));
            StringBuilder text = new("#EXTM3U\n");
            text.Append(CultureInfo.InvariantCulture, $"#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:{_target}\n#EXT-X-MEDIA-SEQUENCE:{_firstNumber}\n");
            if (_discontinuities > 0) text.Append(CultureInfo.InvariantCulture, $"#EXT-X-DISCONTINUITY-SEQUENCE:{_discontinuities}\n");
            if (live is null) text.Append("#EXT-X-PLAYLIST-TYPE:VOD\n");
            if (parts.Any(static part => part.Rendition.Rendition.IsTrickMode)) text.Append("#EXT-X-I-FRAMES-ONLY\n");
            bool isFirst = true;
            foreach ((ServedPeriod period, ServedRendition rendition, RenditionSegments media) in parts)
            {
                if (media.Segments.Count == 0) continue;
                if (!isFirst) text.Append("#EXT-X-DISCONTINUITY\n");
                isFirst = false;
                if (media.Facts.Parts is [{ } first, ..]) text.Append(CultureInfo.InvariantCulture, $"#EXT-X-MAP:URI=\"../{rendition.Folder}/{MediaEndpoints.File}\",BYTERANGE=\"{first.First}@0\"\n");
                if (Map(rendition, media.Facts) is { } map) text.Append(CultureInfo.InvariantCulture, $"#EXT-X-MAP:URI=\"../{rendition.Folder}/{map}\"\n");
                if (live is not null) text.Append(CultureInfo.InvariantCulture, $"#EXT-X-PROGRAM-DATE-TIME:{live.AvailabilityStart + period.Start + media.Facts.StartOf(media.Segments[0]):yyyy-MM-dd'T'HH:mm:ss.fffK}\n");
                foreach (TimelineSegment segment in media.Segments)
                {
                    text.Append(CultureInfo.InvariantCulture, $"#EXTINF:{LengthOf(period, segment).TotalSeconds:0.######},\n");
                    if (media.Facts.Parts.Count > 0 && segment.Range is { Last: { } last } range) text.Append(CultureInfo.InvariantCulture, $"#EXT-X-BYTERANGE:{last - range.First + 1}@{range.First}\n");
                    text.Append(CultureInfo.InvariantCulture, $"../{rendition.Folder}/{(media.Facts.IsWholeFile ? MediaEndpoints.File : NameOf(segment, media.Facts.Extension))}\n");
                }
            }

            if (live is null) text.Append("#EXT-X-ENDLIST\n");
            return text.ToString();
        }
    }

    /// <summary>What a segment is called: by its time where that is known, which no other segment has.</summary>
    public static SegmentName NameOf(TimelineSegment segment, string extension) => segment.Duration > 0 ? new SegmentName(IsTime: true, segment.Time, extension) : new SegmentName(IsTime: false, segment.Number, extension);

    private static string? Map(ServedRendition rendition, MediaFacts facts) => facts switch
    {
        { IsWholeFile: true } or { HasInitialization: false } => null,
        { Form: MediaForm.Mp4 } => MediaEndpoints.Initialization,
        _ => MediaEndpoints.OwnInitialization,
    };

    private static TimeSpan LengthOf(ServedPeriod period, TimelineSegment segment) => segment.Duration > 0 ? segment.Length : period.Duration ?? TimeSpan.FromSeconds(1);

    /// <summary>Counts on: what has left the window has had its numbers.</summary>
    private void Note(List<(int Period, ulong Time)> listed)
    {
        if (_listed.Count > 0 && listed.Count > 0)
        {
            int gone = _listed.IndexOf(listed[0]);
            // All of it has, and perhaps more that nobody asked for meanwhile.
            if (gone < 0 && !listed.Contains(_listed[0])) gone = _listed.Count;
            for (int i = 0; i < gone; i++)
            {
                _firstNumber++;
                (int Period, ulong Time) next = i + 1 < _listed.Count ? _listed[i + 1] : listed[0];
                if (next.Period != _listed[i].Period) _discontinuities++;
            }
        }

        if (listed.Count > 0) _listed = listed;
    }
}
