namespace Keyway;

/// <summary>Reads bits, the highest of each byte first. What is not there reads as zero, and <see cref="Ok"/> says so at the end.</summary>
internal ref struct BitReader(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    /// <summary>Whether everything was there and made sense.</summary>
    public bool Ok { get; private set; } = true;

    /// <summary>How many bits were read.</summary>
    public int Position { get; private set; }

    /// <summary>Reads up to 32 bits.</summary>
    public uint Bits(int count)
    {
        uint value = 0;
        if (count > (_bytes.Length * 8) - Position)
        {
            Ok = false;
            return 0;
        }

        for (; count > 0; count--, Position++) value = (value << 1) | (uint)(_bytes[Position >> 3] >> (7 - (Position & 7)) & 1);
        return value;
    }

    public bool Flag() => Bits(1) != 0;

    public void Skip(int count)
    {
        if (count > (_bytes.Length * 8) - Position) Ok = false;
        else Position += count;
    }

    /// <summary><c>ue(v)</c> (ISO/IEC 14496-10, 9.1).</summary>
    public uint Unsigned()
    {
        int zeros = 0;
        while (Ok && !Flag()) zeros++;
        if (zeros < 32) return (1u << zeros) - 1 + Bits(zeros);
        Ok = false;
        return 0;
    }

    /// <summary><c>se(v)</c>.</summary>
    public int Signed()
    {
        uint code = Unsigned();
        return (code & 1) != 0 ? (int)((code >> 1) + 1) : -(int)(code >> 1);
    }
}
