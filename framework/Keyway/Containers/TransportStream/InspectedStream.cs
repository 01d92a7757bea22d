using Keyway.Containers.TransportStream.Packets;

namespace Keyway.Containers.TransportStream;

/// <summary>One elementary stream.</summary>
/// <param name="Pid">Its PID; 0 in packed audio.</param>
/// <param name="Type">Its <c>stream_type</c>; 0 in packed audio.</param>
/// <param name="Codec">What it carries.</param>
/// <param name="IsProtected">Whether it says itself that it is protected with SAMPLE-AES. One that does not may be all the same, where its playlist says so.</param>
/// <param name="Language">Its language, where it is said.</param>
/// <param name="Begins">When its first unit is presented, 33 bits of 1/90000 s; -1 where that was not found.</param>
internal sealed record InspectedStream(int Pid, byte Type, StreamCodec Codec, bool IsProtected, string? Language, long Begins);
