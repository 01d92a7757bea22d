namespace Keyway.Containers.TransportStream.Codecs;

/// <summary>A picture parameter set of H.264, as far as it is needed (ISO/IEC 14496-10, 7.3.2.2).</summary>
/// <param name="Id">Its number.</param>
/// <param name="Sequence">The sequence parameter set that it belongs to.</param>
/// <param name="HasBottomOrder">Whether slices say the order of bottom fields.</param>
internal readonly record struct AvcPicture(uint Id, uint Sequence, bool HasBottomOrder)
{
    /// <summary>Reads one.</summary>
    /// <param name="nal">The NAL unit, without emulation prevention bytes.</param>
    public static AvcPicture? TryRead(ReadOnlySpan<byte> nal)
    {
        BitReader bits = new(nal);
        bits.Skip(8);
        uint id = bits.Unsigned(), sequence = bits.Unsigned();
        bits.Skip(1);
        bool hasBottomOrder = bits.Flag();
        return bits.Ok && id < 256 && sequence < 32 ? new AvcPicture(id, sequence, hasBottomOrder) : null;
    }
}
