using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Keyway.Sandbox.PlayReady;

/// <summary>What the sandbox's own certificates do not have, and those of others may.</summary>
public sealed class CertificateTests
{
    private static readonly byte[] Sealed = [0, 1, 0, 0x0E, 0, 0, 0, 16, 0, 0, 0, 4, 1, 2, 3, 4];   // an EXTDATA_HWID record

    [Fact]
    public void Extended_data_must_be_signed()
    {
        using ECDsa issuer = Draw(), device = Draw(), extended = Draw();
        byte[] container = Container(extended.SignData(Sealed, HashAlgorithmName.SHA256));
        byte[] right = Write(issuer, device, 1, container, Attribute(1, 0x0B, [0, 1, 2, 0, 0, 0, 0, 0, .. P256.Public(extended)]));

        Certificate.Read(right).Facts.Level.Should().Be(150);

        byte[] changed = [.. right];
        changed[^(container.Length - 8 - 15)] ^= 1;   // the last byte of the identifier
        Refused(changed, "the signature of its extended data is wrong");
        Refused(Write(issuer, device, 1, container), "its extended data has no key");
        Refused(Write(issuer, device, 1, [], Attribute(1, 0x0B, [0, 1, 2, 0, 0, 0, 0, 0, .. P256.Public(extended)])), "it ends too early");
        Refused(Write(issuer, device, 0, container), "there is something behind its signature");
    }

    [Fact]
    public void Attribute_that_is_not_known_is_skipped_unless_it_must_be_understood()
    {
        using ECDsa issuer = Draw(), device = Draw();
        Certificate.Read(Write(issuer, device, 0, [], Attribute(0, 0x7F00, [1, 2, 3]))).Facts.Type.Should().Be(CertificateType.Device);
        Refused(Write(issuer, device, 0, [], Attribute(1, 0x7F00, [1, 2, 3])), "must be understood");
    }

    [Fact]
    public void Certificate_that_ends_anywhere_too_early_is_refused()
    {
        using ECDsa issuer = Draw(), device = Draw();
        byte[] right = Write(issuer, device, 0, []);
        for (int length = 0; length < right.Length; length++)
        {
            byte[] cut = right[..length];
            if (length >= 12) BinaryPrimitives.WriteInt32BigEndian(cut.AsSpan(8), length);
            FluentActions.Invoking(() => Certificate.Read(cut)).Should().Throw<FormatException>();
        }
    }

    private static ECDsa Draw() => ECDsa.Create(ECCurve.NamedCurves.nistP256);

    private static void Refused(byte[] certificate, string because) =>
        FluentActions.Invoking(() => Certificate.Read(certificate)).Should().Throw<FormatException>().WithMessage($"*{because}*");

    private static byte[] Write(ECDsa issuer, ECDsa device, byte flags, byte[] behind, params byte[][] more)
    {
        byte[] key = P256.Public(device);
        byte[] basic = Attribute(1, 1, [.. new byte[16], 0, 0, 0, 150, 0, 0, 0, flags, 0, 0, 0, 2, .. SHA256.HashData(key), 0xFF, 0xFF, 0xFF, 0xFF, .. new byte[16]]);
        byte[] attributes = [.. basic, .. Attribute(1, 6, [0, 0, 0, 1, 0, 1, 2, 0, 0, 0, 0, 0, .. key, 0, 0, 0, 1, 0, 0, 0, 1]), .. more.SelectMany(one => one)];
        byte[] signed = [.. "CERT"u8, 0, 0, 0, 1, .. U32(16 + attributes.Length + 144 + behind.Length), .. U32(16 + attributes.Length), .. attributes];
        byte[] signature = issuer.SignData(signed, HashAlgorithmName.SHA256);
        return [.. signed, .. Attribute(1, 8, [0, 1, 0, 64, .. signature, 0, 0, 2, 0, .. P256.Public(issuer)]), .. behind];
    }

    private static byte[] Container(byte[] signature) => Attribute(3, 0x0C, [.. Sealed, .. Attribute(1, 0x0D, [0, 1, 0, 64, .. signature])]);

    private static byte[] Attribute(byte flags, ushort tag, byte[] body) => [0, flags, (byte)(tag >> 8), (byte)tag, .. U32(8 + body.Length), .. body];

    private static byte[] U32(int value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }
}
