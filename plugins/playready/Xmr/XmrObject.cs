using System.Buffers.Binary;

namespace Keyway.PlayReady.Xmr;

/// <summary>One object of a licence, and the objects inside it.</summary>
/// <remarks>
/// All integers big-endian. The length counts its own 8 bytes.
/// <code>
/// flags:2 type:2 length:4 body          flags: 1 = must be understood, 2 = container
/// </code>
/// </remarks>
internal sealed record XmrObject
{
    /// <summary>The length of an object's head.</summary>
    public const int HeadLength = 8;

    private const int Deepest = 8;
    private const int MostObjects = 512;

    /// <summary>The flags as they stand there.</summary>
    public required ushort Flags { get; init; }

    public required XmrType Type { get; init; }

    /// <summary>Where the object begins, in bytes from the beginning of the licence.</summary>
    public required int Offset { get; init; }

    /// <summary>What follows the head.</summary>
    public required ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>The objects inside a container, in order.</summary>
    public IReadOnlyList<XmrObject> Children { get; init; } = [];

    public int Length => HeadLength + Body.Length;

    public bool MustUnderstand => (Flags & 1) != 0;

    public bool IsContainer => (Flags & 2) != 0 || XmrRules.HandlingOf(Type) == XmrHandling.Container;

    /// <summary>Reads an object and everything in it. Only structure is judged here.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> license, int offset, out XmrObject? result, out string reason)
    {
        int count = 0;
        return TryRead(license, offset, license.Length, 1, ref count, out result, out reason);
    }

    private static bool TryRead(ReadOnlyMemory<byte> license, int offset, int end, int depth, ref int count, out XmrObject? result, out string reason)
    {
        result = null;
        ReadOnlySpan<byte> bytes = license.Span[offset..end];
        if (depth > Deepest) return Fail($"objects are nested too deeply (at byte {offset})", out reason);
        if (++count > MostObjects) return Fail("there are too many objects", out reason);
        if (bytes.Length < HeadLength) return Fail($"an object is cut short (at byte {offset})", out reason);
        uint length = BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]);
        if (length < HeadLength || length > (uint)bytes.Length) return Fail($"the length of an object does not fit (at byte {offset})", out reason);

        int stop = offset + (int)length;
        XmrObject read = new()
        {
            Flags = BinaryPrimitives.ReadUInt16BigEndian(bytes),
            Type = (XmrType)BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]),
            Offset = offset,
            Body = license[(offset + HeadLength)..stop],
        };

        List<XmrObject> children = [];
        if (read.IsContainer)
        {
            for (int at = offset + HeadLength; at < stop;)
            {
                if (!TryRead(license, at, stop, depth + 1, ref count, out XmrObject? child, out reason)) return false;
                children.Add(child!);
                at += child!.Length;
            }
        }

        result = read with { Children = children };
        reason = "";
        return true;
    }

    private static bool Fail(string why, out string reason)
    {
        reason = why;
        return false;
    }
}
