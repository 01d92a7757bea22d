namespace Keyway.Containers.TransportStream.Codecs;

/// <summary>The beginning of a slice of H.264: what tells one picture from the next (ISO/IEC 14496-10, 7.3.3, 7.4.1.2.4).</summary>
internal readonly record struct AvcSlice
{
    /// <summary>Bytes that hold all of it.</summary>
    public const int Most = 64;

    public bool IsIdr { get; private init; }

    /// <summary>Whether its parameter sets are known. Otherwise it says no more than where it begins.</summary>
    public bool IsKnown { get; private init; }

    public bool IsReference { get; private init; }

    public uint FirstMacroblock { get; private init; }

    public uint Picture { get; private init; }

    public uint FrameNumber { get; private init; }

    public bool IsField { get; private init; }

    public bool IsBottom { get; private init; }

    public uint IdrId { get; private init; }

    public uint Order { get; private init; }

    public int OrderDifference { get; private init; }

    public int SecondDifference { get; private init; }

    /// <summary>Reads one.</summary>
    /// <param name="nal">The beginning of the NAL unit, without emulation prevention bytes.</param>
    /// <param name="find">Finds the parameter sets; what they say is left out where they are not known.</param>
    public static AvcSlice Read(ReadOnlySpan<byte> nal, Func<uint, (AvcSequence Sequence, AvcPicture Picture)?> find)
    {
        BitReader bits = new(nal);
        bits.Skip(8);
        AvcSlice slice = new() { IsIdr = (nal[0] & 31) == 5, IsReference = (nal[0] & 0x60) != 0, FirstMacroblock = bits.Unsigned() };
        bits.Unsigned();
        slice = slice with { Picture = bits.Unsigned() };
        if (find(slice.Picture) is not var (sequence, picture)) return slice;
        if (sequence.HasPlanes) bits.Skip(2);
        uint frame = bits.Bits(sequence.FrameNumberBits), idr = 0, order = 0;
        bool isField = !sequence.FramesOnly && bits.Flag(), isBottom = isField && bits.Flag();
        int difference = 0, second = 0;
        if (slice.IsIdr) idr = bits.Unsigned();
        if (sequence.OrderType == 0)
        {
            order = bits.Bits(sequence.OrderBits);
            if (picture.HasBottomOrder && !isField) difference = bits.Signed();
        }
        else if (sequence.OrderType == 1 && !sequence.OrderIsConstant)
        {
            difference = bits.Signed();
            if (picture.HasBottomOrder && !isField) second = bits.Signed();
        }

        return slice with { IsKnown = bits.Ok, FrameNumber = frame, IsField = isField, IsBottom = isBottom, IdrId = idr, Order = order, OrderDifference = difference, SecondDifference = second };
    }

    /// <summary>Whether another slice belongs to the same picture.</summary>
    public bool IsOfSamePicture(in AvcSlice next) =>
        IsKnown && next.IsKnown ? this with { FirstMacroblock = 0 } == next with { FirstMacroblock = 0 } : next.FirstMacroblock != 0;

    /// <summary>Whether another slice belongs to the second field of a frame of which this one belongs to the first.</summary>
    public bool IsFirstFieldOf(in AvcSlice next) => IsField && next.IsField && IsBottom != next.IsBottom && FrameNumber == next.FrameNumber && !next.IsIdr;
}
