using Keyway.Mp4.Boxes;

namespace Keyway.Mp4.Structure;

/// <summary>The track fragment box, <c>traf</c>: one track's part of a <c>moof</c> (ISO/IEC 14496-12, 8.8.6).</summary>
internal sealed class Traf
{
    /// <summary>Where it lies in the buffer.</summary>
    public required BoxRange Range { get; init; }

    /// <summary>Where it begins in the file.</summary>
    public required long Offset { get; init; }

    public Tfhd Header { get; private set; }

    /// <summary>Where the absolute offset of the header stands in the buffer.</summary>
    public int BaseDataOffsetAt { get; private set; }

    /// <summary>What is wrong with boxes that a clear fragment does not need: those of protection.</summary>
    public FormatError? ProtectionProblem { get; private set; }

    /// <summary>What is wrong with the runs of samples.</summary>
    public FormatError? RunsProblem { get; private set; }

    public ulong? BaseTime { get; private set; }

    public List<Trun> Runs { get; } = new(1);

    public Senc? Encryption { get; private set; }

    public Saiz? AuxiliarySizes { get; private set; }

    public Saio? AuxiliaryOffsets { get; private set; }

    public SampleGroups Groups { get; } = new();

    /// <summary>Where boxes begin that a clear file does not have.</summary>
    public List<int> Protecting { get; } = [];

    /// <summary>Other boxes, which a new fragment with the same samples may carry on.</summary>
    public List<BoxRange> Others { get; } = new(1);

    /// <summary>The track; set when the movie is known.</summary>
    public Track Track { get; set; } = null!;

    /// <summary>The sample entry, from 0.</summary>
    public int EntryIndex { get; set; }

    /// <summary>What the offsets of runs count from.</summary>
    public long BaseOffset { get; set; }

    /// <summary>Where each run's samples begin in the file, and where they end.</summary>
    public List<(long Start, long End)> Extents { get; } = new(1);

    /// <summary>Whether the samples lie in the file in the order of their numbers.</summary>
    public bool IsInOrder
    {
        get
        {
            long reached = 0;
            foreach ((long start, long end) in Extents)
            {
                if (start == end) continue;
                if (start < reached) return false;
                reached = end;
            }

            return true;
        }
    }

    public long SampleCount
    {
        get
        {
            long count = 0;
            foreach (Trun run in Runs) count += run.Count;
            return count;
        }
    }

    public uint DefaultSize => Header.Size ?? Track.Defaults.Size;

    public static bool TryRead(in Box traf, Moof moof, out Traf value, out FormatError error)
    {
        value = new Traf { Range = new BoxRange(traf.Start, traf.Length), Offset = traf.Offset };
        bool header = false, hasStandard = false;
        BoxWalker walker = traf.Children();
        while (walker.MoveNext(out Box box))
        {
            switch (box.Type)
            {
                case FourCc.Tfhd:
                    if (!Tfhd.TryRead(box, out Tfhd tfhd, out error)) return false;
                    value.Header = tfhd;
                    value.BaseDataOffsetAt = box.ContentStart + Tfhd.BaseDataOffsetAt;
                    header = true;
                    break;
                case FourCc.Tfdt:
                    if (!Tfdt.TryRead(box, out ulong time, out error)) return false;
                    value.BaseTime = time;
                    break;
                case FourCc.Trun:
                    if (Trun.TryRead(box, out Trun run, out error)) value.Runs.Add(run);
                    else value.RunsProblem ??= error;
                    break;
                case FourCc.Saiz:
                    if (!Saiz.TryRead(box, out Saiz saiz, out error)) value.ProtectionProblem ??= error;
                    else if (!saiz.IsProtection) break;
                    else value.AuxiliarySizes = saiz;
                    value.Protecting.Add(box.Start);
                    break;
                case FourCc.Saio:
                    if (!Saio.TryRead(box, out Saio saio, out error)) value.ProtectionProblem ??= error;
                    else if (!saio.IsProtection) break;
                    else value.AuxiliaryOffsets = saio;
                    value.Protecting.Add(box.Start);
                    break;
                case FourCc.Senc:
                case FourCc.Uuid when box.IsUuid(PiffBoxes.Senc):
                    bool standard = box.Type == FourCc.Senc;
                    if (!Senc.TryRead(box, out Senc senc, out error) || (standard && hasStandard && !box.Fail("a second senc", out error))) value.ProtectionProblem ??= error;
                    else if (standard || value.Encryption is null) value.Encryption = senc;      // both forms: the standard's counts
                    hasStandard |= standard;
                    value.Protecting.Add(box.Start);
                    break;
                default:
                    if (!value.TryReadOther(box, moof, out error)) return false;
                    break;
            }
        }

        if (walker.Stray > 0) moof.Defects.Add(walker.StrayError);
        if (!walker.Finish(out error)) return false;
        return header || traf.Fail("traf has no tfhd", out error);
    }

    /// <summary>Whether the samples can be read, as far as anything of them is needed: what is wrong with a clear track's is noted, and passed over.</summary>
    /// <exception cref="MediaFormatException">They are protected, and what is wrong is needed.</exception>
    public bool IsUsable(MediaNotes notes)
    {
        bool hidden = Track.Entries.Count > EntryIndex && Track.Entries[EntryIndex].IsProtected;
        foreach (FormatError? problem in (ReadOnlySpan<FormatError?>)[RunsProblem, ProtectionProblem])
        {
            if (problem is not { } error) continue;
            if (hidden) throw notes.Error(error);
            notes.Add(error);
        }

        return RunsProblem is null;
    }

    private bool TryReadOther(in Box box, Moof moof, out FormatError error)
    {
        if (!Groups.TryTake(box, ref moof.Spread, out bool taken, out error)) ProtectionProblem ??= error;
        int before = moof.ProtectionStarts.Count;
        if (!taken && !ProtectionBoxes.TryTake(box, moof.Protection, moof.ProtectionStarts, moof.Defects, out error)) return false;
        if (taken) Protecting.Add(box.Start);
        else if (moof.ProtectionStarts.Count == before) Others.Add(new BoxRange(box.Start, box.Length));
        return true;
    }
}
