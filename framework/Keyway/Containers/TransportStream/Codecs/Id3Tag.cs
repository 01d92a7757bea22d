using System.Buffers.Binary;

namespace Keyway.Containers.TransportStream.Codecs;

/// <summary>An ID3 tag before audio frames (ID3v2.4, and v2.3), and what HLS says in it of them.</summary>
/// <remarks>
/// <code>
/// "ID3" version:16 flags:8 size:4×7 │ { "PRIV" size:4×7 flags:16 │ owner 00 data } … │ padding
///
/// com.apple.streaming.transportStreamTimestamp   64 bits, of which 33 are a time at 90 kHz: when the first frame is presented
/// com.apple.streaming.audioDescription           the frames are protected: type:4 priming:16 version:8 length:8 setup
/// </code>
/// </remarks>
internal readonly record struct Id3Tag
{
    /// <summary>Bytes that say how long it is.</summary>
    public const int Head = 10;

    /// <summary>How many bytes it has.</summary>
    public int Length { get; private init; }

    /// <summary>When the first frame behind it is presented, 33 bits of 1/90000 s; -1 where it is not said.</summary>
    public long Timestamp { get; private init; }

    /// <summary>Where the frame of the description begins, counted from the beginning of the tag; 0: there is none, and what follows is not said to be protected.</summary>
    public int Description { get; private init; }

    /// <summary>How many bytes that frame has.</summary>
    public int DescriptionLength { get; private init; }

    /// <summary>Whether bytes begin with a tag.</summary>
    public static bool IsTag(ReadOnlySpan<byte> bytes) => bytes.Length >= Head && bytes.StartsWith("ID3"u8) && bytes[3] is >= 2 and < 0xFF && bytes[4] < 0xFF && ((bytes[6] | bytes[7] | bytes[8] | bytes[9]) & 0x80) == 0;

    /// <summary>How many bytes a tag has.</summary>
    /// <param name="head">Its first <see cref="Head"/> bytes.</param>
    public static int LengthOf(ReadOnlySpan<byte> head) => Head + Size(head[6..]) + ((head[5] & 0x10) != 0 ? Head : 0);

    /// <summary>Reads a tag.</summary>
    /// <param name="tag">The whole tag.</param>
    /// <returns>What it says. Frames that nobody here knows, and what is wrong with them, do not matter.</returns>
    public static Id3Tag Read(ReadOnlySpan<byte> tag)
    {
        Id3Tag read = new() { Length = tag.Length, Timestamp = -1 };
        int version = tag[3], flags = tag[5];
        // HLS has the fourth version; the third differs in how the lengths of frames are written, and the second in everything.
        if (version is not (3 or 4)) return read;
        int at = Head;
        if ((flags & 0x40) != 0)
        {
            if (tag.Length < Head + 4) return read;
            at += version == 3 ? 4 + Math.Min(BinaryPrimitives.ReadInt32BigEndian(tag[Head..]) & int.MaxValue, tag.Length) : Math.Max(6, Size(tag[Head..]));
        }

        while (at + Head <= tag.Length && tag[at] != 0)
        {
            int size = version == 3 ? BinaryPrimitives.ReadInt32BigEndian(tag[(at + 4)..]) : Size(tag[(at + 4)..]);
            if (size < 0 || size > tag.Length - at - Head) break;
            ReadOnlySpan<byte> content = tag.Slice(at + Head, size);
            // Compressed, encrypted and the like.
            bool isPlain = (tag[at + 9] & (version == 3 ? 0xE0 : 0x4F)) == 0;
            if (isPlain && tag.Slice(at, 4).SequenceEqual("PRIV"u8))
            {
                ReadOnlySpan<byte> time = "com.apple.streaming.transportStreamTimestamp\0"u8;
                if (content.StartsWith(time) && content.Length >= time.Length + 8) read = read with { Timestamp = (long)(BinaryPrimitives.ReadUInt64BigEndian(content[time.Length..]) & 0x1_FFFF_FFFF) };
                if (content.StartsWith("com.apple.streaming.audioDescription\0"u8)) read = read with { Description = at, DescriptionLength = Head + size };
            }

            at += Head + size;
        }

        return read;
    }

    /// <summary>Takes the description out of a tag, and fills it up with padding: the tag is as long as before.</summary>
    public void RemoveDescription(Span<byte> tag)
    {
        if (Description == 0) return;
        Span<byte> rest = tag[(Description + DescriptionLength)..Length];
        // A footer stands behind everything, and a tag with one has no padding.
        bool hasFooter = (tag[5] & 0x10) != 0;
        if (hasFooter)
        {
            tag[5] &= 0xEF;
            int size = Length - Head;
            for (int i = 0; i < 4; i++) tag[6 + i] = (byte)((size >> (7 * (3 - i))) & 0x7F);
            rest = rest[..^Head];
        }

        rest.CopyTo(tag[Description..]);
        tag[(Description + rest.Length)..Length].Clear();
    }

    /// <summary>28 bits, seven a byte.</summary>
    private static int Size(ReadOnlySpan<byte> bytes) => ((bytes[0] & 0x7F) << 21) | ((bytes[1] & 0x7F) << 14) | ((bytes[2] & 0x7F) << 7) | (bytes[3] & 0x7F);
}
