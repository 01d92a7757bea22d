using System.Buffers.Binary;
using Keyway.Mp4.Boxes;

namespace Keyway.Timeline;

/// <summary>The boxes of one segment: they end where it ends.</summary>
internal static class SegmentBoxes
{
    private const uint Sidx = 0x73696478, Ssix = 0x73736978, Emsg = 0x656D7367, Prft = 0x70726674, Skip = 0x736B6970, Mfra = 0x6D667261, Imda = 0x696D6461;

    /// <summary>Walks over them. A last box of size 0 (ISO/IEC 14496-12, 4.2: to the end of the file) gets its true size, so that others can follow it.</summary>
    /// <param name="bytes">The whole segment.</param>
    /// <param name="boxes">Gets the boxes; their offsets count from the beginning of the segment.</param>
    /// <param name="end">Where the last of them ends. What follows is no box.</param>
    /// <param name="error">What is wrong: a box is cut, or there is none.</param>
    public static bool TryWalk(Span<byte> bytes, List<TopBox> boxes, out int end, out FormatError error)
    {
        end = 0;
        error = default;
        while (end < bytes.Length)
        {
            Span<byte> rest = bytes[end..];
            if (!TryReadHeader(rest, out TopBox box)) break;
            if (box.Length == 0)
            {
                BinaryPrimitives.WriteInt32BigEndian(rest, rest.Length);
                box = box with { Length = rest.Length };
            }

            if (box.Length > rest.Length)
            {
                if (!IsKnown(box.Type)) break;
                error = new FormatError($"the segment is cut short: the box has {box.Length} bytes, {rest.Length} are there", FourCc.Text(box.Type), end);
                return false;
            }

            boxes.Add(box with { Offset = end });
            end += (int)box.Length;
        }

        if (boxes.Count > 0) return true;
        error = new FormatError(Describe(bytes), "", 0);
        return false;
    }

    /// <summary>Reads what begins a box.</summary>
    /// <param name="bytes">What is there.</param>
    /// <param name="box">The box; its length is 0 where it reaches to the end.</param>
    /// <returns><see langword="false"/> where no box begins.</returns>
    public static bool TryReadHeader(ReadOnlySpan<byte> bytes, out TopBox box)
    {
        box = default;
        if (!BoxHeader.TryRead(bytes, out BoxHeader header) || !FourCc.Prints(header.Type)) return false;
        header = header.Mended;
        if (!header.ReachesToEnd && header.Length < header.Size) return false;
        box = new TopBox(header.Type, 0, header.Size, header.Length);
        return true;
    }

    /// <summary>What something is that has no box.</summary>
    public static string Describe(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty) return "it is empty";
        if (!bytes.ContainsAnyExcept((byte)0)) return $"it has nothing but {bytes.Length} zero bytes";
        ReadOnlySpan<byte> text = bytes.TrimStart(" \t\r\n"u8);
        if (text.StartsWith("<"u8)) return "it is a text (HTML or XML), not MP4";
        if (text.StartsWith("{"u8) || text.StartsWith("["u8)) return "it is a text (JSON), not MP4";
        if (text.StartsWith("#EXTM3U"u8)) return "it is a playlist (M3U8), not MP4";
        if (bytes[0] == 0x47 && (bytes.Length <= 188 || bytes[188] == 0x47)) return "it is an MPEG transport stream, not MP4";
        return "it does not begin with a box";
    }

    /// <summary>Whether packagers write a box at the top of files and segments. Of anything else a length that leads out of the segment says that it is no box at all.</summary>
    public static bool IsKnown(uint type) =>
        type is FourCc.Ftyp or FourCc.Styp or FourCc.Moov or FourCc.Moof or FourCc.Mdat or FourCc.Free or FourCc.Uuid or FourCc.Meta or FourCc.Pssh
            or Sidx or Ssix or Emsg or Prft or Skip or Mfra or Imda;
}
