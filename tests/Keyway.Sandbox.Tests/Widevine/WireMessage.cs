using System.Text;

namespace Keyway.Sandbox.Widevine;

/// <summary>A message that was read by hand. It insists on what some clients insist on: fields ascend, every varint is as short as it can be.</summary>
internal sealed class WireMessage
{
    private readonly List<(int Field, ulong Number, byte[]? Bytes)> _fields = [];

    public WireMessage(ReadOnlySpan<byte> bytes)
    {
        int last = 0;
        while (bytes.Length > 0)
        {
            ulong tag = Varint(ref bytes);
            int field = (int)(tag >> 3);
            field.Should().BeGreaterThanOrEqualTo(last, "fields ascend");
            last = field;
            ulong number = Varint(ref bytes);
            switch (tag & 7)
            {
                case 0:
                    _fields.Add((field, number, null));
                    break;
                case 2:
                    _fields.Add((field, 0, bytes[..(int)number].ToArray()));
                    bytes = bytes[(int)number..];
                    break;
                default:
                    throw new FormatException($"wire type {tag & 7} of field {field}");
            }
        }
    }

    public IEnumerable<int> Fields => _fields.Select(one => one.Field);

    public bool Has(int field) => Fields.Contains(field);

    public long Number(int field) => (long)_fields.Single(one => one.Field == field && one.Bytes is null).Number;

    public long? NumberOrNull(int field) => Has(field) ? Number(field) : null;

    public byte[] Bytes(int field) => All(field).Single();

    public string Text(int field) => Encoding.UTF8.GetString(Bytes(field));

    public WireMessage Message(int field) => new(Bytes(field));

    public IEnumerable<byte[]> All(int field) => _fields.Where(one => one.Field == field).Select(one => one.Bytes!);

    private static ulong Varint(ref ReadOnlySpan<byte> bytes)
    {
        ulong value = 0;
        for (int i = 0; ; i++)
        {
            byte part = bytes[i];
            value |= (ulong)(part & 0x7F) << (7 * i);
            if ((part & 0x80) != 0) continue;
            (i > 0 && part == 0).Should().BeFalse("varints are as short as they can be");
            bytes = bytes[(i + 1)..];
            return value;
        }
    }
}
