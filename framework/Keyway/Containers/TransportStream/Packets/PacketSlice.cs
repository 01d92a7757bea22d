namespace Keyway.Containers.TransportStream.Packets;

/// <summary>The payload of a packet, or what of it counts.</summary>
/// <param name="packet">Where the packet begins in the window.</param>
/// <param name="start">Where the payload begins in it.</param>
internal struct PacketSlice(int packet, int start)
{
    public int Packet = packet;

    public short Start = (short)start;

    public short Length = (short)(TsPacket.Size - start);

    /// <summary>How many bytes of a PES header stand before <see cref="Start"/> in the payload.</summary>
    public short HeaderBytes;

    /// <summary>Whether a PES packet begins in it.</summary>
    public bool BeginsPes;

    /// <summary>Whether it repeats the packet before it.</summary>
    public bool IsDuplicate;
}
