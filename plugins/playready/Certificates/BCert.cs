using System.Buffers.Binary;

namespace Keyway.PlayReady.Certificates;

/// <summary>One key of a certificate.</summary>
/// <param name="Point">x‖y.</param>
/// <param name="Usages">What it may be used for.</param>
internal sealed record BCertKey(ReadOnlyMemory<byte> Point, IReadOnlyList<BCertUsage> Usages);

/// <summary>One certificate of PlayReady's own format.</summary>
/// <remarks>
/// All integers big-endian. An attribute's length counts its own 8 bytes.
/// <code>
/// 'CERT' version:4 total:4 signed:4 { flags:2 tag:2 length:4 body } …  SIGNATURE attribute:144  [ extended data ]
/// └──────────────────── signed bytes ──────────────────────────────┘
/// flags: 1 = must be understood, 2 = container
/// </code>
/// </remarks>
internal sealed partial record BCert
{
    private const uint Magic = 0x43455254;
    private const int HeadLength = 16;
    private const int AttributeHead = 8;
    private const int SignatureAttribute = 144;
    private const ushort MustUnderstand = 1;
    private const int MostAttributes = 64;

    /// <summary>Where the certificate stands in its chain, in bytes.</summary>
    public required int Offset { get; init; }

    /// <summary>All bytes of the certificate.</summary>
    public required ReadOnlyMemory<byte> Bytes { get; init; }

    /// <summary>How many of them are signed.</summary>
    public required int SignedLength { get; init; }

    public required BCertType Type { get; init; }
    public required uint SecurityLevel { get; init; }

    /// <summary>Unix seconds; <see cref="uint.MaxValue"/>: never.</summary>
    public required uint Expiry { get; init; }

    public required IReadOnlyList<BCertKey> Keys { get; init; }
    public required ReadOnlyMemory<byte> Signature { get; init; }
    public required ReadOnlyMemory<byte> IssuerKey { get; init; }
    public IReadOnlyList<BCertFeature> Features { get; init; } = [];

    /// <summary>Manufacturer, model name and model number, where the certificate has them.</summary>
    public IReadOnlyList<string> Manufacturer { get; init; } = [];

    /// <summary>The key that signs the extended data.</summary>
    public ReadOnlyMemory<byte> ExtendedDataKey { get; init; }

    /// <summary>The hardware-id record with its head, as it is signed. Empty: there is no extended data.</summary>
    public ReadOnlyMemory<byte> ExtendedData { get; init; }

    public ReadOnlyMemory<byte> ExtendedDataSignature { get; init; }

    /// <summary>The one key for a use; <see langword="null"/> when there is none or more than one.</summary>
    public BCertKey? KeyFor(BCertUsage usage)
    {
        BCertKey[] found = [.. Keys.Where(key => key.Usages.Contains(usage))];
        return found.Length == 1 ? found[0] : null;
    }

    /// <summary>Reads one certificate from the beginning of what is left of a chain.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> rest, int offset, out BCert? certificate, out string reason)
    {
        certificate = null;
        ReadOnlySpan<byte> bytes = rest.Span;
        if (bytes.Length < HeadLength) return Fail("a certificate needs at least 16 bytes", out reason);
        if (BinaryPrimitives.ReadUInt32BigEndian(bytes) != Magic) return Fail("a certificate does not begin with CERT", out reason);
        if (BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]) != 1) return Fail("a certificate is not of version 1", out reason);
        uint total = BinaryPrimitives.ReadUInt32BigEndian(bytes[8..]);
        uint signed = BinaryPrimitives.ReadUInt32BigEndian(bytes[12..]);
        if (total > (uint)bytes.Length || signed < HeadLength || signed > total || total - signed < SignatureAttribute)
            return Fail("the lengths of a certificate do not fit", out reason);

        ReadOnlyMemory<byte> whole = rest[..(int)total];
        Parts parts = new();
        int count = 0;
        for (int at = HeadLength; at < (int)signed;)
        {
            if (++count > MostAttributes) return Fail("a certificate has too many attributes", out reason);
            if (!TryReadAttribute(whole[..(int)signed], at, out Attribute attribute, out reason)) return false;
            if (attribute.Tag is BCertTag.Signature or BCertTag.ExtendedDataContainer) return Fail($"attribute {attribute.Tag} stands in the signed part", out reason);
            if (!parts.TryTake(attribute, out reason)) return false;
            at += attribute.Length;
        }

        if (!parts.TryTakeSignature(whole[(int)signed..], out reason) || !parts.TryTakeExtendedData(whole[((int)signed + SignatureAttribute)..], out reason)) return false;
        certificate = parts.Build(offset, whole, (int)signed, out reason);
        return certificate is not null;
    }

    private static bool TryReadAttribute(ReadOnlyMemory<byte> area, int at, out Attribute attribute, out string reason)
    {
        attribute = default;
        ReadOnlySpan<byte> bytes = area.Span[at..];
        if (bytes.Length < AttributeHead) return Fail("an attribute of a certificate is cut short", out reason);
        uint length = BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]);
        if (length < AttributeHead || length > (uint)bytes.Length) return Fail("the length of an attribute does not fit", out reason);
        attribute = new Attribute(
            BinaryPrimitives.ReadUInt16BigEndian(bytes),
            (BCertTag)BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]),
            (int)length,
            area[(at + AttributeHead)..(at + (int)length)]);
        reason = "";
        return true;
    }

    private static bool Fail(string why, out string reason)
    {
        reason = why;
        return false;
    }

    private readonly record struct Attribute(ushort Flags, BCertTag Tag, int Length, ReadOnlyMemory<byte> Body);
}
