using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Keyway.Decryption;

/// <summary>
/// What the first bytes of a decrypted segment say of its key and its initialisation vector. Another key spoils everything, another vector the first 16 bytes
/// and nothing else: that much can be told apart wherever those bytes have something to say.
/// </summary>
/// <remarks>Nothing here is refused for being unknown: readers of the container are stricter.</remarks>
internal readonly record struct SegmentBeginning
{
    /// <summary>How many bytes are looked at: five packets of a transport stream begin in them.</summary>
    public const int Length = 1024;

    private const int Block = AesHardware.BlockSize;
    private const int Packet = 188;
    private const byte Sync = 0x47;

    private static readonly SearchValues<byte> Letters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 -"u8);

    /// <summary>What it begins as.</summary>
    public SegmentForm Form { get; private init; }

    /// <summary>Whether everything is as it should be but the first 16 bytes: the key fits, and the vector does not.</summary>
    public bool IsFirstBlockSpoilt { get; private init; }

    /// <summary>Looks at the beginning of a segment.</summary>
    /// <param name="clear">Its first bytes, as many as are looked at or as there are.</param>
    /// <returns>What they say.</returns>
    public static SegmentBeginning Of(ReadOnlySpan<byte> clear)
    {
        clear = clear[..Math.Min(clear.Length, Length)];
        if (clear.Length < Block) return IsText(clear) && !clear.IsEmpty ? Known(SegmentForm.Text) : default;
        return OfPackets(clear) ?? OfBoxes(clear) ?? OfAudio(clear) ?? OfText(clear) ?? default;
    }

    private static SegmentBeginning Known(SegmentForm form) => new() { Form = form };

    private static SegmentBeginning Spoilt(SegmentForm form) => new() { Form = form, IsFirstBlockSpoilt = true };

    // ---- transport stream

    private static SegmentBeginning? OfPackets(ReadOnlySpan<byte> clear)
    {
        int syncs = 0;
        for (int at = Packet; at < clear.Length; at += Packet)
        {
            if (clear[at] != Sync) return null;
            syncs++;
        }

        if (clear[0] != Sync) return syncs > 1 ? Spoilt(SegmentForm.TransportStream) : null;
        if (syncs == 0 && clear.Length < Packet) return null;
        return IsFirstPacketBroken(clear[..Packet]) ? Spoilt(SegmentForm.TransportStream) : Known(SegmentForm.TransportStream);
    }

    /// <summary>Whether the first packet is not what was written, by what follows its first 16 bytes.</summary>
    /// <remarks>Sequence numbers as vectors differ in their last bytes: there a table or stuffing stands, and no sync byte.</remarks>
    private static bool IsFirstPacketBroken(ReadOnlySpan<byte> packet)
    {
        const int programs = 0, services = 0x11;
        int pid = BinaryPrimitives.ReadUInt16BigEndian(packet[1..]) & 0x1FFF;
        bool begins = (packet[1] & 0x40) != 0;
        return (packet[3] & 0x30) switch
        {
            0x10 => begins && pid is programs or services && IsSectionBroken(packet[4..]),
            0x20 or 0x30 => IsStuffingBroken(packet),
            _ => false,
        };
    }

    /// <summary>Whether the checksum of a section of a table that every reader knows does not fit.</summary>
    private static bool IsSectionBroken(ReadOnlySpan<byte> payload)
    {
        int pointer = payload[0];
        if (pointer > payload.Length - 4) return false;
        ReadOnlySpan<byte> section = payload[(1 + pointer)..];
        int length = 3 + (BinaryPrimitives.ReadUInt16BigEndian(section[1..]) & 0xFFF);
        // A length that lies in the first block may itself be what is spoilt: one that does not fit into this packet says nothing.
        return length <= section.Length && Checksum(section[..length]) != 0;
    }

    /// <summary>Whether the stuffing of an adaptation field (ISO/IEC 13818-1, 2.4.3.4: bytes of 0xFF) is such behind the first block and not in it.</summary>
    private static bool IsStuffingBroken(ReadOnlySpan<byte> packet)
    {
        const int privateData = 0x02, extension = 0x01, programClock = 0x10, originalClock = 0x08, splice = 0x04;
        int end = 5 + packet[4], flags = packet[5];
        if (end < 2 * Block || end > packet.Length || (flags & (privateData | extension)) != 0) return false;
        int begin = 6 + ((flags & programClock) != 0 ? 6 : 0) + ((flags & originalClock) != 0 ? 6 : 0) + ((flags & splice) != 0 ? 1 : 0);
        return begin < Block && packet[begin..Block].ContainsAnyExcept(byte.MaxValue) && !packet[Block..end].ContainsAnyExcept(byte.MaxValue);
    }

    /// <summary>The checksum of sections (ISO/IEC 13818-1, annex A): 0 over a section with its own.</summary>
    private static uint Checksum(ReadOnlySpan<byte> section)
    {
        const uint polynomial = 0x04C11DB7;
        uint sum = uint.MaxValue;
        foreach (byte each in section)
        {
            sum ^= (uint)each << 24;
            for (int bit = 0; bit < 8; bit++) sum = (sum << 1) ^ ((sum >> 31) * polynomial);
        }

        return sum;
    }

    // ---- boxes

    private static SegmentBeginning? OfBoxes(ReadOnlySpan<byte> clear)
    {
        if (IsFirstBox(clear[4..8])) return IsFirstBoxBroken(clear) ? Spoilt(SegmentForm.Mp4) : Known(SegmentForm.Mp4);
        // A box that segments seldom begin with is one all the same.
        if (!clear[4..8].ContainsAnyExcept(Letters)) return null;
        return HasBox(clear) ? Spoilt(SegmentForm.Mp4) : null;
    }

    /// <summary>Whether a box that is known begins behind the first block.</summary>
    private static bool HasBox(ReadOnlySpan<byte> clear)
    {
        for (int at = Block; at + 8 <= clear.Length; at++)
            if (clear[at] == 0 && (IsFirstBox(clear[(at + 4)..(at + 8)]) || IsInnerBox(clear[(at + 4)..(at + 8)]))) return true;
        return false;
    }

    /// <summary>The boxes that files and segments begin with (ISO/IEC 14496-12, 8.16; 23009-1).</summary>
    private static bool IsFirstBox(ReadOnlySpan<byte> type) => BinaryPrimitives.ReadUInt32BigEndian(type) is
        0x66747970 or 0x73747970 or 0x6D6F6F66 or 0x6D6F6F76 or 0x73696478 or 0x656D7367 or 0x70726674 or 0x73737378 or 0x6D646174 or 0x66726565; // ftyp styp moof moov sidx emsg prft ssix mdat free

    private static bool IsInnerBox(ReadOnlySpan<byte> type) => BinaryPrimitives.ReadUInt32BigEndian(type) is
        0x6D667264 or 0x6D666864 or 0x74726166 or 0x74666864 or 0x6D766864 or 0x7472616B; // mfrd mfhd traf tfhd mvhd trak

    /// <summary>Whether what stands in the first block beside the type of the first box cannot be: its size, the name of a brand or of a child, or a version.</summary>
    private static bool IsFirstBoxBroken(ReadOnlySpan<byte> clear)
    {
        const int largestBrands = 4096;
        uint size = BinaryPrimitives.ReadUInt32BigEndian(clear);
        bool leadsNowhere = size >= 8 && size + 8 <= clear.Length && clear.Slice((int)size + 4, 4).ContainsAnyExcept(Letters) && HasBox(clear);
        return leadsNowhere || BinaryPrimitives.ReadUInt32BigEndian(clear[4..]) switch
        {
            0x66747970 or 0x73747970 => clear[8..12].ContainsAnyExcept(Letters) || size is < 16 or > largestBrands || size % 4 != 0,
            0x6D6F6F66 or 0x6D6F6F76 => clear[12..16].ContainsAnyExcept(Letters),
            0x73696478 or 0x656D7367 => clear[8] > 1 || clear[9..12].ContainsAnyExcept((byte)0),
            _ => false,
        };
    }

    // ---- packed audio

    private static SegmentBeginning? OfAudio(ReadOnlySpan<byte> clear)
    {
        if (clear.StartsWith("ID3"u8))
        {
            bool isExtended = (clear[5] & 0x40) != 0, isPadding = clear[10] == 0;
            bool isBroken = clear[6..10].ContainsAnyInRange((byte)0x80, byte.MaxValue) || (!isExtended && !isPadding && clear[10..14].ContainsAnyExcept(Letters));
            return isBroken ? Spoilt(SegmentForm.PackedAudio) : Known(SegmentForm.PackedAudio);
        }

        // The name in the tag that HLS puts before packed audio: it begins behind two headers of ten bytes.
        if (clear.Length >= 32 && clear[20..32].SequenceEqual("com.apple.st"u8)) return Spoilt(SegmentForm.PackedAudio);
        if (BinaryPrimitives.ReadUInt16BigEndian(clear) == 0x0B77 || IsMpegAudio(clear)) return Known(SegmentForm.PackedAudio);
        if (!IsAdts(clear)) return null;
        int next = ((clear[3] & 3) << 11) | (clear[4] << 3) | (clear[5] >> 5);
        return next >= 7 && (next + 2 > clear.Length || IsAdts(clear[next..])) ? Known(SegmentForm.PackedAudio) : null;
    }

    private static bool IsAdts(ReadOnlySpan<byte> frame) => frame[0] == 0xFF && (frame[1] & 0xF6) == 0xF0;

    /// <summary>Whether a frame of MPEG audio begins (ISO/IEC 11172-3, 2.4.1.3): no value of its header is a reserved one.</summary>
    private static bool IsMpegAudio(ReadOnlySpan<byte> frame) =>
        frame[0] == 0xFF && (frame[1] & 0xE0) == 0xE0 && (frame[1] & 0x18) != 0x08 && (frame[1] & 6) != 0 && (frame[2] & 0xF0) != 0xF0 && (frame[2] & 0x0C) != 0x0C && (frame[3] & 3) != 2;

    // ---- text

    private static SegmentBeginning? OfText(ReadOnlySpan<byte> clear)
    {
        if (IsText(clear)) return Known(SegmentForm.Text);
        ReadOnlySpan<byte> rest = clear[Block..];
        // Where the first block ends in the middle of a letter, so does what is wrong with it.
        int begun = 0;
        while (begun < rest.Length && begun < 3 && (rest[begun] & 0xC0) == 0x80) begun++;
        return rest.Length - begun >= Block && IsText(rest[begun..]) ? Spoilt(SegmentForm.Text) : null;
    }

    /// <summary>Whether bytes are UTF-8 without control characters; the last letter may be cut.</summary>
    private static bool IsText(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            OperationStatus status = Rune.DecodeFromUtf8(bytes, out Rune letter, out int length);
            if (status == OperationStatus.NeedMoreData) return true;
            if (status != OperationStatus.Done || (Rune.IsControl(letter) && letter.Value is not ('\t' or '\r' or '\n'))) return false;
            bytes = bytes[length..];
        }

        return true;
    }
}
