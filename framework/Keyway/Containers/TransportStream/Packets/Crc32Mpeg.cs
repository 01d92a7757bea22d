namespace Keyway.Containers.TransportStream.Packets;

/// <summary>The check of sections: CRC-32 with polynomial 0x04C11DB7, beginning with ones, not reflected (ISO/IEC 13818-1, annex A).</summary>
internal static class Crc32Mpeg
{
    private static readonly uint[] Table = MakeTable();

    /// <summary>Computes it. Over a section with its check it is 0.</summary>
    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in bytes) crc = (crc << 8) ^ Table[(crc >> 24) ^ b];
        return crc;
    }

    private static uint[] MakeTable()
    {
        uint[] table = new uint[256];
        for (uint i = 0; i < table.Length; i++)
        {
            uint value = i << 24;
            for (int bit = 0; bit < 8; bit++) value = (value << 1) ^ ((value & 0x80000000) != 0 ? 0x04C11DB7u : 0);
            table[i] = value;
        }

        return table;
    }
}
