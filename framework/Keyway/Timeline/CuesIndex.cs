using Keyway.Containers.WebM.Ebml;
using Keyway.Containers.WebM.Packing;
using Keyway.Containers.WebM.Structure;
using Keyway.Sources;

namespace Keyway.Timeline;

/// <summary>Reads the index of a WebM file: its <c>Cues</c>, which lead to clusters. Segments begin and end with those, however many cues lead into one.</summary>
internal static class CuesIndex
{
    private const int FirstLook = 64 << 10;

    /// <summary>Whether an index is one.</summary>
    public static bool Begins(ReadOnlySpan<byte> index) => EbmlHead.TryRead(index, out EbmlHead head, out _) && head.Id == EbmlId.Cues;

    /// <summary>Finds the index of a file that no manifest describes.</summary>
    /// <param name="source">What opens the file.</param>
    /// <param name="file">The file.</param>
    /// <param name="beginning">Its first bytes.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>Its bytes; <see langword="null"/>: none is found before the clusters, nor said by <c>SeekHead</c>.</returns>
    public static async ValueTask<ByteRange?> FindAsync(AlternativeSource source, SegmentPart file, ReadOnlyMemory<byte> beginning, CancellationToken cancellationToken)
    {
        if (Look(beginning.Span) is not { } at) return null;
        ReadOnlyMemory<byte> head = await source.ReadAsync(file with { Range = new ByteRange(at, at + EbmlHead.Most - 1) }, EbmlHead.Most, cancellationToken).ConfigureAwait(false);
        return EbmlHead.TryRead(head.Span, out EbmlHead cues, out _) && cues is { Id: EbmlId.Cues, Size: >= 0 and < WebMLimits.CuesBytes } ? new ByteRange(at, at + cues.Length + cues.Size - 1) : null;
    }

    /// <summary>Reads the segments.</summary>
    /// <param name="source">What opens the file.</param>
    /// <param name="list">The list with the index.</param>
    /// <param name="range">Where the index is.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="MediaFormatException">The index, or what describes the file, is malformed.</exception>
    /// <exception cref="SourceException">The file cannot be reached.</exception>
    public static async ValueTask<IReadOnlyList<TimelineSegment>> ReadAsync(AlternativeSource source, SegmentList list, ByteRange range, CancellationToken cancellationToken)
    {
        SegmentPart file = list.WholeFile;
        string name = SourceText.Of(file.Address);
        ReadOnlyMemory<byte> head = await source.ReadAsync(file with { Range = new ByteRange(range.First, range.First + EbmlHead.Most - 1) }, EbmlHead.Most, cancellationToken).ConfigureAwait(false);
        if (!EbmlHead.TryRead(head.Span, out EbmlHead element, out _) || element.Size is < 0 or > WebMLimits.CuesBytes)
            throw new MediaFormatException(name, new FormatError("the index is no Cues of a size that is accepted", "Segment/Cues", range.First));
        long length = element.Length + element.Size;
        ReadOnlyMemory<byte> index = await source.ReadAsync(file with { Range = new ByteRange(range.First, range.First + length - 1) }, (int)length, cancellationToken).ConfigureAwait(false);
        if (!CuesReader.TryRead(index.Span, range.First, out IReadOnlyList<(ulong Time, ulong Position)> cues, out FormatError error)) throw new MediaFormatException(name, error);
        WebMDescription description = await DescribeAsync(source, list, file, name, cancellationToken).ConfigureAwait(false);
        return cues.Count == 0 ? [] : [.. Segments(file, name, cues, description, range.First, range.First + length)];
    }

    private static IEnumerable<TimelineSegment> Segments(SegmentPart file, string name, IReadOnlyList<(ulong Time, ulong Position)> cues, WebMDescription description, long indexAt, long indexEnd)
    {
        WebMClock clock = description.Clock;
        UInt128 whole = (UInt128)(description.Duration * clock.Factor);
        // A block is presented so much before its time (RFC 9559, 5.1.4.1.26): a cue right behind the end of a presentation leads to what ends it.
        UInt128 delay = description.Tracks.Count == 0 ? 0 : description.Tracks.Min(static track => track.CodecDelay) * (UInt128)clock.Timescale / 1_000_000_000;
        for (int i = 0; i < cues.Count; i++)
        {
            long first = PlaceOf(cues[i].Position);
            ulong time = UnitsOf(cues[i].Time);
            if (i > 0 && time < UnitsOf(cues[i - 1].Time)) throw new MediaFormatException(name, new FormatError("a cue that leads further on has an earlier time", "Segment/Cues", indexAt));
            // Nothing that stands between the description and the first cluster with a cue is lost.
            long? last = i + 1 < cues.Count ? PlaceOf(cues[i + 1].Position) - 1 : description.SegmentEnd - 1;
            if (last < first) throw new MediaFormatException(name, new FormatError("a cue leads out of the segment", "Segment/Cues", indexAt));
            if (i == 0) first = Math.Min(first, Math.Max(description.End, indexAt < first ? indexEnd : 0));
            UInt128 end = i + 1 < cues.Count ? UnitsOf(cues[i + 1].Time) : whole;
            yield return new TimelineSegment
            {
                Address = file.Address,
                Range = new ByteRange(first, last),
                Alternatives = file.Alternatives,
                Number = (ulong)i + 1,
                Time = time,
                Duration = end > time ? (ulong)UInt128.Min(end - time, ulong.MaxValue) : 0,
                Timescale = clock.Timescale,
            };
        }

        long PlaceOf(ulong position) => position <= (ulong)(long.MaxValue - description.SegmentStart) ? description.SegmentStart + (long)position
            : throw new MediaFormatException(name, new FormatError("a cue leads out of the file", "Segment/Cues", indexAt));

        ulong UnitsOf(ulong time) => (UInt128)time * clock.Factor is var units && units > delay ? (ulong)UInt128.Min(units - delay, ulong.MaxValue / 4) : 0;
    }

    /// <summary>Reads what describes the file: the part that the manifest names, or as much from its beginning as it takes.</summary>
    private static async ValueTask<WebMDescription> DescribeAsync(AlternativeSource source, SegmentList list, SegmentPart file, string name, CancellationToken cancellationToken)
    {
        if (list.Initialization is { Range: { } range } initialization && initialization.Address == file.Address)
            return WebMDescription.Read(await source.ReadAsync(file with { Range = range }, ManifestLimits.InitializationBytes, cancellationToken).ConfigureAwait(false), name);
        for (int wanted = FirstLook; ; wanted *= 16)
        {
            ReadOnlyMemory<byte> bytes = await source.ReadAsync(file with { Range = new ByteRange(0, wanted - 1) }, wanted, cancellationToken).ConfigureAwait(false);
            try
            {
                return WebMDescription.Read(bytes, name);
            }
            catch (MediaFormatException) when (bytes.Length == wanted && wanted < WebMLimits.BytesBeforeTracks / 16)
            {
                // It may be behind what was read.
            }
        }
    }

    /// <summary>Where <c>Cues</c> is, by the beginning of a file: met, or said.</summary>
    private static long? Look(ReadOnlySpan<byte> bytes)
    {
        long? said = null;
        long start = -1;
        for (long at = 0; at < bytes.Length && EbmlHead.TryRead(bytes[(int)at..], out EbmlHead head, out _);)
        {
            if (start < 0 && head.Id == EbmlId.Segment)
            {
                start = at += head.Length;
                continue;
            }

            if (head.Id == EbmlId.Cues) return at;
            if (head.Id == EbmlId.Cluster || head.Size < 0) return said;
            if (head.Id == EbmlId.SeekHead && start >= 0 && head.Size <= bytes.Length - at - head.Length) said = Seek(bytes.Slice((int)at + head.Length, (int)head.Size)) is { } place && place < long.MaxValue / 2 ? start + place : said;
            at += head.Length + head.Size;
        }

        return said;
    }

    private static long? Seek(ReadOnlySpan<byte> content)
    {
        EbmlCursor entry = new(content, 0, "Segment/SeekHead");
        while (entry.MoveNext())
        {
            ulong id = 0, position = ulong.MaxValue;
            EbmlCursor field = entry.Enter();
            while (field.MoveNext())
            {
                if (field.Id == EbmlId.SeekId) id = field.Number();
                else if (field.Id == EbmlId.SeekPosition) position = field.Number();
            }

            if (field.Error is null && id == EbmlId.Cues && position < long.MaxValue) return (long)position;
        }

        return null;
    }
}
