using static Keyway.Containers.WebM.WebMMaker;

namespace Keyway.Containers.WebM;

/// <summary>A film of three clusters, half a second each: fifteen pictures, and twenty-five packets of audio between them; the first cluster is clear.</summary>
internal static class WebMFilm
{
    public const ulong Codec = 6_500_000;

    private static readonly byte[] OpusHead = Convert.FromHexString("4f707573486561640102380180bb0000000000");

    /// <summary>When each picture of a cluster is shown, in milliseconds.</summary>
    public static IReadOnlyList<int> Times { get; } = [.. Enumerable.Range(0, 15).Select(static i => i * 100 / 3)];

    // A frame of VP9 by its marker, and of VP8 one that depends on others.
    public static byte[] Picture(int number) => [0x83, .. Bytes(200 + number, 1000 + number)];

    public static byte[] Packet(int number) => [(byte)0x78, .. Bytes(40, 2000 + number)];

    /// <summary>Makes it.</summary>
    /// <param name="video">Whether it has pictures.</param>
    /// <param name="audio">Whether it has audio.</param>
    /// <param name="cuesLast">Whether the cues stand behind the clusters.</param>
    /// <param name="hasCues">Whether it has any.</param>
    /// <param name="codec">What the pictures are.</param>
    /// <param name="kid">The key's name.</param>
    public static byte[] Make(bool video = true, bool audio = true, bool cuesLast = false, bool hasCues = true, string codec = Vp9, byte[]? kid = null)
    {
        byte[] tracks = Tracks(
            video ? Video(1, Encryption(kid), codec) : [],
            audio ? Element(0xAE, Number(0xD7, 2), Number(0x83, 2), Text(0x86, "A_OPUS"), Number(0x56AA, Codec), Element(0x63A2, OpusHead), Element(0xE1, Number(0x9F, 2)), Encryption(kid)) : []);
        byte[][] clusters = [.. Enumerable.Range(0, 3).Select(part => ClusterOf(part, video, audio))];
        byte[] info = Element(0x1549A966, Number(0x2AD7B1, 1_000_000), Element(0x4489, BitConverter.GetBytes(1500f).Reverse().ToArray()));
        byte[] seek = SeekHead(0);
        byte[] head = Join(seek, info, tracks);
        byte[] cues = Cues(clusters, 0);
        long first = head.Length + (cuesLast || !hasCues ? 0 : cues.Length);
        cues = hasCues ? Cues(clusters, first) : [];
        long cuesAt = cuesLast ? first + clusters.Sum(static cluster => (long)cluster.Length) : head.Length;
        head = Join(hasCues ? SeekHead(cuesAt) : Element(0xEC, new byte[seek.Length - 2]), info, tracks);
        byte[] content = cuesLast ? Join([head, .. clusters, cues]) : Join([head, cues, .. clusters]);
        return Join(Header(), Element(0x18538067, content, 8));
    }

    private static byte[] ClusterOf(int part, bool video, bool audio)
    {
        List<(int Time, byte[] Block)> blocks = [];
        for (int i = 0; video && i < 15; i++)
        {
            byte[] frame = Picture((part * 15) + i);
            byte[] stored = part == 0 ? Bare(frame) : i % 2 == 0 ? Partitioned(frame, (ulong)((part * 100) + i), 20, 120) : Encrypted(frame, (ulong)((part * 100) + i));
            blocks.Add((Times[i], Simple(1, (short)Times[i], stored, i == 0 ? (byte)0x80 : (byte)0)));
        }

        for (int i = 0; audio && i < 25; i++)
        {
            byte[] frame = Packet((part * 25) + i);
            blocks.Add((i * 20, Simple(2, (short)(i * 20), part == 0 ? Bare(frame) : Encrypted(frame, (ulong)(100_000 + (part * 100) + i)))));
        }

        return Cluster((ulong)(part * 500), [.. blocks.OrderBy(static block => block.Time).Select(static block => block.Block)]);
    }

    private static byte[] SeekHead(long cues) => Element(0x114D9B74, Element(0x4DBB, Element(0x53AB, [0x1C, 0x53, 0xBB, 0x6B]), Element(0x53AC, BitConverter.GetBytes(cues).Reverse().ToArray())));

    private static byte[] Cues(byte[][] clusters, long first)
    {
        List<byte[]> points = [];
        for (int i = 0; i < clusters.Length; i++)
        {
            points.Add(Element(0xBB, Number(0xB3, (ulong)(i * 500)), Element(0xB7, Number(0xF7, 1), Element(0xF1, BitConverter.GetBytes(first).Reverse().ToArray()))));
            // A second cue into the same cluster begins no segment.
            points.Add(Element(0xBB, Number(0xB3, (ulong)((i * 500) + 100)), Element(0xB7, Number(0xF7, 1), Element(0xF1, BitConverter.GetBytes(first).Reverse().ToArray()))));
            first += clusters[i].Length;
        }

        return Element(0x1C53BB6B, [.. points]);
    }
}
