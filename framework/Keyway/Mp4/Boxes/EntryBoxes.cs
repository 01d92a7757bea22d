namespace Keyway.Mp4.Boxes;

/// <summary>The boxes of a sample entry that a clear one has, and which of them configures the decoder.</summary>
internal static class EntryBoxes
{
    /// <summary>Reads boxes that follow one another. What is no box ends them.</summary>
    public static IEnumerable<SampleEntryBox> Read(ReadOnlyMemory<byte> boxes)
    {
        int at = 0;
        while (TryRead(boxes, at, out SampleEntryBox box, out int next))
        {
            yield return box;
            at = next;
        }
    }

    /// <summary>The box that configures the decoder of a format; <see langword="null"/> where there is none.</summary>
    /// <param name="boxes">The boxes of the entry.</param>
    /// <param name="format">The clear format: <c>alac</c> has a box of its own name.</param>
    public static SampleEntryBox? FindConfiguration(ReadOnlyMemory<byte> boxes, string format)
    {
        foreach (SampleEntryBox box in Read(boxes))
        {
            if (IsConfiguration(box.Type) || (format == "alac" && box.Type == format)) return box;
            // QuickTime keeps it one level further down (QuickTime File Format, "siDecompressionParam").
            if (box.Type != "wave") continue;
            foreach (SampleEntryBox inner in Read(box.Content))
                if (IsConfiguration(inner.Type) || (format == "alac" && inner.Type == format)) return inner;
        }

        return null;
    }

    /// <summary>The bytes that <c>esds</c> has for the decoder: of AAC the AudioSpecificConfig.</summary>
    /// <remarks>
    /// <code>
    /// esds: version:1 flags:3, then descriptors: tag:1 length (7 bits a byte, the high bit: another follows) content   (ISO/IEC 14496-1, 7.2.6)
    ///   3 ES:  ES_ID:2 flags:1 [ depends on:2 ] [ url: length:1 … ] [ OCR:2 ]
    ///     4 DecoderConfig:  objectType:1 stream:1 buffer:3 max:4 average:4
    ///       5 DecoderSpecificInfo
    /// </code>
    /// </remarks>
    public static ReadOnlyMemory<byte> SpecificInfoOf(ReadOnlyMemory<byte> esds)
    {
        if (esds.Length < 4 || !TryFind(esds[4..], 3, out ReadOnlyMemory<byte> es) || es.Length < 3) return default;
        byte flags = es.Span[2];
        int skip = 3 + ((flags & 0x80) != 0 ? 2 : 0);
        if ((flags & 0x40) != 0) skip += skip < es.Length ? 1 + es.Span[skip] : 1;
        if ((flags & 0x20) != 0) skip += 2;
        if (skip > es.Length || !TryFind(es[skip..], 4, out ReadOnlyMemory<byte> decoder) || decoder.Length < 13) return default;
        return TryFind(decoder[13..], 5, out ReadOnlyMemory<byte> info) ? info : default;
    }

    private static bool TryRead(ReadOnlyMemory<byte> boxes, int at, out SampleEntryBox box, out int next)
    {
        (box, next) = (default, at);
        FieldReader fields = new(boxes.Span[at..]);
        uint size = fields.U32(), type = fields.U32();
        if (!fields.Ok || size < 8 || size > boxes.Length - at) return false;
        next = at + (int)size;
        box = new SampleEntryBox(FourCc.Text(type), boxes[(at + 8)..next]);
        return true;
    }

    private static bool TryFind(ReadOnlyMemory<byte> descriptors, byte wanted, out ReadOnlyMemory<byte> content)
    {
        content = default;
        int at = 0;
        while (at < descriptors.Length)
        {
            byte tag = descriptors.Span[at++];
            int length = 0;
            for (int i = 0; i < 4 && at < descriptors.Length; i++)
            {
                byte bits = descriptors.Span[at++];
                length = (length << 7) | (bits & 0x7F);
                if ((bits & 0x80) == 0) break;
            }

            // One that says more than there is has what there is.
            length = Math.Min(length, descriptors.Length - at);
            content = descriptors.Slice(at, length);
            if (tag == wanted) return true;
            at += length;
        }

        return false;
    }

    private static bool IsConfiguration(string type) => type is
        "avcC" or "hvcC" or "vvcC" or "evcC" or "lhvC" or "svcC" or "mvcC" or "av1C" or "vpcC" or "apvC" or "av3c" or "jpgC" or "glbl" or "d263" or
        "esds" or "dOps" or "dac3" or "dec3" or "dac4" or "dmlp" or "dfLa" or "ddts" or "udts" or "mhaC" or "iacb" or "damr" or "pcmC" or "vttC" or "txtC";
}
