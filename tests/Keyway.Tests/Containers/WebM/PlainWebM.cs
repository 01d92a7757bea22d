namespace Keyway.Containers.WebM;

/// <summary>Reads a WebM file that is in memory as plainly as it can be read: for comparison. It shares nothing with the product's reader.</summary>
internal sealed class PlainWebM
{
    private static readonly uint[] Masters = [0x18538067, 0x1F43B675, 0xA0, 0x1654AE6B, 0xAE, 0x1C53BB6B, 0xBB, 0xB7, 0x114D9B74, 0x4DBB, 0x6D80, 0x6240, 0x5035];

    private readonly byte[] _bytes;
    private ulong _cluster;

    public PlainWebM(byte[] bytes)
    {
        _bytes = bytes;
        Walk(0, bytes.Length);
    }

    /// <summary>All elements: where each begins and what its content is.</summary>
    public List<(uint Id, int Start, byte[] Content)> Elements { get; } = [];

    /// <summary>All frames without lacing.</summary>
    public List<(ulong Track, long Time, string Frame)> Frames { get; } = [];

    public IEnumerable<string> Of(ulong track) => Frames.Where(frame => frame.Track == track).Select(static frame => frame.Frame);

    private void Walk(int at, int end)
    {
        while (at < end)
        {
            int start = at;
            uint id = (uint)Take(ref at, keep: true);
            int first = at;
            ulong size = Take(ref at, keep: false);
            bool isUnknown = size == (1UL << (7 * (at - first))) - 1;
            int stop = isUnknown ? end : at + (int)size;
            stop.Should().BeLessThanOrEqualTo(end, "element {0:X} at {1}", id, start);
            byte[] content = _bytes[at..stop];
            Elements.Add((id, start, content));
            if (id == 0xE7) _cluster = content.Aggregate(0UL, static (sum, b) => (sum << 8) | b);
            if (id is 0xA3 or 0xA1)
            {
                int inside = at;
                ulong track = Take(ref inside, keep: false);
                Frames.Add((track, (long)_cluster + (short)((_bytes[inside] << 8) | _bytes[inside + 1]), Convert.ToHexString(_bytes[(inside + 3)..stop])));
            }

            // Of unknown size: what follows is read as if it were inside, whatever it is.
            if (Masters.Contains(id)) Walk(at, stop);
            at = stop;
        }
    }

    private ulong Take(ref int at, bool keep)
    {
        int length = 1;
        while ((_bytes[at] & (0x80 >> (length - 1))) == 0) length++;
        ulong value = keep ? _bytes[at] : (ulong)(_bytes[at] & ((0x80 >> (length - 1)) - 1));
        for (int i = 1; i < length; i++) value = (value << 8) | _bytes[at + i];
        at += length;
        return value;
    }
}
