using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Keyway.Sandbox.PlayReady;

/// <summary>A licence, read as the protocol's description has it.</summary>
internal sealed class TestLicense
{
    private readonly List<(int Type, int Flags, byte[] Body)> _objects = [];

    public TestLicense(byte[] bytes)
    {
        Bytes = bytes;
        bytes[..8].Should().Equal(0x58, 0x4D, 0x52, 0, 0, 0, 0, 3);
        RightsId = bytes[8..24];
        Read(bytes.AsSpan(24));
        _objects[0].Should().Match<(int Type, int Flags, byte[] Body)>(outer => outer.Type == 1 && outer.Flags == 3 && outer.Body.Length == bytes.Length - 32);
        _objects[^1].Type.Should().Be(0x000B, "the signature is always last");
    }

    public byte[] Bytes { get; }

    public byte[] RightsId { get; }

    public IReadOnlyList<int> Types => [.. _objects.Select(one => one.Type)];

    public Guid Kid => new(this[0x000A].AsSpan(0, 16), bigEndian: false);

    public int KeyType => BinaryPrimitives.ReadUInt16BigEndian(this[0x000A].AsSpan(16));

    public int CipherType => BinaryPrimitives.ReadUInt16BigEndian(this[0x000A].AsSpan(18));

    public byte[] Wrapped => this[0x000A][22..];

    public byte[] DeviceKey => this[0x002A][4..];

    /// <summary>The body of the only object of a type.</summary>
    public byte[] this[int type] => _objects.Single(one => one.Type == type).Body;

    public int FlagsOf(int type) => _objects.First(one => one.Type == type).Flags;

    /// <summary>Opens the key, after the signature has been checked with the key beside it.</summary>
    public byte[] Open(ECDsa encrypt)
    {
        DeviceKey.Should().Equal(P256.Public(encrypt));
        byte[] x = P256.Unwrap(encrypt, Wrapped);
        Mac(x[..16]).Should().Equal(this[0x000B][4..]);
        return x[16..];
    }

    public byte[] Mac(byte[] key) => Cmac(key, Bytes[..^28]);

    /// <summary>RFC 4493, 2.4.</summary>
    public static byte[] Cmac(byte[] key, byte[] message)
    {
        using Aes aes = Aes.Create();
        aes.Key = key;
        byte[] k1 = Double(aes.EncryptEcb(new byte[16], PaddingMode.None)), x = new byte[16];
        int blocks = Math.Max(1, (message.Length + 15) / 16);
        for (int i = 0; i < blocks; i++)
        {
            byte[] block = message[(16 * i)..Math.Min(16 * i + 16, message.Length)];
            if (i == blocks - 1)
            {
                bool isWhole = block.Length == 16;
                if (!isWhole) block = [.. block, 0x80, .. new byte[15 - block.Length]];
                block = Xor(block, isWhole ? k1 : Double(k1));
            }

            x = aes.EncryptEcb(Xor(x, block), PaddingMode.None);
        }

        return x;
    }

    private static byte[] Xor(byte[] a, byte[] b) => [.. a.Zip(b, (left, right) => (byte)(left ^ right))];

    private static byte[] Double(byte[] block)
    {
        UInt128 value = BinaryPrimitives.ReadUInt128BigEndian(block), top = value >> 127;
        BinaryPrimitives.WriteUInt128BigEndian(block = new byte[16], value << 1 ^ top * 0x87);
        return block;
    }

    private void Read(ReadOnlySpan<byte> rest)
    {
        while (!rest.IsEmpty)
        {
            int flags = BinaryPrimitives.ReadUInt16BigEndian(rest), type = BinaryPrimitives.ReadUInt16BigEndian(rest[2..]), length = BinaryPrimitives.ReadInt32BigEndian(rest[4..]);
            _objects.Add((type, flags, rest[8..length].ToArray()));
            if ((flags & 2) != 0) Read(rest[8..length]);
            rest = rest[length..];
        }
    }
}
