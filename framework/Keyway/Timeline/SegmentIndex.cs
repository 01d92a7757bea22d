using Keyway.Mp4;
using Keyway.Sources;

namespace Keyway.Timeline;

/// <summary>Reads the index of a rendition in one file (ISO/IEC 14496-12, 8.16.3; ISO/IEC 23009-1, 6.2.3.2; indexes that lead to indexes included).</summary>
internal static class SegmentIndex
{
    /// <summary>Reads it.</summary>
    /// <param name="sources">What opens the file.</param>
    /// <param name="origin">Where the rendition was named.</param>
    /// <param name="list">A list with an index.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The segments in order.</returns>
    /// <exception cref="MediaFormatException">The index is malformed.</exception>
    /// <exception cref="SourceException">The file cannot be reached.</exception>
    public static async ValueTask<IReadOnlyList<TimelineSegment>> ReadAsync(MediaSources sources, ContentOrigin origin, SegmentList list, CancellationToken cancellationToken = default)
    {
        ByteRange range = list.Index ?? throw new ArgumentException("the list has no index", nameof(list));
        SegmentPart whole = list.WholeFile;
        Uri file = whole.Address;
        AlternativeSource source = new(sources, origin);
        List<TimelineSegment> segments = [];
        uint? scale = null;
        ulong time = 0;
        int indexes = 0;

        // Media references after an index reference belong after that index's own, so that what is left of a box waits on the stack with it.
        Stack<Pending> pending = new();
        pending.Push(new Pending(range, null, 0, 0, 1));
        while (pending.TryPop(out Pending next))
        {
            if (next.Box is null)
            {
                if (next.Depth > ManifestLimits.IndexNesting || ++indexes > ManifestLimits.Indexes) throw Broken(file, new FormatError("indexes lead to too many indexes", "sidx", next.Range.First));
                ReadOnlyMemory<byte> bytes = await ReadBoxAsync(source, whole, next.Range, cancellationToken).ConfigureAwait(false);
                if (segments.Count == 0 && CuesIndex.Begins(bytes.Span)) return await CuesIndex.ReadAsync(source, list, range, cancellationToken).ConfigureAwait(false);
                if (!SidxBox.TryFind(bytes.Span, out SidxBox? box, out long end, out FormatError error)) throw Broken(file, error with { Offset = error.Offset + next.Range.First });
                scale ??= box!.Timescale;
                if (segments.Count == 0) time = box!.EarliestPresentationTime;
                if (box!.FirstOffset > long.MaxValue / 2) throw Broken(file, new FormatError("first_offset leads out of the file", "sidx", next.Range.First));
                next = new Pending(next.Range, box, 0, next.Range.First + end + (long)box.FirstOffset, next.Depth);
            }

            for (int i = next.Reference; i < next.Box!.References.Count; i++)
            {
                SidxReference reference = next.Box.References[i];
                if (reference.Size == 0)
                {
                    // Nothing is nothing, whatever it claims to be.
                    next = next with { Reference = i + 1 };
                    continue;
                }

                ByteRange part = new(next.Offset, next.Offset + reference.Size - 1);
                next = next with { Reference = i + 1, Offset = next.Offset + reference.Size };
                if (reference.IsIndex)
                {
                    pending.Push(next);
                    pending.Push(new Pending(part, null, 0, 0, next.Depth + 1));
                    break;
                }

                if (segments.Count == ManifestLimits.IndexedSegments) throw Broken(file, new FormatError($"the index has more than {ManifestLimits.IndexedSegments} segments", "sidx", next.Range.First));
                segments.Add(new TimelineSegment { Address = file, Range = part, Alternatives = whole.Alternatives, Number = (ulong)segments.Count + 1, Time = time, Duration = reference.Duration, Timescale = scale ?? 1 });
                time += reference.Duration;
            }
        }

        return segments;
    }

    /// <summary>Reads the index at the beginning of a range, and not the media that may follow it there: an index that leads to others names what is below them.</summary>
    private static async ValueTask<ReadOnlyMemory<byte>> ReadBoxAsync(AlternativeSource source, SegmentPart file, ByteRange range, CancellationToken cancellationToken)
    {
        for (long wanted = ManifestLimits.IndexStep; ;)
        {
            long last = range.Length is { } length && length <= wanted ? range.Last!.Value : range.First + wanted - 1;
            ReadOnlyMemory<byte> bytes = await source.ReadAsync(file with { Range = new ByteRange(range.First, last) }, ManifestLimits.IndexBytes, cancellationToken).ConfigureAwait(false);
            // What is there is all that there is, or all that is needed.
            if (last == range.Last || bytes.Length < wanted || SidxBox.EndOf(bytes.Span) is not { } end || end <= bytes.Length) return bytes;
            wanted = end <= ManifestLimits.IndexBytes ? end : throw Broken(file.Address, new FormatError($"an index of {end} bytes; {ManifestLimits.IndexBytes} are accepted", "sidx", range.First));
        }
    }

    private static MediaFormatException Broken(Uri file, FormatError error) => new(SourceText.Of(file), error);

    private readonly record struct Pending(ByteRange Range, SidxBox? Box, int Reference, long Offset, int Depth);
}
