using System.Buffers.Binary;
using Keyway.Decryption;
using Keyway.Mp4.Boxes;

namespace Keyway.Mp4.KeyChecks;

/// <summary>What every clear sample of a format has and a wrongly decrypted one has not, where it lies in bytes that protection covers.</summary>
/// <remarks>
/// <code>
/// ac-3 ec-3   0B 77 …                                    sync word (ETSI TS 102 366, 4.4.1 and E.1.3.1); where that is clear, the frame's CRC (7.10)
/// fLaC        FF F8|F9 … crc:8                           frame header and its checksum (RFC 9639, 9.1)
/// av01        [ header:8 (extension:8) (size:leb128) … ] units that end where the sample ends (AV1, 5.3)
/// vp08        tag:24 with bit 0 clear, 9D 01 2A …        start code of a key frame (RFC 6386, 9.1)
/// </code>
/// </remarks>
internal static class KeySignature
{
    public const int Block = 16;

    /// <summary>What is looked at in samples of a format.</summary>
    /// <returns><see langword="null"/> where there is nothing to look at.</returns>
    public static string? NameOf(uint format) => format switch
    {
        FourCc.Ac3 or FourCc.Ec3 => "sync word or CRC",
        FourCc.FLaC => "frame header",
        FourCc.Av01 => "OBU headers",
        FourCc.Vp08 => "start code",
        _ => null,
    };

    /// <summary>Looks at a sample that was decrypted.</summary>
    /// <param name="format">Its format, without protection.</param>
    /// <param name="sample">The sample.</param>
    /// <param name="protection">How it was protected.</param>
    /// <returns>Whether it is of its format; <see langword="null"/> where nothing that was protected says it.</returns>
    public static bool? Judge(uint format, ReadOnlySpan<byte> sample, in SampleProtection protection) => format switch
    {
        FourCc.Ac3 or FourCc.Ec3 => IsCovered(sample, protection, 2) ? IsSyncFrame(sample) : IsWholeSyncFrame(sample, protection),
        FourCc.FLaC => IsCovered(sample, protection, 2) ? IsFlacFrame(sample) : null,
        FourCc.Av01 => protection.Subsamples.IsEmpty && IsCovered(sample, protection, Block) ? IsTemporalUnit(sample) : null,
        FourCc.Vp08 => IsCovered(sample, protection, 6) ? IsKeyFrame(sample) : null,
        _ => null,
    };

    /// <summary>Whether the first bytes of a sample were encrypted.</summary>
    public static bool IsCovered(ReadOnlySpan<byte> sample, in SampleProtection protection, int bytes)
    {
        long range = sample.Length;
        if (!protection.Subsamples.IsEmpty)
        {
            if (protection.Subsamples[0].ClearBytes > 0) return false;
            range = protection.Subsamples[0].ProtectedBytes;
        }

        // Counter mode without a pattern covers the last partial block too; the others leave it clear. A pattern begins with what it encrypts.
        return range >= (protection.Scheme == ProtectionScheme.Cenc ? bytes : Block);
    }

    // Some writers store the words of the frame with their bytes swapped.
    private static bool IsSyncFrame(ReadOnlySpan<byte> sample) => BinaryPrimitives.ReadUInt16BigEndian(sample) is 0x0B77 or 0x770B;

    /// <summary>Whether the check of the first syncframe holds, where its header is clear and something behind it was encrypted: SAMPLE-AES leaves the first 16 bytes clear.</summary>
    private static bool? IsWholeSyncFrame(ReadOnlySpan<byte> sample, in SampleProtection protection)
    {
        if (protection.Subsamples.IsEmpty || protection.Subsamples[0] is not { ClearBytes: >= DolbyHeader.Least and var clear, ProtectedBytes: >= Block }) return null;
        if (sample.Length < DolbyHeader.Least || DolbyHeader.TryRead(sample, out DolbyHeader header) is not null || header.Length > sample.Length || header.Length < clear + Block) return null;
        return DolbyCrc.Holds(sample[..header.Length]);
    }

    private static bool IsFlacFrame(ReadOnlySpan<byte> sample)
    {
        if (sample.Length < 6 || (BinaryPrimitives.ReadUInt16BigEndian(sample) & 0xFFFE) != 0xFFF8) return false;
        int number = int.LeadingZeroCount((byte)~sample[4]) - 24;       // as in UTF-8: leading ones count the bytes
        if (number is 1 or 8) return false;
        int length = 4 + Math.Max(1, number);
        length += (sample[2] >> 4) switch { 6 => 1, 7 => 2, _ => 0 };
        length += (sample[2] & 15) switch { 12 => 1, 13 or 14 => 2, _ => 0 };
        if (sample.Length <= length) return false;
        byte crc = 0;
        foreach (byte b in sample[..length])
        {
            crc ^= b;
            for (int i = 0; i < 8; i++) crc = (byte)((crc << 1) ^ ((crc & 0x80) != 0 ? 0x07 : 0));
        }

        return crc == sample[length];
    }

    private static bool IsTemporalUnit(ReadOnlySpan<byte> rest)
    {
        bool hasFrame = false;
        while (!rest.IsEmpty)
        {
            byte header = rest[0];
            if ((header & 0x81) != 0) return false;                     // forbidden and reserved
            int type = header >> 3;
            if (type is 0 or (> 8 and < 15)) return false;
            hasFrame |= type is 3 or 6;                                 // frame header, frame
            int at = 1;
            if ((header & 4) != 0 && (at++ == rest.Length || (rest[1] & 7) != 0)) return false;
            if ((header & 2) == 0) return hasFrame;                     // without a size: to the end
            ulong size = 0;
            for (int i = 0; ; i++, at++)
            {
                if (i == 8 || at >= rest.Length) return false;
                size |= (ulong)(rest[at] & 0x7F) << (7 * i);
                if (rest[at] < 0x80) break;
            }

            at++;
            if (size > (ulong)(rest.Length - at)) return false;
            rest = rest[(at + (int)size)..];
        }

        return hasFrame;
    }

    /// <summary>Only a key frame has the start code; another frame says nothing.</summary>
    private static bool? IsKeyFrame(ReadOnlySpan<byte> sample) => (sample[0] & 1) != 0 ? null : sample[3] == 0x9D && sample[4] == 0x01 && sample[5] == 0x2A;
}
