using System.Buffers;
using System.Buffers.Binary;
using Keyway.Cdm.Wire;

namespace Keyway.Cdm;

/// <summary>What is kept of a session beside what its module keeps: its name, and which of its keys came in the open.</summary>
/// <remarks>
/// <code>
/// 0   1  version, 1
/// 1   2  length of the name, big-endian
/// 3   n  the name
///     2  count of keys, big-endian
///        the keys, 16 bytes each
/// </code>
/// </remarks>
internal static class StoredSession
{
    private const byte Version = 1;

    /// <summary>Writes it.</summary>
    public static void Write(ReadOnlySpan<byte> session, IReadOnlyCollection<KeyId> open, IBufferWriter<byte> destination)
    {
        int count = Math.Min(open.Count, WireLimits.Keys);
        Span<byte> bytes = destination.GetSpan(5 + session.Length + (count * KeyId.Size));
        bytes[0] = Version;
        BinaryPrimitives.WriteUInt16BigEndian(bytes[1..], (ushort)session.Length);
        session.CopyTo(bytes[3..]);
        int at = 3 + session.Length;
        BinaryPrimitives.WriteUInt16BigEndian(bytes[at..], (ushort)count);
        at += 2;
        foreach (KeyId id in open.Take(count))
        {
            id.Write(bytes[at..]);
            at += KeyId.Size;
        }

        destination.Advance(at);
    }

    /// <summary>Reads it.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out byte[] session, out List<KeyId> open)
    {
        (session, open) = ([], []);
        if (bytes.Length < 5 || bytes[0] != Version) return false;
        int length = BinaryPrimitives.ReadUInt16BigEndian(bytes[1..]);
        if (length is 0 or > WireLimits.SessionId || bytes.Length < 5 + length) return false;
        session = bytes.Slice(3, length).ToArray();
        bytes = bytes[(3 + length)..];
        int count = BinaryPrimitives.ReadUInt16BigEndian(bytes);
        bytes = bytes[2..];
        if (bytes.Length != count * KeyId.Size) return false;
        for (int i = 0; i < count; i++)
        {
            if (!KeyId.TryRead(bytes.Slice(i * KeyId.Size, KeyId.Size), out KeyId id)) return false;
            open.Add(id);
        }

        return true;
    }
}
