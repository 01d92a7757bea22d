using System.Buffers.Binary;

namespace Keyway.Cdm.Wire;

/// <summary>How a frame begins.</summary>
/// <param name="Type">What it says. Of a stranger: any number.</param>
/// <param name="Id">Which call, promise or file it belongs to.</param>
/// <param name="Length">How many bytes of fields follow.</param>
internal readonly record struct FrameHead(FrameType Type, uint Id, int Length)
{
    /// <summary>Reads it.</summary>
    /// <param name="bytes">The first <see cref="WireLimits.Header"/> bytes of the frame.</param>
    /// <param name="head">The head.</param>
    /// <returns><see langword="false"/>: it is shorter than a frame is, or longer than one may be.</returns>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out FrameHead head)
    {
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        const uint rest = WireLimits.Header - 4;
        bool fits = length is >= rest and <= rest + WireLimits.Frame;
        head = fits
            ? new FrameHead((FrameType)BinaryPrimitives.ReadUInt16LittleEndian(bytes[4..]), BinaryPrimitives.ReadUInt32LittleEndian(bytes[6..]), (int)(length - rest))
            : default;
        return fits;
    }
}
