using System.Buffers.Binary;

namespace Keyway.Mp4;

/// <summary>Reads a <c>trak</c> into a <see cref="Track"/>.</summary>
internal static class TrakReader
{
    public static bool TryRead(in Box trak, Movie movie, out FormatError error)
    {
        Parts parts = new();
        if (!TryReadLevel(trak, parts, movie, out error)) return false;
        if (parts.Header is not { } tkhd) return trak.Fail("trak has no tkhd", out error);
        if (parts.Media is not { } mdhd) return trak.Fail("trak has no mdhd", out error);
        if (parts.Stsd.Length == 0) return trak.Fail("trak has no stsd", out error);

        // The entries are read last: their layout depends on the handler, which may come after them.
        BoxWalker walker = new(trak.Bytes.Slice(parts.Stsd.Start - trak.Start, parts.Stsd.Length), parts.Stsd.Start, trak.Origin, parts.StsdPath!);
        walker.MoveNext(out Box stsd);
        if (!Stsd.TryRead(stsd, parts.Handler, out List<SampleEntry> entries, out error)) return false;
        if (parts.Tables.Count > 0 && (parts.Tables.Chunks.Count == 0 || parts.Tables.Offsets.Count == 0))
            return trak.Fail("samples without a table of chunks", out error);

        Mp4SampleEntry? sized = entries.Find(e => e.Facts.Width > 0)?.Facts;
        movie.Tracks.Add(new Track
        {
            Entries = entries,
            Tables = parts.Tables,
            Groups = parts.Groups,
            Trak = new BoxRange(trak.Start, trak.Length),
            Protecting = parts.Protecting,
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
        return true;
    }

    private static bool TryReadLevel(in Box parent, Parts parts, Movie movie, out FormatError error)
    {
        BoxWalker walker = parent.Children();
        while (walker.MoveNext(out Box box))
            if (!TryReadBox(box, parts, movie, out error)) return false;
        return walker.Finish(out error);
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
                if (!Tkhd.TryRead(box, out Tkhd tkhd, out error)) return false;
                parts.Header = tkhd;
                return true;
            case FourCc.Mdhd:
                if (!Mdhd.TryRead(box, out Mdhd mdhd, out error)) return false;
                parts.Media = mdhd;
                return true;
            case FourCc.Hdlr:
                // QuickTime has a second one in minf, for data: the first counts.
                if (box.Content.Length < 12) return box.Fail("hdlr is cut short", out error);
                if (parts.Handler == 0) parts.Handler = BinaryPrimitives.ReadUInt32BigEndian(box.Content[8..]);
                return true;
            case FourCc.Stsd:
                parts.Stsd = new BoxRange(box.Start, box.Length);
                parts.StsdPath = box.Parent;
                return true;
            case FourCc.Stsz or FourCc.Stz2:
                if (!Stsz.TryRead(box, out Stsz stsz, out error)) return false;
                tables.Sizes = stsz;
                return true;
            case FourCc.Stsc:
                if (!Stsc.TryRead(box, out Stsc stsc, out error)) return false;
                tables.Chunks = stsc;
                return true;
            case FourCc.Stco or FourCc.Co64:
                if (!Stco.TryRead(box, out Stco stco, out error)) return false;
                tables.Offsets = stco;
                return true;
            case FourCc.Stts:
                if (!Stts.TryRead(box, out Stts stts, out error)) return false;
                tables.Durations = stts;
                return true;
            case FourCc.Ctts:
                if (!Stts.TryRead(box, out Stts ctts, out error)) return false;
                tables.Compositions = ctts;
                return true;
            case FourCc.Stss:
                if (!Stss.TryRead(box, out Stss stss, out error)) return false;
                tables.Syncs = stss;
                return true;
            default:
                return TryReadProtection(box, parts, movie, out error);
        }
    }

    private static bool TryReadProtection(in Box box, Parts parts, Movie movie, out FormatError error)
    {
        SampleTables tables = parts.Tables;
        bool piff = box.IsUuid(PiffBoxes.Senc);
        if (box.Type == FourCc.Senc || piff)
        {
            if (!Senc.TryRead(box, out Senc senc, out error)) return false;
            if (!piff || tables.Encryption is null) tables.Encryption = senc;
            parts.Protecting.Add(box.Start);
            return true;
        }

        if (box.Type == FourCc.Saiz)
        {
            if (!Saiz.TryRead(box, out Saiz saiz, out error)) return false;
            if (!saiz.IsProtection) return true;
            tables.AuxiliarySizes = saiz;
            parts.Protecting.Add(box.Start);
            return true;
        }

        if (box.Type == FourCc.Saio)
        {
            if (!Saio.TryRead(box, out Saio saio, out error)) return false;
            if (!saio.IsProtection) return true;
            tables.AuxiliaryOffsets = saio;
            parts.Protecting.Add(box.Start);
            return true;
        }

        if (!parts.Groups.TryTake(box, ref movie.Spread, out bool taken, out error)) return false;
        if (taken)
        {
            parts.Protecting.Add(box.Start);
            return true;
        }

        return ProtectionBoxes.TryTake(box, movie.Protection, movie.ProtectionStarts, out error);
    }

    private sealed class Parts
    {
        public Tkhd? Header;
        public Mdhd? Media;
        public uint Handler;
        public BoxRange Stsd;
        public BoxPath? StsdPath;
        public SampleTables Tables { get; } = new();
        public SampleGroups Groups { get; } = new();
        public List<int> Protecting { get; } = [];
    }
}
