using System.Text;

namespace Keyway.Sandbox.Widevine;

/// <summary>Protocol Buffers by hand, so that the field numbers of the sandbox's schema are checked against numbers that are written down a second time.</summary>
internal sealed class WireWriter
{
    private readonly List<byte> _bytes = [];

    public WireWriter Number(int field, long value)
    {
        Varint((ulong)field << 3);
        Varint((ulong)value);
        return this;
    }

    public WireWriter Bytes(int field, byte[] value)
    {
        Varint((ulong)field << 3 | 2);
        Varint((ulong)value.Length);
        _bytes.AddRange(value);
        return this;
    }

    public WireWriter Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

    public WireWriter When(bool condition, Func<WireWriter, WireWriter> write) => condition ? write(this) : this;

    public byte[] Done() => [.. _bytes];

    private void Varint(ulong value)
    {
        for (; value > 0x7F; value >>= 7) _bytes.Add((byte)(value | 0x80));
        _bytes.Add((byte)value);
    }
}
