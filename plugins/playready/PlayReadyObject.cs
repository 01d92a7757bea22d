using System.Buffers.Binary;

namespace Keyway.PlayReady;

/// <summary>A PlayReady Object (PRO): the list of records that a <c>pssh</c> box or a manifest carries.</summary>
/// <remarks>
/// All integers little-endian.
/// <code>
/// length:4 count:2 { type:2 length:2 value }×count
/// </code>
/// </remarks>
internal sealed class PlayReadyObject
{
    /// <summary>A record with a WRMHEADER in UTF-16LE.</summary>
    public const int HeaderRecord = 1;

    /// <summary>A record that readers pass over.</summary>
    public const int ReservedRecord = 2;

    /// <summary>A record with an embedded licence store, whose content is not public.</summary>
    public const int LicenseStoreRecord = 3;

    private const int FixedSize = 6;

    /// <summary>The records in order.</summary>
    public required IReadOnlyList<Record> Records { get; init; }

    /// <summary>What is wrong and tolerated, for people.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>One record.</summary>
    public readonly record struct Record(int Type, ReadOnlyMemory<byte> Value);

    /// <summary>Reads an object. Records that overrun are refused; a length field that lies is a warning, as most readers have it.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> source, out PlayReadyObject? result, out PlayReadyFault fault)
    {
        result = null;
        ReadOnlySpan<byte> bytes = source.Span;
        if (bytes.Length < FixedSize) return Fail("a PlayReady Object needs at least 6 bytes", out fault);

        List<string> warnings = [];
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        if (length != bytes.Length) warnings.Add($"the length field says {length}, there are {bytes.Length} bytes");

        int count = BinaryPrimitives.ReadUInt16LittleEndian(bytes[4..]);
        List<Record> records = [];
        int at = FixedSize;
        for (int i = 0; i < count; i++)
        {
            if (bytes.Length - at < 4) return Fail($"record {i} of {count} is missing (at byte {at})", out fault);
            int type = BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);
            int size = BinaryPrimitives.ReadUInt16LittleEndian(bytes[(at + 2)..]);
            at += 4;
            if (size > bytes.Length - at) return Fail($"record {i} of {size} bytes overruns the object (at byte {at})", out fault);
            if (type == HeaderRecord && size % 2 != 0) return Fail($"record {i} holds UTF-16 text of an odd length, {size}", out fault);
            records.Add(new Record(type, source.Slice(at, size)));
            at += size;
        }

        if (at < bytes.Length) warnings.Add($"{bytes.Length - at} bytes follow the last record");
        result = new PlayReadyObject { Records = records, Warnings = warnings };
        fault = default;
        return true;
    }

    private static bool Fail(string reason, out PlayReadyFault fault)
    {
        fault = new PlayReadyFault(PlayReadyCode.HeaderInvalid, reason);
        return false;
    }
}
