using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Keyway.Sandbox.Live;

/// <summary>One clear sample of the sample.</summary>
/// <param name="Data">Its bytes.</param>
/// <param name="Duration">How long it is.</param>
/// <param name="Flags">Its flags.</param>
/// <param name="Composition">How much later than it is decoded it is shown.</param>
/// <param name="Subsamples">Its clear and protected runs; empty: all of it is protected.</param>
internal sealed record LiveSample(byte[] Data, uint Duration, uint Flags, int Composition, IReadOnlyList<(ushort Clear, uint Protected)> Subsamples);

/// <summary>A track of the bundled sample, taken apart and decrypted with the key that lies beside it.</summary>
/// <remarks>
/// It reads what that one packager wrote (<c>cenc</c>, 8-byte vectors, <c>senc</c>, one <c>moof</c> and <c>mdat</c> a segment) and nothing else.
/// </remarks>
internal sealed class LiveSampleTrack
{
    /// <summary>How many segments the sample has.</summary>
    public const int SegmentCount = 5;

    private LiveSampleTrack(string name, byte[] initialization, uint trackId, uint timescale, IReadOnlyList<LiveSample> samples) =>
        (Name, Initialization, TrackId, Timescale, Samples) = (name, initialization, trackId, timescale, samples);

    /// <summary>Its folder in the sample.</summary>
    public string Name { get; }

    /// <summary>Its initialisation segment: with no key of its own, no protection headers and no length; of audio no edit list.</summary>
    public byte[] Initialization { get; }

    /// <summary>Its number.</summary>
    public uint TrackId { get; }

    /// <summary>Units per second.</summary>
    public uint Timescale { get; }

    /// <summary>Its samples.</summary>
    public IReadOnlyList<LiveSample> Samples { get; }

    /// <summary>How long every one of them is.</summary>
    public uint SampleDuration => Samples[0].Duration;

    /// <summary>Reads a track.</summary>
    /// <param name="name">Its folder in the sample.</param>
    /// <param name="keys">The content keys, that of the sample among them.</param>
    /// <returns>The track.</returns>
    public static LiveSampleTrack Read(string name, ContentKeys keys)
    {
        byte[] initialization = BundledSample.Read($"cenc/{name}/init.mp4");
        Span<byte> kid = DefaultKid(initialization);
        byte[] key = keys.Find(Convert.ToHexStringLower(kid))!.Key;
        kid.Clear();
        Box.Rename(initialization, "moov", "pssh", "free");
        Box.Rename(initialization, "moov/mvex", "mehd", "free");
        Span<byte> mdhd = Box.Find(initialization, "moov/trak/mdia/mdhd");
        Span<byte> tkhd = Box.Find(initialization, "moov/trak/tkhd");
        uint timescale = BinaryPrimitives.ReadUInt32BigEndian(mdhd[(mdhd[8] == 1 ? 28 : 20)..]);
        uint id = BinaryPrimitives.ReadUInt32BigEndian(tkhd[(tkhd[8] == 1 ? 28 : 20)..]);

        using Aes aes = Aes.Create();
        aes.Key = key;
        LiveSample[] samples = [.. Enumerable.Range(1, SegmentCount).SelectMany(n => ReadSegment(BundledSample.Read($"cenc/{name}/{n}.m4s"), aes))];

        // The edit list of audio hides the frame that a decoder warms up with, and would present each a frame before it is decoded: the first of a period
        // would lie outside of it (ISO/IEC 23009-1, 7.2.1). That of video makes up for their reordering, and stays.
        if (samples[0].Composition == 0) Box.Rename(initialization, "moov/trak", "edts", "free");
        return new LiveSampleTrack(name, initialization, id, timescale, samples);
    }

    /// <summary>The initialisation segment with a key of its own.</summary>
    /// <param name="kid">The key's identifier, 16 bytes.</param>
    /// <returns>The segment.</returns>
    public byte[] InitializationWith(ReadOnlySpan<byte> kid)
    {
        byte[] initialization = [.. Initialization];
        kid.CopyTo(DefaultKid(initialization));
        return initialization;
    }

    private static Span<byte> DefaultKid(Span<byte> initialization) => Box.Find(initialization, "moov/trak/mdia/minf/stbl/stsd/*/sinf/schi/tenc")[16..32];

    private static List<LiveSample> ReadSegment(byte[] segment, Aes aes)
    {
        Span<byte> tfhd = Box.Find(segment, "moof/traf/tfhd"), trun = Box.Find(segment, "moof/traf/trun"), senc = Box.Find(segment, "moof/traf/senc"), mdat = Box.Find(segment, "mdat");
        uint given = Number(tfhd, 8) & 0xFFFFFF;
        int at = 16;
        if ((given & 1) != 0) at += 8;
        if ((given & 2) != 0) at += 4;
        uint duration = (given & 8) != 0 ? Number(tfhd, (at += 4) - 4) : 0;
        uint size = (given & 0x10) != 0 ? Number(tfhd, (at += 4) - 4) : 0;
        uint flags = (given & 0x20) != 0 ? Number(tfhd, at) : 0;

        uint has = Number(trun, 8) & 0xFFFFFF;
        int count = (int)Number(trun, 12), row = 16 + ((has & 1) != 0 ? 4 : 0), vector = 16, data = 8;
        uint? firstFlags = (has & 4) != 0 ? Number(trun, (row += 4) - 4) : null;
        bool runs = (senc[11] & 2) != 0;
        List<LiveSample> samples = [];
        for (int i = 0; i < count; i++)
        {
            uint ownDuration = (has & 0x100) != 0 ? Number(trun, (row += 4) - 4) : duration;
            uint ownSize = (has & 0x200) != 0 ? Number(trun, (row += 4) - 4) : size;
            uint ownFlags = (has & 0x400) != 0 ? Number(trun, (row += 4) - 4) : i == 0 ? firstFlags ?? flags : flags;
            int composition = (has & 0x800) != 0 ? (int)Number(trun, (row += 4) - 4) : 0;
            ReadOnlySpan<byte> iv = senc.Slice(vector, 8);
            vector += 8;
            List<(ushort, uint)> subsamples = [];
            if (runs)
            {
                int entries = BinaryPrimitives.ReadUInt16BigEndian(senc[vector..]);
                vector += 2;
                for (int j = 0; j < entries; j++, vector += 6) subsamples.Add((BinaryPrimitives.ReadUInt16BigEndian(senc[vector..]), Number(senc, vector + 2)));
            }

            byte[] bytes = mdat.Slice(data, (int)ownSize).ToArray();
            data += (int)ownSize;
            LiveCipher.Apply(aes, iv, bytes, subsamples);
            samples.Add(new LiveSample(bytes, ownDuration, ownFlags, composition, subsamples));
        }

        return samples;
    }

    private static uint Number(ReadOnlySpan<byte> box, int at) => BinaryPrimitives.ReadUInt32BigEndian(box[at..]);

    /// <summary>Finds boxes; a span is the whole box with its header.</summary>
    private static class Box
    {
        public static Span<byte> Find(Span<byte> bytes, string path)
        {
            string[] names = path.Split('/');
            for (int i = 0; i < names.Length; i++)
            {
                bytes = Child(bytes, names[i]);
                if (i < names.Length - 1) bytes = bytes[HeaderOf(names[i])..];
            }

            return bytes;
        }

        public static void Rename(Span<byte> bytes, string parent, string name, string to)
        {
            Span<byte> inside = Find(bytes, parent)[8..];
            for (int at = 0; at < inside.Length; at += (int)Number(inside, at))
                if (inside.Slice(at + 4, 4).SequenceEqual(System.Text.Encoding.ASCII.GetBytes(name))) System.Text.Encoding.ASCII.GetBytes(to, inside.Slice(at + 4, 4));
        }

        private static Span<byte> Child(Span<byte> bytes, string name)
        {
            for (int at = 0; at + 8 <= bytes.Length;)
            {
                int size = (int)Number(bytes, at);
                if (name == "*" || bytes.Slice(at + 4, 4).SequenceEqual(System.Text.Encoding.ASCII.GetBytes(name)))
                {
                    // The one sample entry: its own boxes lie behind the fields of a visual or an audio sample entry.
                    Span<byte> found = bytes.Slice(at, size);
                    return name == "*" ? Entry(found) : found;
                }

                at += size;
            }

            throw new SandboxException($"the bundled sample has no {name}");
        }

        private static Span<byte> Entry(Span<byte> entry) => entry[(entry.Slice(4, 4).SequenceEqual("encv"u8) ? 86 : 36)..];

        private static int HeaderOf(string name) => name switch { "stsd" => 16, "*" => 0, _ => 8 };
    }
}
