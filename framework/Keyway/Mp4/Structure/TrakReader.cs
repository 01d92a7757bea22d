using System.Buffers.Binary;
using Keyway.Mp4.Boxes;

namespace Keyway.Mp4.Structure;

/// <summary>Reads a <c>trak</c> into a <see cref="Track"/>.</summary>
internal static class TrakReader
{
    public static bool TryRead(in Box trak, Movie movie, out FormatError error)
    {
        Parts parts = new();
        if (!TryReadLevel(trak, parts, movie, out error)) return false;

        // The entries are read last: their layout depends on the handler, which may come after them.
        List<SampleEntry> entries = [];
        if (parts.Stsd.Length == 0)
        {
            trak.Fail("trak has no stsd", out error);
            parts.Problem ??= error;
        }
        else
        {
            BoxWalker walker = new(trak.Bytes.Slice(parts.Stsd.Start - trak.Start, parts.Stsd.Length), parts.Stsd.Start, trak.Origin, parts.StsdPath!);
            walker.MoveNext(out Box stsd);
            if (!Stsd.TryRead(stsd, parts.Handler, movie.Defects, out entries, out error)) parts.Problem ??= error;
        }

        if (parts.Problem is null && parts.Tables.Count > 0 && (parts.Tables.Chunks.Count == 0 || parts.Tables.Offsets.Count == 0))
        {
            trak.Fail("samples without a table of chunks", out error);
            parts.Problem = error;
        }

        // What is about protection is needed where there is any.
        bool hidden = entries.Exists(static e => e.IsProtected);
        if (hidden) parts.Problem ??= parts.ProtectionProblem;
        else if (parts.ProtectionProblem is { } harmless) movie.Defects.Add(harmless);
        if (parts.Media is null)
        {
            trak.Fail("trak has no mdhd", out error);
            movie.Defects.Add(parts.MediaProblem ?? error);
            parts.WritingProblem ??= parts.MediaProblem ?? error;
        }

        if (parts.Header is not { } tkhd || tkhd.TrackId == 0)
        {
            trak.Fail("trak has no tkhd", out error);
            error = parts.HeaderProblem ?? error;
            if (hidden || parts.Tables.Count > 0) return false;
            movie.Defects.Add(error);
            return true;
        }

        Mp4SampleEntry? sized = entries.Find(e => e.Facts.Width > 0)?.Facts;
        Mdhd mdhd = parts.Media ?? new Mdhd(0, 0, 0, "und");
        movie.Tracks.Add(new Track
        {
            Entries = entries,
            Tables = parts.Tables,
            Groups = parts.Groups,
            Trak = new BoxRange(trak.Start, trak.Length),
            Protecting = parts.Protecting,
            Problem = parts.Problem,
            WritingProblem = parts.WritingProblem,
            Facts = new Mp4Track
            {
                Id = tkhd.TrackId,
                Handler = FourCc.Text(parts.Handler),
                Language = mdhd.Language,
                Timescale = mdhd.Timescale,
                Duration = mdhd.Duration is uint.MaxValue or ulong.MaxValue ? 0 : mdhd.Duration,
                Width = sized?.Width ?? tkhd.Width,
                Height = sized?.Height ?? tkhd.Height,
                SampleEntries = entries.ConvertAll(static e => e.Facts),
            },
        });
        error = default;
        return true;
    }

    private static bool TryReadLevel(in Box parent, Parts parts, Movie movie, out FormatError error)
    {
        BoxWalker walker = parent.Children();
        while (walker.MoveNext(out Box box))
            if (!TryReadBox(box, parts, movie, out error)) return false;
        if (walker.Stray > 0) movie.Defects.Add(walker.StrayError);

        // What a broken box hides may be what says how samples are protected.
        if (!walker.Finish(out error)) parts.ProtectionProblem ??= error;
        error = default;
        return true;
    }

    private static bool TryReadBox(in Box box, Parts parts, Movie movie, out FormatError error)
    {
        error = default;
        SampleTables tables = parts.Tables;
        switch (box.Type)
        {
            case FourCc.Mdia or FourCc.Minf or FourCc.Stbl:
                return TryReadLevel(box, parts, movie, out error);
            case FourCc.Tkhd:
                if (Tkhd.TryRead(box, out Tkhd tkhd, out error)) parts.Header = tkhd;
                else parts.HeaderProblem = error;
                return true;
            case FourCc.Mdhd:
                if (Mdhd.TryRead(box, out Mdhd mdhd, out error)) parts.Media = mdhd;
                else parts.MediaProblem = error;
                return true;
            case FourCc.Hdlr:
                // QuickTime has a second one in minf, for data: the first counts.
                if (box.Content.Length < 12) movie.Defects.Add(Defect(box, "hdlr is cut short"));
                else if (parts.Handler == 0) parts.Handler = BinaryPrimitives.ReadUInt32BigEndian(box.Content[8..]);
                return true;
            case FourCc.Stsd:
                parts.Stsd = new BoxRange(box.Start, box.Length);
                parts.StsdPath = box.Parent;
                return true;
            case FourCc.Stsz or FourCc.Stz2:
                if (Stsz.TryRead(box, out Stsz stsz, out error)) tables.Sizes = stsz;
                else parts.Problem ??= error;
                return true;
            case FourCc.Stsc:
                if (Stsc.TryRead(box, out Stsc stsc, out error)) tables.Chunks = stsc;
                else parts.Problem ??= error;
                return true;
            case FourCc.Stco or FourCc.Co64:
                if (Stco.TryRead(box, out Stco stco, out error)) tables.Offsets = stco;
                else parts.Problem ??= error;
                return true;
            case FourCc.Stts:
                if (Stts.TryRead(box, out Stts stts, out error)) tables.Durations = stts;
                else parts.NoteTimes(error, movie);
                return true;
            case FourCc.Ctts:
                if (Stts.TryRead(box, out Stts ctts, out error)) tables.Compositions = ctts;
                else parts.NoteTimes(error, movie);
                return true;
            case FourCc.Stss:
                if (Stss.TryRead(box, out Stss stss, out error)) tables.Syncs = stss;
                else parts.NoteTimes(error, movie);
                return true;
            default:
                return TryReadProtection(box, parts, movie, out error);
        }
    }

    private static bool TryReadProtection(in Box box, Parts parts, Movie movie, out FormatError error)
    {
        SampleTables tables = parts.Tables;
        error = default;
        int before = parts.Protecting.Count;
        bool piff = box.IsUuid(PiffBoxes.Senc), read = true;
        if (box.Type == FourCc.Senc || piff)
        {
            read = Senc.TryRead(box, out Senc senc, out error);
            if (read && (!piff || tables.Encryption is null)) tables.Encryption = senc;
            parts.Protecting.Add(box.Start);
        }
        else if (box.Type == FourCc.Saiz)
        {
            read = Saiz.TryRead(box, out Saiz saiz, out error);
            if (read && !saiz.IsProtection) return true;
            if (read) tables.AuxiliarySizes = saiz;
            parts.Protecting.Add(box.Start);
        }
        else if (box.Type == FourCc.Saio)
        {
            read = Saio.TryRead(box, out Saio saio, out error);
            if (read && !saio.IsProtection) return true;
            if (read) tables.AuxiliaryOffsets = saio;
            parts.Protecting.Add(box.Start);
        }
        else
        {
            read = parts.Groups.TryTake(box, ref movie.Spread, out bool taken, out error);
            if (taken) parts.Protecting.Add(box.Start);
        }

        if (!read) parts.ProtectionProblem ??= error;
        return parts.Protecting.Count > before || ProtectionBoxes.TryTake(box, movie.Protection, movie.ProtectionStarts, movie.Defects, out error);
    }

    private static FormatError Defect(in Box box, string what)
    {
        box.Fail(what, out FormatError error);
        return error;
    }

    private sealed class Parts
    {
        public Tkhd? Header;
        public Mdhd? Media;

        /// <summary>Why one of them cannot be read.</summary>
        public FormatError? HeaderProblem, MediaProblem;

        /// <summary>Why samples cannot be read, how they are protected, and when they are played.</summary>
        public FormatError? Problem, ProtectionProblem, WritingProblem;

        public uint Handler;
        public BoxRange Stsd;
        public BoxPath? StsdPath;
        public SampleTables Tables { get; } = new();
        public SampleGroups Groups { get; } = new();
        public List<int> Protecting { get; } = [];

        public void NoteTimes(FormatError error, Movie movie)
        {
            movie.Defects.Add(error);
            WritingProblem ??= error;
        }
    }
}
