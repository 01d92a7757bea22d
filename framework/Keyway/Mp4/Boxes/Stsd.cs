using System.Buffers.Binary;

namespace Keyway.Mp4.Boxes;

/// <summary>The sample description box, <c>stsd</c>, and the entries in it (ISO/IEC 14496-12, 8.5.2 and 12).</summary>
/// <remarks>
/// <code>
/// stsd:   version:1 flags:3 entry_count:4 entries
/// entry:  size:4 format:4 reserved:6 data_reference_index:2 | fields by kind | boxes
///         visual: 70 bytes with width:2 height:2 at 16 · audio: 20 bytes (QuickTime version 1: 36, version 2: 56) · others: any
/// </code>
/// </remarks>
internal static class Stsd
{
    private const int EntryFields = 8, VisualFields = 70, AudioFields = 20;

    public static bool TryRead(in Box stsd, uint handler, List<FormatError> defects, out List<SampleEntry> entries, out FormatError error)
    {
        entries = [];
        FieldReader fields = stsd.Fields();
        fields.Skip(4);
        uint count = fields.U32();
        if (!fields.Ok) return stsd.Fail("stsd is cut short", out error);
        BoxWalker walker = stsd.Children(8);
        while (walker.MoveNext(out Box box))
        {
            if (!TryReadEntry(box, handler, defects, out SampleEntry? entry, out error)) return false;
            entries.Add(entry!);
        }

        // Entries are what is there, whatever the count says; samples of one that is not there are refused where they are met.
        if (!walker.Finish(out error))
        {
            if (entries.Count < count || entries.Count == 0) return false;
            defects.Add(error);
        }

        if (walker.Stray > 0) defects.Add(walker.StrayError);
        stsd.Fail($"stsd has {entries.Count} of {count} entries", out error);
        if (entries.Count == 0 && count > 0) return false;
        if (entries.Count != count) defects.Add(error);
        error = default;
        return true;
    }

    private static bool TryReadEntry(in Box box, uint handler, List<FormatError> defects, out SampleEntry? entry, out FormatError error)
    {
        entry = null;
        if (box.Content.Length < EntryFields) return box.Fail("a sample entry is cut short", out error);
        int fields = KnownFields(box, handler);
        int boxes = BoxesBegin(box, fields);

        Sinf? protection = null;
        List<int> protecting = [];
        byte[] boxesOfClear = new byte[box.Content.Length];
        int filled = 0;
        string codec = FourCc.Text(box.Type);
        byte[] config = [];
        SampleSyntax syntax = default;
        if (boxes >= 0)
        {
            BoxWalker walker = box.Children(boxes);
            while (walker.MoveNext(out Box child))
            {
                syntax = syntax.With(child);
                if (child.Type == FourCc.Sinf)
                {
                    protecting.Add(child.Start);
                    if (!Sinf.TryRead(child, out Sinf found, out error)) return false;
                    if (IsBetter(found, protection)) protection = found;
                    continue;
                }

                box.Bytes.Slice(child.Start - box.Start, child.Length).CopyTo(boxesOfClear.AsSpan(filled));
                filled += child.Length;
                if (child.Type == FourCc.AvcC && child.Content.Length >= 4)
                {
                    config = child.Content[1..4].ToArray();
                }
            }

            if (!walker.Finish(out error)) defects.Add(error);
            if (walker.Stray > 0) defects.Add(walker.StrayError);
        }

        Array.Resize(ref boxesOfClear, filled);
        (int channels, int rate) = fields == EntryFields + AudioFields ? Audio(box.Content) : (0, 0);
        bool visual = fields == EntryFields + VisualFields && box.Content.Length >= fields;
        uint original = protection is { OriginalFormat: not 0 } ? protection.OriginalFormat : box.Type;
        if (original is FourCc.Avc1 or FourCc.Avc3 && config.Length == 3) codec = $"{FourCc.Text(original)}.{Convert.ToHexStringLower(config)}";
        else codec = syntax.IsEven ? "vorbis" : FourCc.Text(original);
        entry = new SampleEntry
        {
            Start = box.Start,
            Length = box.Length,
            HeaderSize = box.HeaderSize,
            ChildrenAt = boxes,
            ClearFormat = original,
            Protecting = [.. protecting],
            Protection = protection,
            Syntax = syntax.Of(original),
            Facts = new Mp4SampleEntry
            {
                Format = FourCc.Text(box.Type),
                OriginalFormat = FourCc.Text(original),
                Codec = codec,
                SchemeType = protection is null || protection.SchemeType == 0 ? null : FourCc.Text(protection.SchemeType),
                SchemeVersion = protection?.SchemeVersion ?? 0,
                Scheme = protection?.Scheme ?? default,
                Encryption = protection?.Encryption,
                Width = visual ? BinaryPrimitives.ReadUInt16BigEndian(box.Content[24..]) : 0,
                Height = visual ? BinaryPrimitives.ReadUInt16BigEndian(box.Content[26..]) : 0,
                Channels = channels,
                SampleRate = rate,
                ClearBoxes = boxesOfClear,
            },
        };
        error = default;
        return true;
    }

    /// <summary>Channels and samples in a second, as an audio entry says (ISO/IEC 14496-12, 12.2.3); QuickTime's version 2 has places of its own for them.</summary>
    /// <remarks>
    /// <code>
    /// version:2 at 8, channels:2 at 16, rate:2.2 at 24 · version 2: rate:8 (a double) at 32, channels:4 at 40
    /// </code>
    /// </remarks>
    private static (int Channels, int Rate) Audio(ReadOnlySpan<byte> content)
    {
        if (content.Length < EntryFields + AudioFields) return default;
        if (BinaryPrimitives.ReadUInt16BigEndian(content[8..]) != 2 || content.Length < 44)
            return (BinaryPrimitives.ReadUInt16BigEndian(content[16..]), BinaryPrimitives.ReadUInt16BigEndian(content[24..]));
        double rate = BinaryPrimitives.ReadDoubleBigEndian(content[32..]);
        uint channels = BinaryPrimitives.ReadUInt32BigEndian(content[40..]);
        return (channels <= ushort.MaxValue ? (int)channels : 0, rate is >= 0 and <= int.MaxValue ? (int)rate : 0);
    }

    /// <summary>Of several <c>sinf</c>, the first that this room can use; else the first.</summary>
    private static bool IsBetter(Sinf found, Sinf? present) =>
        present is null || (IsUsable(found) && !IsUsable(present));

    private static bool IsUsable(Sinf sinf) => sinf.Scheme != default && sinf.Encryption is not null;

    /// <summary>How many bytes of the content come before the boxes, by what the entry and its track say they are.</summary>
    private static int KnownFields(in Box box, uint handler) => box.Type switch
    {
        FourCc.Encv => EntryFields + VisualFields,
        FourCc.Enca => EntryFields + AudioFields,
        _ => handler switch
        {
            FourCc.Vide or FourCc.Auxv or FourCc.Pict => EntryFields + VisualFields,
            FourCc.Soun => EntryFields + AudioFields,
            _ => EntryFields,
        },
    };

    /// <summary>
    /// Where the boxes of an entry begin, or -1. The known layout counts when boxes really follow it; a protected entry of another layout
    /// (QuickTime's audio, text entries with strings in front, <c>encs</c>, <c>encm</c>) is searched for the place from which everything is boxes and one is <c>sinf</c>.
    /// </summary>
    private static int BoxesBegin(in Box box, int known)
    {
        bool encrypted = (box.Type & 0xFFFFFF00) == (FourCc.Encv & 0xFFFFFF00);
        if (IsBoxes(box, known, encrypted)) return known;

        // Bytes that are no box may stand behind those that are: an entry is protected all the same.
        if (IsBoxes(box, known, withSinf: true, toTheEnd: false)) return known;
        if (!encrypted) return -1;
        int last = Math.Min(box.Content.Length - 8, Mp4Limits.EntryScanBytes);
        foreach (bool toTheEnd in (ReadOnlySpan<bool>)[true, false])
            for (int at = EntryFields; at <= last; at++)
                if (IsBoxes(box, at, withSinf: true, toTheEnd)) return at;
        return IsBoxes(box, known, withSinf: false) ? known : -1;
    }

    private static bool IsBoxes(in Box box, int at, bool withSinf, bool toTheEnd = true)
    {
        if (at > box.Content.Length) return false;
        ReadOnlySpan<byte> rest = box.Content[at..];
        bool sinf = false;
        while (rest.Length >= 8)
        {
            // One that reaches to the end is no box of an entry: it would hide the search's own end.
            if (!BoxHeader.TryRead(rest, out BoxHeader header) || header.ReachesToEnd || header.Within(rest.Length) is not (>= 0 and long length) || !FourCc.Prints(header.Type)) return sinf && !toTheEnd;
            sinf |= header.Type == FourCc.Sinf;
            rest = rest[(int)length..];
        }

        return (!toTheEnd || !rest.ContainsAnyExcept((byte)0)) && (sinf || !withSinf);
    }
}
