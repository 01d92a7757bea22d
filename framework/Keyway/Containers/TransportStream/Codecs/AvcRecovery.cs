namespace Keyway.Containers.TransportStream.Codecs;

/// <summary>Recovery points of H.264 (ISO/IEC 14496-10, D.2.8): pictures from which decoding can begin without an IDR picture.</summary>
internal static class AvcRecovery
{
    private const int RecoveryPoint = 6;

    /// <summary>Whether the picture that an SEI stands before is right at once when decoding begins with it.</summary>
    /// <param name="nal">The NAL unit.</param>
    public static bool BeginsHere(ReadOnlySpan<byte> nal)
    {
        // What comes in front of it in the same unit is as short as it is.
        Span<byte> plain = stackalloc byte[256];
        ReadOnlySpan<byte> rest = plain[..EmulationPrevention.Remove(nal[1..], plain)];
        while (rest.Length > 2)
        {
            int type = Number(ref rest), size = Number(ref rest);
            if (type == RecoveryPoint && rest.Length > 0)
            {
                BitReader bits = new(rest);
                return bits.Unsigned() == 0 && bits.Ok;
            }

            if (size >= rest.Length) break;
            rest = rest[size..];
        }

        return false;
    }

    /// <summary>A number of bytes of 255 and one that is less.</summary>
    private static int Number(scoped ref ReadOnlySpan<byte> bytes)
    {
        int value = 0;
        while (!bytes.IsEmpty)
        {
            byte next = bytes[0];
            bytes = bytes[1..];
            value += next;
            if (next != 255) break;
        }

        return value;
    }
}
