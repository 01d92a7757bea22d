using System.Security.Cryptography;
using System.Text;

namespace Keyway.Sandbox.PlayReady;

/// <summary>Writes certificates and chains.</summary>
/// <remarks>
/// Every number has its highest byte first.
/// <code>
/// chain        CHAI | version 1  4 | length  4 | flags  4 | count  4 | certificates, the leaf first
/// certificate  CERT | version 1  4 | length  4 | signed length  4 | attributes … | SIGNATURE attribute
/// attribute    flags  2 | tag  2 | length with these 8  4 | body
/// </code>
/// </remarks>
internal static class CertificateMaker
{
    private const int MustUnderstand = 1;
    private const int SignatureLength = 144;

    /// <summary>Makes a certificate.</summary>
    /// <param name="facts">What it says.</param>
    /// <param name="issuer">The key that signs it.</param>
    /// <returns>The certificate.</returns>
    public static byte[] Sign(CertificateFacts facts, ECDsa issuer)
    {
        List<byte[]> attributes = [Attribute(AttributeTag.Basic, Basic(facts))];
        if (facts.Type == CertificateType.Device) attributes.Add(Attribute(AttributeTag.Device, new ByteWriter().U32(10240).U32(15360).U32(2)));
        if (facts.Features.Count > 0) attributes.Add(Attribute(AttributeTag.Feature, Numbers(facts.Features)));
        attributes.Add(Attribute(AttributeTag.Key, Keys(facts.Keys)));
        if (facts.Manufacturer.Count > 0) attributes.Add(Attribute(AttributeTag.Manufacturer, Manufacturer(facts.Manufacturer)));

        int signedLength = 16 + attributes.Sum(attribute => attribute.Length);
        ByteWriter writer = new ByteWriter().Bytes("CERT"u8).U32(1).U32(signedLength + SignatureLength).U32(signedLength);
        foreach (byte[] attribute in attributes) writer.Bytes(attribute);
        byte[] signed = writer.ToArray();
        ByteWriter signature = new ByteWriter().U16(1).U16(Curve.PointLength).Bytes(Curve.Sign(issuer, signed)).U32(Curve.PointLength * 8).Bytes(Curve.PublicOf(issuer));
        return [.. signed, .. Attribute(AttributeTag.Signature, signature)];
    }

    /// <summary>Makes a chain.</summary>
    /// <param name="certificates">The certificates, the leaf first, without the root.</param>
    /// <returns>The chain.</returns>
    public static byte[] Chain(params byte[][] certificates)
    {
        ByteWriter writer = new ByteWriter().Bytes("CHAI"u8).U32(1).U32(20 + certificates.Sum(one => one.Length)).U32(0).U32(certificates.Length);
        foreach (byte[] certificate in certificates) writer.Bytes(certificate);
        return writer.ToArray();
    }

    private static byte[] Attribute(AttributeTag tag, ByteWriter body)
    {
        byte[] bytes = body.ToArray();
        return new ByteWriter().U16(MustUnderstand).U16((int)tag).U32(8 + bytes.Length).Bytes(bytes).ToArray();
    }

    private static ByteWriter Basic(CertificateFacts facts) => new ByteWriter()
        .Bytes(facts.Id).U32(facts.Level).U32(0).U32((uint)facts.Type).Bytes(SHA256.HashData(facts.Keys[0].Point)).U32(facts.Expires).Bytes(facts.ClientId);

    private static ByteWriter Numbers(IReadOnlyList<uint> numbers)
    {
        ByteWriter writer = new ByteWriter().U32(numbers.Count);
        foreach (uint number in numbers) writer.U32(number);
        return writer;
    }

    private static ByteWriter Keys(IReadOnlyList<CertifiedKey> keys)
    {
        ByteWriter writer = new ByteWriter().U32(keys.Count);
        foreach (CertifiedKey key in keys)
            writer.U16(1).U16(Curve.PointLength * 8).U32(0).Bytes(key.Point).Bytes(Numbers([.. key.Usages.Select(usage => (uint)usage)]).ToArray());
        return writer;
    }

    private static ByteWriter Manufacturer(IReadOnlyList<string> names)
    {
        ByteWriter writer = new ByteWriter().U32(0);
        foreach (string name in names)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(name + "\0");   // the length counts the end mark, the padding not
            writer.U32(bytes.Length).Bytes(bytes).Bytes(new byte[-bytes.Length & 3]);
        }

        return writer;
    }
}
