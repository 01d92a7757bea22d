using System.IO.Pipelines;
using Keyway.Cli.Targets;
using Keyway.Timeline;

namespace Keyway.Cli;

/// <summary>
/// Writes a presentation of transport streams, or of packed audio, as its segments are, clear, one after the other: a target that is named as these are is never written as MP4.
/// </summary>
internal sealed class PlaySegments(Presentation presentation, TimeRange range, string path, OutputSet outputs)
{
    private const int CopyBytes = 128 << 10;
    private const byte PacketSync = 0x47;

    /// <summary>How many segments are in the file.</summary>
    public int Count { get; private set; }

    private bool IsTransportStream => TypeOf(path) == "video/mp2t";

    /// <summary>Whether a target is named as segments are.</summary>
    public static bool IsMeant(OutputTarget target) => target.Kind == OutputKind.File && TypeOf(target.Path) is not null;

    /// <summary>Writes it.</summary>
    /// <exception cref="UsageException">The presentation is live, or its segments are not what the target says, or those of several playlists.</exception>
    /// <exception cref="KeywayException">A segment cannot be had, is malformed, or has no key.</exception>
    public async Task WriteAsync(CancellationToken cancellationToken)
    {
        if (presentation.IsLive) throw Refusal("a live presentation is written as MP4");
        List<(Rendition Rendition, TimelineSegment Segment)> segments = [];
        foreach (TimelinePeriod period in presentation.Timeline.Periods) segments.AddRange(await SegmentsOfAsync(period, cancellationToken));
        if (segments.Count == 0) throw Refusal("there is no segment");
        Count = await outputs.WriteAsync(path, pipe => WriteAsync(segments, pipe, cancellationToken), cancellationToken);
    }

    private async Task<IEnumerable<(Rendition, TimelineSegment)>> SegmentsOfAsync(TimelinePeriod period, CancellationToken cancellationToken)
    {
        Rendition? first = null;
        IReadOnlyList<TimelineSegment> segments = [];
        foreach (PresentationTrack track in presentation.Tracks)
        {
            if (period.Renditions.FirstOrDefault(each => each.Kind == track.Kind && each.Id == track.Id) is not { } rendition) throw Refusal($"{PlayReport.Describe(track)} is not in {period.Path}");
            if (rendition.MimeType != TypeOf(path)) throw Refusal($"{PlayReport.Describe(track)} is {rendition.MimeType ?? "in another container"}; a target that ends in .mp4 takes all");
            IReadOnlyList<TimelineSegment> own;
            try
            {
                own = await presentation.SegmentsAsync(rendition, range, cancellationToken);
            }
            catch (RangeNotFoundException) when (presentation.Timeline.Periods.Count > 1)
            {
                own = [];
            }

            if (first is null) (first, segments) = (rendition, own);
            else if (!own.Select(static segment => (segment.Address, segment.Range)).SequenceEqual(segments.Select(static segment => (segment.Address, segment.Range))))
                throw Refusal("video and audio are in playlists of their own: leave one out (--audio none, --video none), or write .mp4, which takes both");
        }

        return segments.Select(segment => (first!, segment));
    }

    private async Task<int> WriteAsync(List<(Rendition Rendition, TimelineSegment Segment)> segments, PipeWriter pipe, CancellationToken cancellationToken)
    {
        Rendition? begun = null;
        foreach ((Rendition rendition, TimelineSegment segment) in segments)
        {
            // Tables that stand apart from their segments come before them.
            if (!ReferenceEquals(rendition, begun))
            {
                await using Stream head = await presentation.OpenInitializationAsync(rendition, cancellationToken);
                await head.CopyToAsync(pipe, cancellationToken);
                begun = rendition;
            }

            await using Stream clear = await presentation.OpenSegmentAsync(rendition, segment, cancellationToken);
            bool isFirst = true;
            while (true)
            {
                Memory<byte> room = pipe.GetMemory(CopyBytes);
                int read = await clear.ReadAsync(room, cancellationToken);
                if (isFirst && (read == 0 || (room.Span[0] == PacketSync) != IsTransportStream)) throw new MediaFormatException(segment.Name, new FormatError($"it is not {TypeOf(path)}, as its playlist's other segments are", "", 0));
                if (read == 0) break;
                isFirst = false;
                pipe.Advance(read);
                await pipe.FlushAsync(cancellationToken);
            }
        }

        return segments.Count;
    }

    private static string? TypeOf(string path) => Path.GetExtension(path).ToLowerInvariant() switch
    {
        ".ts" or ".mts" or ".m2ts" => "video/mp2t",
        ".aac" or ".adts" => "audio/aac",
        ".ac3" => "audio/ac3",
        ".ec3" or ".eac3" => "audio/eac3",
        _ => null,
    };

    private UsageException Refusal(string reason) => new($"--to {Path.GetFileName(path)}: {reason}");
}
