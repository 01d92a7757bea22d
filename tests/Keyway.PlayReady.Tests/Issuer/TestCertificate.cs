using System.Security.Cryptography;
using System.Text;

namespace Keyway.PlayReady.Issuer;

/// <summary>A certificate to be issued. The defaults are those of a device.</summary>
internal sealed record TestCertificate
{
    public uint Type { get; init; } = 2;
    public uint Level { get; init; } = 150;
    public uint Expiry { get; init; } = uint.MaxValue;
    public uint Flags { get; init; }
    public required (TestKey Key, uint[] Usages)[] Keys { get; init; }
    public uint[]? Features { get; init; }
    public string[]? Manufacturer { get; init; }
    public (TestKey Key, byte[] HardwareId)? ExtendedData { get; init; }
    public byte[] More { get; init; } = [];

    public byte[] Issue(TestKey issuer)
    {
        uint flags = Flags | (ExtendedData is null ? 0u : 1u);
        List<byte[]> attributes =
        [
            Attribute(1, 1, Big.Join(RandomNumberGenerator.GetBytes(16), Big.U32(Level), Big.U32(flags), Big.U32(Type), SHA256.HashData(Keys[0].Key.PublicKey), Big.U32(Expiry), RandomNumberGenerator.GetBytes(16))),
        ];
        if (Type == 2) attributes.Add(Attribute(1, 4, Big.Join(Big.U32(10240), Big.U32(15360), Big.U32(2))));
        if (Features is not null) attributes.Add(Attribute(1, 5, Big.Join([Big.U32(Features.Length), .. Features.Select(feature => Big.U32(feature))])));
        attributes.Add(Attribute(1, 6, Big.Join([Big.U32(Keys.Length), .. Keys.Select(KeyEntry)])));
        if (Manufacturer is not null) attributes.Add(Attribute(0, 7, Big.Join([Big.U32(0), .. Manufacturer.Select(Text)])));
        if (ExtendedData is not null) attributes.Add(Attribute(1, 0x0B, Big.Join(Big.U16(1), Big.U16(512), Big.U32(0), ExtendedData.Value.Key.PublicKey)));
        attributes.Add(More);

        byte[] extended = [];
        if (ExtendedData is { } data)
        {
            byte[] record = Attribute(0, 0x0E, Big.Join(Big.U32(data.HardwareId.Length), Pad(data.HardwareId)));
            extended = Attribute(2, 0x0C, Big.Join(record, Attribute(0, 0x0D, Big.Join(Big.U16(1), Big.U16(64), data.Key.Sign(record)))));
        }

        byte[] body = Big.Join(attributes);
        byte[] signed = Big.Join("CERT"u8.ToArray(), Big.U32(1), Big.U32(16 + body.Length + 144 + extended.Length), Big.U32(16 + body.Length), body);
        byte[] signature = Attribute(1, 8, Big.Join(Big.U16(1), Big.U16(64), issuer.Sign(signed), Big.U32(512), issuer.PublicKey));
        return Big.Join(signed, signature, extended);
    }

    public static byte[] Chain(params byte[][] certificates) => Big.Join(
        ["CHAI"u8.ToArray(), Big.U32(1), Big.U32(20 + certificates.Sum(bytes => bytes.Length)), Big.U32(0), Big.U32(certificates.Length), .. certificates]);

    public static byte[] Attribute(int flags, int tag, byte[] body) => Big.Join(Big.U16(flags), Big.U16(tag), Big.U32(8 + body.Length), body);

    private static byte[] KeyEntry((TestKey Key, uint[] Usages) entry) => Big.Join(
        [Big.U16(1), Big.U16(512), Big.U32(0), entry.Key.PublicKey, Big.U32(entry.Usages.Length), .. entry.Usages.Select(usage => Big.U32(usage))]);

    private static byte[] Text(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text + "\0");
        return Big.Join(Big.U32(bytes.Length), Pad(bytes));
    }

    private static byte[] Pad(byte[] bytes) => [.. bytes, .. new byte[(4 - (bytes.Length % 4)) % 4]];
}
