using System.Security.Cryptography;

namespace Keyway.Sandbox.PlayReady;

/// <summary>A certificate that came from a client: read strictly, its own signature checked, its issuer not.</summary>
/// <param name="Facts">What it says.</param>
/// <param name="IssuerKey">The key that signed it.</param>
internal sealed record Certificate(CertificateFacts Facts, byte[] IssuerKey)
{
    private const int MustUnderstand = 1;
    private const int MostKeys = 16;
    private const int MostUsages = 32;

    /// <summary>Reads a certificate.</summary>
    /// <param name="bytes">Its bytes, and no more.</param>
    /// <returns>The certificate.</returns>
    /// <exception cref="FormatException">It is none, or its signature is wrong.</exception>
    public static Certificate Read(ReadOnlySpan<byte> bytes)
    {
        ByteReader reader = new(bytes);
        Need(reader.Bytes(4).SequenceEqual("CERT"u8) && reader.U32() == 1, "it is no certificate of version 1");
        Need(reader.U32() == bytes.Length, "its length is wrong");
        uint signedLength = reader.U32();
        Need(signedLength > 16 && signedLength < bytes.Length, "its signed length is wrong");

        CertificateFacts? basic = null;
        List<CertifiedKey>? keys = null;
        byte[]? extendedKey = null;
        bool isExtended = false;
        List<uint> features = [];
        ByteReader signed = new(bytes[16..(int)signedLength]);
        while (!signed.IsAtEnd)
        {
            Attribute attribute = Attribute.Next(ref signed);
            ReadOnlySpan<byte> body = attribute.Body;
            switch (attribute.Tag)
            {
                case AttributeTag.Basic:
                    Need(basic is null, "it has two BASIC attributes");
                    (basic, isExtended) = Basic(body);
                    break;
                case AttributeTag.Key:
                    Need(keys is null, "it has two KEY attributes");
                    keys = Keys(body);
                    break;
                case AttributeTag.Feature:
                    features = Numbers(body);
                    break;
                case AttributeTag.ExtendedSignKey:
                    extendedKey = body.Length == 8 + Curve.PointLength ? body[8..].ToArray() : throw new FormatException("its EXTDATASIGNKEY attribute has a wrong length");
                    break;
                case AttributeTag.Signature:
                    throw new FormatException("its signature is inside what is signed");
                default:
                    Need(Enum.IsDefined(attribute.Tag) || (attribute.Flags & MustUnderstand) == 0, "it has an attribute that must be understood and is not known");
                    break;
            }
        }

        Need(basic is not null && keys is { Count: > 0 }, "it has no BASIC or no KEY attribute");
        ByteReader rest = new(bytes[(int)signedLength..]);
        Attribute signature = Attribute.Next(ref rest);
        Need(signature.Tag == AttributeTag.Signature, "there is no signature behind what is signed");
        ByteReader parts = new(signature.Body);
        Need(parts.U16() == 1 && parts.U16() == Curve.PointLength, "its signature is not of P-256");
        ReadOnlySpan<byte> value = parts.Bytes(Curve.PointLength);
        Need(parts.U32() == Curve.PointLength * 8, "its issuer's key is not of P-256");
        byte[] issuer = parts.Bytes(Curve.PointLength).ToArray();
        Need(parts.IsAtEnd, "there is something behind its signature");
        Need(Curve.Verify(issuer, bytes[..(int)signedLength], value), "its signature is wrong");

        if (isExtended) VerifyExtended(ref rest, extendedKey);
        Need(rest.IsAtEnd, "there is something behind its signature");
        Need(basic!.Digest.AsSpan().SequenceEqual(SHA256.HashData(keys![0].Point)), "its digest is not of its first key");
        return new Certificate(basic with { Keys = keys, Features = features }, issuer);
    }

    private static (CertificateFacts Facts, bool IsExtended) Basic(ReadOnlySpan<byte> body)
    {
        ByteReader reader = new(body);
        byte[] id = reader.Bytes(16).ToArray();
        uint level = reader.U32(), flags = reader.U32();
        CertificateType type = (CertificateType)reader.U32();
        byte[] digest = reader.Bytes(32).ToArray();
        CertificateFacts facts = new() { Id = id, Level = level, Type = type, Digest = digest, Expires = reader.U32(), ClientId = reader.Bytes(16).ToArray(), Keys = [] };
        Need(reader.IsAtEnd, "its BASIC attribute is too long");
        return (facts, (flags & 1) != 0);
    }

    private static List<CertifiedKey> Keys(ReadOnlySpan<byte> body)
    {
        ByteReader reader = new(body);
        uint count = reader.U32();
        Need(count is > 0 and <= MostKeys, "it has no key, or too many");
        List<CertifiedKey> keys = [];
        for (uint i = 0; i < count; i++)
        {
            Need(reader.U16() == 1 && reader.U16() == Curve.PointLength * 8, "a key is not of P-256");
            reader.U32();
            byte[] point = reader.Bytes(Curve.PointLength).ToArray();
            Need(Curve.Read(point) is not null, "a key is no point of the curve");
            uint usages = reader.U32();
            Need(usages <= MostUsages, "a key has too many usages");
            List<KeyUsage> list = [];
            for (uint j = 0; j < usages; j++) list.Add((KeyUsage)reader.U32());
            keys.Add(new CertifiedKey(point, list));
        }

        Need(reader.IsAtEnd, "its KEY attribute is too long");
        return keys;
    }

    private static List<uint> Numbers(ReadOnlySpan<byte> body)
    {
        ByteReader reader = new(body);
        uint count = reader.U32();
        Need(count <= 32, "it has too many features");
        List<uint> numbers = [];
        for (uint i = 0; i < count; i++) numbers.Add(reader.U32());
        Need(reader.IsAtEnd, "its FEATURE attribute is too long");
        return numbers;
    }

    // EXTDATACONTAINER holds one EXTDATA_HWID record and the signature over all of it, header included.
    private static void VerifyExtended(ref ByteReader rest, byte[]? key)
    {
        Need(key is not null, "its extended data has no key");
        Attribute container = Attribute.Next(ref rest);
        Need(container.Tag == AttributeTag.ExtendedContainer, "its extended data is missing");
        ByteReader reader = new(container.Body);
        Attribute record = Attribute.Next(ref reader), signature = Attribute.Next(ref reader);
        Need(record.Tag == AttributeTag.ExtendedHardwareId && signature.Tag == AttributeTag.ExtendedSignature && reader.IsAtEnd, "its extended data is of another form");
        ByteReader parts = new(signature.Body);
        Need(parts.U16() == 1 && parts.U16() == Curve.PointLength && Curve.Verify(key, record.Whole, parts.Bytes(Curve.PointLength)) && parts.IsAtEnd, "the signature of its extended data is wrong");
    }

    private static void Need([System.Diagnostics.CodeAnalysis.DoesNotReturnIf(false)] bool condition, string otherwise)
    {
        if (!condition) throw new FormatException(otherwise);
    }

    // flags  2 | tag  2 | length with these 8  4 | body
    private readonly ref struct Attribute(int flags, AttributeTag tag, ReadOnlySpan<byte> whole)
    {
        private const int HeaderLength = 8;

        public int Flags { get; } = flags;

        public AttributeTag Tag { get; } = tag;

        public ReadOnlySpan<byte> Whole { get; } = whole;

        public ReadOnlySpan<byte> Body => Whole[HeaderLength..];

        public static Attribute Next(ref ByteReader reader)
        {
            ByteReader header = reader;
            int flags = header.U16();
            AttributeTag tag = (AttributeTag)header.U16();
            uint length = header.U32();
            Need(length >= HeaderLength, "the length of an attribute is wrong");
            return new Attribute(flags, tag, reader.Bytes(length));
        }
    }
}
