namespace Keyway.Containers.TransportStream;

/// <summary>Where something stands, for messages: in a packet of a PID, or at a byte of packed audio.</summary>
/// <param name="Name">The file or segment.</param>
/// <param name="Packet">The packet within it, from 1; 0 in packed audio.</param>
/// <param name="Pid">Its PID.</param>
/// <param name="Offset">The byte within it at which the packet or the frame begins.</param>
internal readonly record struct UnitPlace(string Name, long Packet, int Pid, long Offset)
{
    /// <summary>The place without its file.</summary>
    public string Path => Packet == 0 ? "packed audio" : $"packet {Packet}, PID 0x{Pid:X}";

    /// <summary>What is thrown for something that is wrong there.</summary>
    public MediaFormatException Error(string reason) => new(Name, new FormatError(reason, Path, Offset));
}
