using Keyway.Containers.WebM.Ebml;

namespace Keyway.Containers.WebM.Structure;

/// <summary>Finds the frames of a laced block (RFC 9559, 10.3).</summary>
internal static class Lacing
{
    /// <summary>Finds them.</summary>
    /// <param name="lacing">How they lie there.</param>
    /// <param name="bytes">What stands behind the head of the block.</param>
    /// <param name="frames">Gets where each begins in that, and how long it is.</param>
    /// <returns><see langword="false"/> where they do not come out even.</returns>
    public static bool TryFind(BlockLacing lacing, ReadOnlySpan<byte> bytes, List<(int Start, int Length)> frames)
    {
        frames.Clear();
        if (bytes.IsEmpty) return false;
        int count = bytes[0] + 1, at = 1;
        long total = 0, last = 0;
        for (int i = 0; i < count - 1; i++)
        {
            long length = 0;
            if (lacing == BlockLacing.Xiph)
            {
                byte part;
                do
                {
                    if (at >= bytes.Length) return false;
                    part = bytes[at++];
                    length += part;
                }
                while (part == 255);
            }
            else if (lacing == BlockLacing.Ebml)
            {
                int size = Vint.TryRead(bytes[Math.Min(at, bytes.Length)..], out ulong value);
                if (size == 0 || value > long.MaxValue) return false;
                at += size;
                // The first as it is, the others as the difference to the one before, around the middle of what the number can say.
                length = i == 0 ? (long)value : last + (long)value - ((1L << ((7 * size) - 1)) - 1);
            }

            if (length < 0 || length > bytes.Length) return false;
            last = length;
            total += length;
            frames.Add((0, (int)length));
        }

        long rest = bytes.Length - at - total;
        if (rest < 0) return false;
        if (lacing == BlockLacing.Fixed)
        {
            if ((bytes.Length - at) % count != 0) return false;
            rest = (bytes.Length - at) / count;
            for (int i = 0; i < frames.Count; i++) frames[i] = (0, (int)rest);
        }

        frames.Add((0, (int)rest));
        for (int i = 0; i < frames.Count; i++)
        {
            frames[i] = (at, frames[i].Length);
            at += frames[i].Length;
        }

        return true;
    }
}
