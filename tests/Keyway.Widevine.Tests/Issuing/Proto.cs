using System.Text;

namespace Keyway.Widevine.Issuing;

/// <summary>A hand-made protobuf writer and reader: the issuer shares no generated code with the plugin.</summary>
internal sealed class Proto
{
    private readonly List<byte> _bytes = new();

    public static implicit operator byte[](Proto proto) => proto._bytes.ToArray();

    public byte[] ToArray() => _bytes.ToArray();

    public Proto Number(int field, long value)
    {
        Varint((ulong)field << 3);
        Varint((ulong)value);
        return this;
    }

    public Proto Number(int field, long? value) => value is long number ? Number(field, number) : this;

    public Proto Bytes(int field, ReadOnlySpan<byte> value)
    {
        Varint(((ulong)field << 3) | 2);
        Varint((ulong)value.Length);
        _bytes.AddRange(value);
        return this;
    }

    public Proto Bytes(int field, byte[]? value) => value is null ? this : Bytes(field, value.AsSpan());

    public Proto Text(int field, string? value) => value is null ? this : Bytes(field, Encoding.UTF8.GetBytes(value).AsSpan());

    private void Varint(ulong value)
    {
        for (; value >= 0x80; value >>= 7) _bytes.Add((byte)(value | 0x80));
        _bytes.Add((byte)value);
    }

    public static IReadOnlyList<Field> Read(ReadOnlySpan<byte> source)
    {
        List<Field> fields = [];
        int at = 0;
        while (at < source.Length)
        {
            ulong tag = ReadVarint(source, ref at);
            switch (tag & 7)
            {
                case 0:
                    fields.Add(new Field((int)(tag >> 3), (long)ReadVarint(source, ref at), null, at));
                    break;
                case 2:
                    int length = (int)ReadVarint(source, ref at);
                    fields.Add(new Field((int)(tag >> 3), 0, source.Slice(at, length).ToArray(), at));
                    at += length;
                    break;
                default:
                    throw new InvalidDataException("a wire type that the protocol does not use");
            }
        }

        return fields;
    }

    private static ulong ReadVarint(ReadOnlySpan<byte> source, ref int at)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte next = source[at++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80) return value;
        }
    }
}

/// <summary>One field; <see cref="At"/> is where the value of a length-delimited field begins.</summary>
internal sealed record Field(int Id, long Value, byte[]? Data, int At);

internal static class Fields
{
    public static byte[]? Data(this IReadOnlyList<Field> fields, int id) => fields.LastOrDefault(field => field.Id == id)?.Data;

    public static long? Value(this IReadOnlyList<Field> fields, int id) => fields.LastOrDefault(field => field.Id == id)?.Value;

    public static IReadOnlyList<Field> Message(this IReadOnlyList<Field> fields, int id) =>
        Proto.Read(fields.Data(id) ?? throw new InvalidDataException($"field {id} is missing"));
}
