using System.Text;
using Keyway.Licensing;

namespace Keyway.Cdm;

/// <summary>What names keys in the data of a Widevine header (WidevinePsshData): the module reads the rest.</summary>
internal static class WidevineData
{
    private const uint KeyIds = 2, Provider = 3, ContentId = 4;
    private const uint Varint = 0, Fixed64 = 1, Bytes = 2, Fixed32 = 5;

    /// <summary>Reads it. What is no such data is the module's to judge: then no key is named.</summary>
    public static void Read(ReadOnlySpan<byte> data, List<KeyId> ids, List<HeaderFact> facts)
    {
        List<KeyId> found = [];
        List<HeaderFact> told = [];
        while (!data.IsEmpty)
        {
            if (!TryNumber(ref data, out ulong tag)) return;
            (uint field, uint kind) = ((uint)(tag >> 3), (uint)(tag & 7));
            ulong length = kind switch { Fixed64 => 8, Fixed32 => 4, _ => 0 };
            if (kind is Varint or Bytes && !TryNumber(ref data, out length)) return;
            if (kind == Varint) continue;
            if (kind is not (Fixed64 or Fixed32 or Bytes) || length > (ulong)data.Length) return;
            ReadOnlySpan<byte> value = data[..(int)length];
            data = data[(int)length..];
            if (kind != Bytes) continue;
            if (field == KeyIds && KeyId.TryRead(value, out KeyId id) && value.Length == KeyId.Size) found.Add(id);
            else if (field == Provider) told.Add(new HeaderFact { Name = "provider", Value = Text(value) });
            else if (field == ContentId) told.Add(new HeaderFact { Name = "content id", Value = Text(value) });
        }

        ids.AddRange(found);
        facts.AddRange(told);
    }

    private static string Text(ReadOnlySpan<byte> value) =>
        value.IndexOfAnyExceptInRange((byte)0x20, (byte)0x7E) < 0 ? Encoding.ASCII.GetString(value) : Convert.ToHexStringLower(value);

    private static bool TryNumber(ref ReadOnlySpan<byte> data, out ulong value)
    {
        value = 0;
        for (int i = 0; i < data.Length && i < 10; i++)
        {
            value |= (ulong)(data[i] & 0x7F) << (7 * i);
            if ((data[i] & 0x80) != 0) continue;
            data = data[(i + 1)..];
            return true;
        }

        return false;
    }
}
