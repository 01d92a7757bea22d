namespace Keyway;

/// <summary>The check of syncframes: CRC-16 with polynomial 0x8005 from behind the sync word to the end (ETSI TS 102 366, 7.10). It holds for clear frames alone, so that it tells a wrong key.</summary>
internal static class DolbyCrc
{
    private static readonly ushort[] Table = MakeTable();

    /// <summary>Whether it holds.</summary>
    /// <param name="frame">The whole syncframe.</param>
    public static bool Holds(ReadOnlySpan<byte> frame)
    {
        ReadOnlySpan<ushort> table = Table;
        uint crc = 0;
        ReadOnlySpan<byte> bytes = frame[2..];
        for (; bytes.Length >= 4; bytes = bytes[4..])
        {
            crc ^= (uint)((bytes[0] << 8) | bytes[1]);
            crc = (uint)(table[(int)(768 + (crc >> 8))] ^ table[(int)(512 + (crc & 0xFF))] ^ table[256 + bytes[2]] ^ table[bytes[3]]);
        }

        foreach (byte b in bytes) crc = ((crc << 8) & 0xFFFF) ^ table[(int)((crc >> 8) ^ b)];
        return crc == 0;
    }

    /// <summary>Four tables: of a byte, and of one that one, two and three bytes follow.</summary>
    private static ushort[] MakeTable()
    {
        ushort[] table = new ushort[4 * 256];
        for (int i = 0; i < 256; i++)
        {
            int value = i << 8;
            for (int bit = 0; bit < 8; bit++) value = (value << 1) ^ ((value & 0x8000) != 0 ? 0x18005 : 0);
            table[i] = (ushort)value;
        }

        for (int i = 256; i < table.Length; i++) table[i] = (ushort)((table[i - 256] << 8) ^ table[table[i - 256] >> 8]);
        return table;
    }
}
