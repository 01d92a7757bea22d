using System.Buffers.Binary;
using Keyway.Decryption;

namespace Keyway.Containers.WebM.Structure;

/// <summary>How a frame of a track begins that announces encryption (WebM encryption, 4).</summary>
/// <remarks>
/// <code>
/// signal:1                                             E = 0: the frame
/// signal:1 IV:8                                        E = 1, P = 0: the frame, all of it encrypted
/// signal:1 IV:8 n:1 offset:4 × n                       E = 1, P = 1: clear up to the first offset, encrypted up to the second, and so on in turn
/// </code>
/// What is encrypted is one stream of AES in counter mode, over all pieces.
/// </remarks>
/// <param name="Length">How many bytes stand before the frame.</param>
/// <param name="IsEncrypted">Whether the frame, or pieces of it, are encrypted.</param>
/// <param name="Offsets">How many offsets there are; -1: the frame is not cut.</param>
internal readonly record struct FrameHead(int Length, bool IsEncrypted, int Offsets)
{
    /// <summary>The vector.</summary>
    public const int VectorAt = 1, VectorSize = 8;

    private const byte Encrypted = 0x01, Partitioned = 0x02, Extension = 0x80;
    private const int TableAt = VectorAt + VectorSize + 1;

    /// <summary>How many subsamples the pieces make: each is clear, then encrypted.</summary>
    public int Subsamples => Offsets < 0 ? 0 : (Offsets / 2) + 1;

    /// <summary>Reads it.</summary>
    /// <param name="frame">The frame with it. An empty one has none.</param>
    /// <param name="head">The head.</param>
    /// <returns>What is wrong; <see langword="null"/>: nothing.</returns>
    public static string? TryRead(ReadOnlySpan<byte> frame, out FrameHead head)
    {
        head = new FrameHead(0, false, -1);
        if (frame.IsEmpty) return null;
        byte signal = frame[0];
        if ((signal & Extension) != 0) return "the extension bit of the signal byte is set, and nobody knows what it means";
        if ((signal & ~(Encrypted | Partitioned)) != 0) return $"reserved bits of the signal byte are set (0x{signal:X2})";
        head = head with { Length = 1 };
        if ((signal & Encrypted) == 0) return null;
        head = new FrameHead(VectorAt + VectorSize, true, -1);
        if (frame.Length < head.Length) return $"an encrypted frame of {frame.Length} bytes has no room for its initialisation vector";
        if ((signal & Partitioned) == 0) return null;
        if (frame.Length < TableAt) return "a partitioned frame is cut short before the number of its partitions";
        int count = frame[TableAt - 1];
        head = new FrameHead(TableAt + (4 * count), true, count);
        if (frame.Length < head.Length) return $"a partitioned frame of {frame.Length} bytes has no room for {count} offsets";
        uint last = 0;
        for (int i = 0; i < count; i++)
        {
            uint next = BinaryPrimitives.ReadUInt32BigEndian(frame[(TableAt + (4 * i))..]);
            if (next < last) return $"offset {i + 1} of {count} of a partitioned frame is {next}, before the one before it";
            if (next > frame.Length - head.Length) return $"offset {i + 1} of {count} of a partitioned frame is {next}, behind its {frame.Length - head.Length} bytes";
            last = next;
        }

        return null;
    }

    /// <summary>Makes subsamples of the pieces.</summary>
    /// <param name="frame">The frame with its head.</param>
    /// <param name="subsamples">As many as there are.</param>
    /// <returns>How many bytes are encrypted.</returns>
    public long Fill(ReadOnlySpan<byte> frame, Span<Subsample> subsamples)
    {
        uint at = 0;
        long hidden = 0;
        for (int i = 0; i < subsamples.Length; i++)
        {
            uint clear = OffsetAt(frame, 2 * i), end = OffsetAt(frame, (2 * i) + 1);
            subsamples[i] = new Subsample { ClearBytes = clear - at, ProtectedBytes = end - clear };
            hidden += end - clear;
            at = end;
        }

        return hidden;
    }

    /// <summary>Whether a byte of the frame is encrypted: where every piece that could be is empty, none is.</summary>
    public bool HidesBytes(ReadOnlySpan<byte> frame)
    {
        if (!IsEncrypted || frame.Length == Length) return false;
        if (Offsets < 0) return true;
        for (int i = 0; i < Offsets; i += 2)
            if (OffsetAt(frame, i + 1) > OffsetAt(frame, i)) return true;
        return false;
    }

    /// <summary>How many bytes at the beginning of the frame are clear.</summary>
    public int ClearAtStart(ReadOnlySpan<byte> frame) => !HidesBytes(frame) ? frame.Length - Length : Offsets < 0 ? 0 : (int)OffsetAt(frame, 0);

    private uint OffsetAt(ReadOnlySpan<byte> frame, int index) =>
        index < Offsets ? BinaryPrimitives.ReadUInt32BigEndian(frame[(TableAt + (4 * index))..]) : (uint)(frame.Length - Length);
}
