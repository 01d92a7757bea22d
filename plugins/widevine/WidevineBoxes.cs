using System.Buffers.Binary;

namespace Keyway.Widevine;

/// <summary>Walks whole <c>pssh</c> boxes (ISO/IEC 23001-7, 8.1), for initialisation data that still has them around it.</summary>
/// <remarks>
/// <code>
/// size:4 'pssh' [ size:8 when size is 1 ] version:1 flags:3 SystemID:16 [ count:4 KID:16 × count ] DataSize:4 Data
///   0 = to the end                                                       only in version 1
/// </code>
/// </remarks>
internal static class WidevineBoxes
{
    /// <summary>Whether the bytes are a box and not a payload. A protobuf cannot begin with a zero byte, nor hold 'pssh' there.</summary>
    public static bool IsBox(ReadOnlySpan<byte> data) => data.Length >= 8 && data[4..8].SequenceEqual("pssh"u8);

    /// <summary>Adds what the boxes of this system hold. Boxes of other types and other systems are passed over.</summary>
    /// <exception cref="Licensing.ProtectionHeaderException">A box does not fit, or its version is not known.</exception>
    public static void Read(ReadOnlySpan<byte> data, List<WidevinePayload> payloads, List<KeyId> keyIds)
    {
        for (int at = 0; at < data.Length;)
        {
            ReadOnlySpan<byte> rest = data[at..];
            if (rest.Length < 8) throw WidevineError.BadHeader($"not a whole box at byte {at}");
            ulong size = BinaryPrimitives.ReadUInt32BigEndian(rest);
            int header = 8;
            if (size == 1)
            {
                if (rest.Length < 16) throw WidevineError.BadHeader($"not a whole box at byte {at}");
                size = BinaryPrimitives.ReadUInt64BigEndian(rest[8..]);
                header = 16;
            }
            else if (size == 0) size = (ulong)rest.Length;

            if (size < (ulong)header || size > (ulong)rest.Length) throw WidevineError.BadHeader($"the box at byte {at} does not fit the data");
            if (rest[4..8].SequenceEqual("pssh"u8)) ReadContent(rest[header..(int)size], at, payloads, keyIds);
            at += (int)size;
        }
    }

    private static void ReadContent(ReadOnlySpan<byte> content, int at, List<WidevinePayload> payloads, List<KeyId> keyIds)
    {
        if (content.Length < 24) throw WidevineError.BadHeader($"the pssh box at byte {at} is too short");
        if (content[0] > 1) throw WidevineError.BadHeader($"the pssh box at byte {at} is of version {content[0]}, which is not known");
        if (new Guid(content.Slice(4, 16), bigEndian: true) != WidevineConstants.System.Value) return;
        bool hasKeyIds = content[0] == 1;
        content = content[20..];
        if (hasKeyIds)
        {
            uint count = BinaryPrimitives.ReadUInt32BigEndian(content);
            content = content[4..];
            if (count > (uint)content.Length / KeyId.Size) throw WidevineError.BadHeader($"the {count} key ids of the pssh box at byte {at} do not fit it");
            for (; count > 0; count--, content = content[KeyId.Size..])
                if (KeyId.TryRead(content[..KeyId.Size], out KeyId id)) keyIds.Add(id);
            if (content.Length < 4) throw WidevineError.BadHeader($"the pssh box at byte {at} ends before its data");
        }

        uint size = BinaryPrimitives.ReadUInt32BigEndian(content);
        if (size > (uint)content.Length - 4) throw WidevineError.BadHeader($"the data of the pssh box at byte {at} does not fit it");
        if (size > 0) payloads.Add(WidevinePayload.Read(content.Slice(4, (int)size)));
    }
}
