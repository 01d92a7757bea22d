using Keyway.Protection;

namespace Keyway.Mp4;

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
            else if (!ProtectionBoxes.TryTake(box, value.Protection, value.ProtectionStarts, out error))
            {
                return false;
            }
        }

        return walker.Finish(out error);
    }

    /// <summary>Finds each fragment's track and where its samples lie in the file.</summary>
    /// <param name="movie">The movie.</param>
    /// <param name="buffer">The buffer that holds this box.</param>
    /// <param name="bufferOffset">Where it begins in the file.</param>
    /// <param name="segmentStart">Where the segment begins, for offsets that count from there.</param>
    /// <param name="error">What is wrong.</param>
    public bool TryPlace(Movie movie, ReadOnlySpan<byte> buffer, long bufferOffset, long segmentStart, out FormatError error)
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
            if (track.Entries.Count == 0 && traf.SampleCount > 0) return Fail(traf, "samples of a track without sample entries", out error);
            traf.EntryIndex = entry == 0 ? 0 : (int)entry - 1;

            // 8.8.7.1: absolute; or the moof; or the moof for the first track and the end of the previous one's data for the others.
            traf.BaseOffset = header.BaseDataOffset is { } absolute ? Absolute((long)absolute, bufferOffset, segmentStart)
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

    /// <summary>Media segments are sometimes written as files of their own and joined later; their absolute offsets then count from the segment.</summary>
    private static long Absolute(long offset, long bufferOffset, long segmentStart) =>
        offset < bufferOffset && segmentStart > 0 && segmentStart + offset >= bufferOffset ? segmentStart + offset : offset;

    /// <summary>Auxiliary information that only <c>saio</c> points to may lie behind the samples.</summary>
    private void ClaimAuxiliary(Traf traf, ReadOnlySpan<byte> buffer)
    {
        if (traf.Encryption is not null || traf.AuxiliaryOffsets is not { Count: > 0 } offsets || traf.AuxiliarySizes is not { } sizes) return;
        long start = traf.BaseOffset + offsets.OffsetAt(buffer, (int)offsets.Count - 1);
        long length = offsets.Count == 1 ? sizes.TotalBytes(buffer) : 1;
        if (start > 0 && start < Offset + Mp4Limits.FragmentBytes) AuxiliaryEnd = Math.Max(AuxiliaryEnd, start + length);
    }
}
