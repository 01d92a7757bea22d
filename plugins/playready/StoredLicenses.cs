using System.Buffers;
using System.Buffers.Binary;

namespace Keyway.PlayReady;

/// <summary>Answers that are kept, as they were received.</summary>
/// <remarks>
/// The whole answer is kept and not the licence alone, because only the answer is signed: whoever knows the device's public key can make a licence
/// that passes its own integrity check. Everything is verified again when it is read. No key is in here that the device's private key does not open.
/// <code>
/// 'KWPR' version:2 count:2 { nonce:16 length:4 answer }×count        big-endian
/// </code>
/// </remarks>
internal static class StoredLicenses
{
    private const uint Magic = 0x4B575052;
    private const ushort Version = 1;
    private const int HeadLength = 8;
    private const int EntryHead = PlayReadyConstants.NonceLength + 4;

    /// <summary>One answer and the nonce of its challenge.</summary>
    public readonly record struct Entry(ReadOnlyMemory<byte> Nonce, ReadOnlyMemory<byte> Body);

    /// <summary>Writes entries.</summary>
    public static void Write(IReadOnlyList<Entry> entries, IBufferWriter<byte> destination)
    {
        Span<byte> head = destination.GetSpan(HeadLength);
        BinaryPrimitives.WriteUInt32BigEndian(head, Magic);
        BinaryPrimitives.WriteUInt16BigEndian(head[4..], Version);
        BinaryPrimitives.WriteUInt16BigEndian(head[6..], (ushort)entries.Count);
        destination.Advance(HeadLength);
        foreach (Entry entry in entries)
        {
            Span<byte> entryHead = destination.GetSpan(EntryHead);
            entry.Nonce.Span.CopyTo(entryHead);
            BinaryPrimitives.WriteInt32BigEndian(entryHead[PlayReadyConstants.NonceLength..], entry.Body.Length);
            destination.Advance(EntryHead);
            destination.Write(entry.Body.Span);
        }
    }

    /// <summary>Reads entries. They own copies.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out IReadOnlyList<Entry> entries)
    {
        List<Entry> list = [];
        entries = list;
        if (source.Length < HeadLength || BinaryPrimitives.ReadUInt32BigEndian(source) != Magic || BinaryPrimitives.ReadUInt16BigEndian(source[4..]) != Version) return false;
        int count = BinaryPrimitives.ReadUInt16BigEndian(source[6..]);
        int at = HeadLength;
        for (int i = 0; i < count; i++)
        {
            if (source.Length - at < EntryHead) return false;
            ReadOnlySpan<byte> nonce = source.Slice(at, PlayReadyConstants.NonceLength);
            uint length = BinaryPrimitives.ReadUInt32BigEndian(source[(at + PlayReadyConstants.NonceLength)..]);
            at += EntryHead;
            if (length > (uint)(source.Length - at)) return false;
            list.Add(new Entry(nonce.ToArray(), source.Slice(at, (int)length).ToArray()));
            at += (int)length;
        }

        return at == source.Length;
    }
}
