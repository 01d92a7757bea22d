using Keyway.Mp4.Boxes;
using Keyway.Protection;

namespace Keyway.Mp4.Structure;

/// <summary>The movie fragment box, <c>moof</c> (ISO/IEC 14496-12, 8.8.4).</summary>
internal sealed class Moof
{
    /// <summary>Where it lies in the buffer.</summary>
    public required BoxRange Range { get; init; }

    /// <summary>Where it begins in the file.</summary>
    public required long Offset { get; init; }

    public List<Traf> Trafs { get; } = [];

    /// <summary>How many samples patterns of groups may still be spread to.</summary>
    public int Spread = Mp4Limits.SpreadInFragment;

    public List<PsshBox> Protection { get; } = [];

    /// <summary>What is not as it should be, and was read all the same.</summary>
    public List<FormatError> Defects { get; } = new(1);

    /// <summary>Where <c>pssh</c> boxes begin in the buffer.</summary>
    public List<int> ProtectionStarts { get; } = [];

    /// <summary>Where the earliest sample begins in the file.</summary>
    public long DataStart { get; private set; } = long.MaxValue;

    /// <summary>Where the last one ends.</summary>
    public long DataEnd { get; private set; }

    /// <summary>Where auxiliary information seems to end that only an offset points to.</summary>
    public long AuxiliaryEnd { get; private set; }

    public static bool TryRead(in Box moof, out Moof value, out FormatError error)
    {
        value = new Moof { Range = new BoxRange(moof.Start, moof.Length), Offset = moof.Offset };
        BoxWalker walker = moof.Children();
        while (walker.MoveNext(out Box box))
        {
            if (box.Type == FourCc.Traf)
            {
                if (!Traf.TryRead(box, value, out Traf traf, out error)) return false;
                value.Trafs.Add(traf);
            }
            else if (!ProtectionBoxes.TryTake(box, value.Protection, value.ProtectionStarts, value.Defects, out error))
            {
                return false;
            }
        }

        if (walker.Stray > 0) value.Defects.Add(walker.StrayError);
        return walker.Finish(out error);
    }

    /// <summary>Finds each fragment's track and where its samples lie in the file.</summary>
    /// <param name="movie">The movie.</param>
    /// <param name="buffer">The buffer that holds this box.</param>
    /// <param name="bufferOffset">Where it begins in the file.</param>
    /// <param name="part">Where the file of this box begins and ends, where that is known.</param>
    /// <param name="segmentStart">Where the segment seems to begin, where it is not.</param>
    /// <param name="error">What is wrong.</param>
    public bool TryPlace(Movie movie, ReadOnlySpan<byte> buffer, long bufferOffset, (long Start, long End)? part, long segmentStart, out FormatError error)
    {
        long previousEnd = Offset;
        long counted = 0;
        foreach (Traf traf in Trafs)
        {
            Tfhd header = traf.Header;
            if (movie.Find(header.TrackId) is not { } track)
                return Fail(traf, $"moov has no track {header.TrackId}", out error);
            traf.Track = track;
            uint entry = header.DescriptionIndex ?? track.Defaults.DescriptionIndex;
            if (entry > track.Entries.Count) return Fail(traf, $"stsd has no entry {entry}", out error);
            if (track.Entries.Count == 0 && traf.SampleCount > 0) return Fail(traf, $"samples of a track without sample entries{(track.Problem is { } problem ? $" ({problem})" : "")}", out error);
            traf.EntryIndex = entry == 0 ? 0 : (int)entry - 1;

            // 8.8.7.1: absolute; or the moof; or the moof for the first track and the end of the previous one's data for the others.
            traf.BaseOffset = header.BaseDataOffset is { } absolute ? Absolute(traf, (long)Math.Min(absolute, long.MaxValue / 4), buffer, bufferOffset, part, segmentStart)
                : header.BaseIsMoof ? Offset
                : previousEnd;
            long at = traf.BaseOffset;
            foreach (Trun run in traf.Runs)
            {
                ulong total = run.TotalBytes(buffer, traf.DefaultSize);
                if (run.DataOffset is { } offset) at = traf.BaseOffset + offset;
                if (total > Mp4Limits.FragmentBytes) return Fail(traf, $"a run of samples of {total} bytes; {Mp4Limits.FragmentBytes} are accepted", out error);
                if (at < 0 || at > long.MaxValue / 2) return Fail(traf, $"sample data at {at}", out error);
                traf.Extents.Add((at, at + (long)total));
                if (total > 0) Claim(at, at + (long)total);
                if (run.EntrySize == 0) counted += run.Count;
                at += (long)total;
            }

            previousEnd = at;
            ClaimAuxiliary(traf, buffer);
        }

        // A sample that has no entry in a table has a byte of media to itself, or it is nothing but a count.
        if (counted > Math.Max(0, DataEnd - DataStart) + Mp4Limits.EmptySamples)
        {
            error = new FormatError($"{counted} samples without entries in {Math.Max(0, DataEnd - DataStart)} bytes", "moof/traf/trun", Offset);
            return false;
        }

        error = default;
        return true;
    }

    private static bool Fail(Traf traf, string reason, out FormatError error)
    {
        error = new FormatError(reason, "moof/traf", traf.Offset);
        return false;
    }

    private void Claim(long start, long end)
    {
        DataStart = Math.Min(DataStart, start);
        DataEnd = Math.Max(DataEnd, end);
    }

    /// <summary>
    /// Media segments are often files of their own, and absolute offsets count from the beginning of each; or from the beginning of the file that they were cut from.
    /// Where the files are known, that is settled by where the samples can lie: in their own file, and by rights behind this box.
    /// </summary>
    private long Absolute(Traf traf, long offset, ReadOnlySpan<byte> buffer, long bufferOffset, (long Start, long End)? part, long segmentStart)
    {
        (long start, long end) = part ?? (segmentStart, long.MaxValue / 2);
        if (start == 0 || start + offset == Offset) return start + offset;
        if (offset == Offset) return offset;
        (long first, long last) = (long.MaxValue / 4, 0);
        long at = 0;
        foreach (Trun run in traf.Runs)
        {
            if (run.DataOffset is { } from) at = from;
            first = Math.Min(first, at);
            at += (long)Math.Min(run.TotalBytes(buffer, traf.DefaultSize), Mp4Limits.FragmentBytes);
            last = Math.Max(last, at);
        }

        // What is true in the whole file cannot be meant otherwise where the files are not known.
        (long one, long other) = part is null ? (offset, start + offset) : (start + offset, offset);
        long behind = Offset + Range.Length;
        if (one + first >= behind && one + last <= end) return one;
        if (other + first >= behind && other + last <= end) return other;
        if (part is null) return offset < bufferOffset && start + offset >= bufferOffset ? start + offset : offset;
        if (one + first >= start && one + last <= end) return one;
        if (other + first >= start && other + last <= end) return other;

        // Cut from a file whose beginning is not here: the base of such a fragment is its own box.
        return first >= Range.Length && Offset + last <= end ? Offset : one;
    }

    /// <summary>Auxiliary information that only <c>saio</c> points to may lie behind the samples.</summary>
    private void ClaimAuxiliary(Traf traf, ReadOnlySpan<byte> buffer)
    {
        if (traf.Encryption is not null || traf.AuxiliaryOffsets is not { Count: > 0 } offsets || traf.AuxiliarySizes is not { } sizes) return;
        long start = traf.BaseOffset + offsets.OffsetAt(buffer, (int)offsets.Count - 1);
        long length = offsets.Count == 1 ? sizes.TotalBytes(buffer) : 1;
        if (start > 0 && start < Offset + Mp4Limits.FragmentBytes) AuxiliaryEnd = Math.Max(AuxiliaryEnd, start + length);
    }
}
