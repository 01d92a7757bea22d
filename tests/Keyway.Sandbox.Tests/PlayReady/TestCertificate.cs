using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Keyway.Sandbox.PlayReady;

/// <summary>A certificate, read as the protocol's description has it.</summary>
internal sealed class TestCertificate
{
    private readonly List<(byte[] Key, uint[] Usages)> _keys = [];

    private TestCertificate(byte[] bytes)
    {
        bytes[..8].Should().Equal(0x43, 0x45, 0x52, 0x54, 0, 0, 0, 1);
        int signedLength = BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(12));
        for (int at = 16; at < bytes.Length;)
        {
            int flags = BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(at)), tag = BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(at + 2)), length = BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(at + 4));
            flags.Should().Be(1);
            Attributes.Add((tag, bytes[(at + 8)..(at + length)]));
            at += length;
        }

        foreach (int i in new[] { 1, 6, 8 }) Attributes.Should().ContainSingle(one => one.Tag == i);
        bytes.Length.Should().Be(signedLength + 144);
        byte[] basic = Body(1), keys = Body(6), signature = Body(8);
        Level = BinaryPrimitives.ReadUInt32BigEndian(basic.AsSpan(16));
        Type = BinaryPrimitives.ReadUInt32BigEndian(basic.AsSpan(24));
        Expires = BinaryPrimitives.ReadUInt32BigEndian(basic.AsSpan(60));
        for (int i = 0, at = 4; i < BinaryPrimitives.ReadInt32BigEndian(keys); i++)
        {
            int usages = BinaryPrimitives.ReadInt32BigEndian(keys.AsSpan(at + 72));
            _keys.Add((keys[(at + 8)..(at + 72)], [.. Enumerable.Range(0, usages).Select(usage => BinaryPrimitives.ReadUInt32BigEndian(keys.AsSpan(at + 76 + 4 * usage)))]));
            at += 76 + 4 * usages;
        }

        basic[28..60].Should().Equal(SHA256.HashData(_keys[0].Key));
        IssuerKey = signature[72..];
        using ECDsa issuer = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = IssuerKey[..32], Y = IssuerKey[32..] } });
        HasRightSignature = issuer.VerifyData(bytes.AsSpan(0, signedLength), signature.AsSpan(4, 64), HashAlgorithmName.SHA256);
    }

    public List<(int Tag, byte[] Body)> Attributes { get; } = [];

    public uint Level { get; }

    public uint Type { get; }

    public uint Expires { get; }

    public byte[] IssuerKey { get; }

    public bool HasRightSignature { get; }

    public static TestCertificate[] Chain(byte[] chain)
    {
        chain[..8].Should().Equal(0x43, 0x48, 0x41, 0x49, 0, 0, 0, 1);
        BinaryPrimitives.ReadInt32BigEndian(chain.AsSpan(8)).Should().Be(chain.Length);
        List<TestCertificate> certificates = [];
        for (int at = 20; at < chain.Length;)
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(chain.AsSpan(at + 8));
            certificates.Add(new TestCertificate(chain[at..(at + length)]));
            at += length;
        }

        certificates.Should().HaveCount(BinaryPrimitives.ReadInt32BigEndian(chain.AsSpan(16)));
        return [.. certificates];
    }

    public byte[]? KeyOf(uint usage) => _keys.FirstOrDefault(key => key.Usages.Contains(usage)).Key;

    public byte[] Body(int tag) => Attributes.Single(one => one.Tag == tag).Body;
}
