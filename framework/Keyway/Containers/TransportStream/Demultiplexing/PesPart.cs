namespace Keyway.Containers.TransportStream.Demultiplexing;

/// <summary>A PES packet among those that are read together.</summary>
internal struct PesPart
{
    /// <summary>Where its payload begins in what they carry.</summary>
    public int Start;

    /// <summary>When its first access unit is presented, 33 bits of 1/90000 s; -1 where it is not said.</summary>
    public long Pts;

    /// <summary>When it is decoded.</summary>
    public long Dts;

    /// <summary>PES_packet_length; 0 where it is not said.</summary>
    public int Length;

    /// <summary>Where in the window the two bytes of that stand.</summary>
    public int HighByte, LowByte;

    /// <summary>In which packet of its segment it begins, from 1.</summary>
    public long Packet;

    /// <summary>What that segment is called.</summary>
    public string Name;
}
