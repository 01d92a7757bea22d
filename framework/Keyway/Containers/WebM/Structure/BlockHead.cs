using System.Buffers.Binary;
using Keyway.Containers.WebM.Ebml;

namespace Keyway.Containers.WebM.Structure;

/// <summary>How the content of a <c>SimpleBlock</c> or <c>Block</c> begins (RFC 9559, 10.1 and 10.2).</summary>
/// <remarks>
/// <code>
/// track:1..8 time:2 flags:1       flags: 80 key, 08 invisible, 06 lacing, 01 discardable
/// </code>
/// </remarks>
/// <param name="Track">The number of the track.</param>
/// <param name="Time">Units from the beginning of the cluster.</param>
/// <param name="Flags">The flags.</param>
/// <param name="Length">How long the head is.</param>
internal readonly record struct BlockHead(ulong Track, short Time, byte Flags, int Length)
{
    /// <summary>How several frames lie in the block; 0: there is one.</summary>
    public BlockLacing Lacing => (BlockLacing)((Flags >> 1) & 3);

    /// <summary>Of a <c>SimpleBlock</c>: whether decoding can begin with it.</summary>
    public bool IsKey => (Flags & 0x80) != 0;

    public static bool TryRead(ReadOnlySpan<byte> content, out BlockHead head)
    {
        head = default;
        int track = Vint.TryRead(content, out ulong number);
        if (track == 0 || content.Length < track + 3) return false;
        head = new BlockHead(number, BinaryPrimitives.ReadInt16BigEndian(content[track..]), content[track + 2], track + 3);
        return true;
    }
}
