using System.IO.Pipelines;
using System.Security.Cryptography;
using static Keyway.Mp4.BoxBytes;

namespace Keyway.Mp4;

/// <summary>Small protected files made by hand: what real packagers write, one peculiarity at a time. Samples are encrypted with the whole-sample counter mode.</summary>
internal static class Made
{
    public static readonly KeyId Kid = CorpusKid(0x11), OtherKid = CorpusKid(0x22);
    public static readonly byte[] Key = [.. Enumerable.Range(1, 16).Select(i => (byte)i)], OtherKey = [.. Enumerable.Range(101, 16).Select(i => (byte)i)];

    public static ReferenceKeys Keys => new(new Dictionary<KeyId, byte[]> { [Kid] = Key, [OtherKid] = OtherKey });

    public static KeyId CorpusKid(byte b) => KeyId.TryRead(Enumerable.Repeat(b, 16).ToArray(), out KeyId id) ? id : default;

    public static byte[] Bytes(KeyId id)
    {
        byte[] bytes = new byte[16];
        id.Write(bytes);
        return bytes;
    }

    public static byte[] Sample(int number, int size) => [.. Enumerable.Range(0, size).Select(i => (byte)((number * 31) + i))];

    public static byte[] Iv(int number, int size = 8) => Join(U64(0x1000 + (ulong)number), Zeros(size - 8));

    /// <summary>Counter mode over the whole sample.</summary>
    public static byte[] Encrypt(byte[] sample, byte[] iv, byte[] key)
    {
        using Aes aes = Aes.Create();
        aes.Key = key;
        byte[] counter = Join(iv, Zeros(16 - iv.Length)), result = [.. sample];
        for (int at = 0; at < sample.Length; at += 16)
        {
            byte[] stream = aes.EncryptEcb(counter, PaddingMode.None);
            for (int i = at; i < Math.Min(sample.Length, at + 16); i++) result[i] ^= stream[i - at];
            for (int i = 15; i >= 0 && ++counter[i] == 0; i--)
            {
            }
        }

        return result;
    }

    public static byte[] Tenc(int ivSize = 8, KeyId? kid = null) => Full("tenc", 0, 0, U8(0), U8(0), U8(1), U8(ivSize), Bytes(kid ?? Kid));

    public static byte[] Sinf(string format = "mp4a", byte[]? tenc = null, string scheme = "cenc") =>
        Box("sinf", Box("frma", Code(format)), Full("schm", 0, 0, Code(scheme), U32(0x10000)), Box("schi", tenc ?? Tenc()));

    public static byte[] Enca(params byte[][] children) => Box("enca", Zeros(6), U16(1), Zeros(20), Join(children));

    public static byte[] Mp4a(params byte[][] children) => Box("mp4a", Zeros(6), U16(1), Zeros(20), Join(children));

    public static byte[] Stsd(params byte[][] entries) => Full("stsd", 0, 0, U32((uint)entries.Length), Join(entries));

    public static byte[] Trak(uint id, byte[] stsd, params byte[][] tables) => Box("trak",
        Full("tkhd", 0, 3, U32(0), U32(0), U32(id), U32(0), U32(0), Zeros(8), Zeros(8), Zeros(36), U32(0), U32(0)),
        Box("mdia",
            Full("mdhd", 0, 0, U32(0), U32(0), U32(1000), U32(0), U16(0x55C4), U16(0)),
            Full("hdlr", 0, 0, U32(0), Code("soun"), Zeros(12), U8(0)),
            Box("minf", Box("stbl", stsd, tables.Length == 0 ? Empty : Join(tables)))));

    private static byte[] Empty => Join(Full("stts", 0, 0, U32(0)), Full("stsc", 0, 0, U32(0)), Full("stsz", 0, 0, U32(0), U32(0)), Full("stco", 0, 0, U32(0)));

    public static byte[] MvhdBox => Full("mvhd", 0, 0, U32(0), U32(0), U32(1000), U32(0), Zeros(76), U32(9));

    public static byte[] Trex(uint id, uint size = 0) => Full("trex", 0, 0, U32(id), U32(1), U32(10), U32(size), U32(0));

    public static byte[] Moov(params byte[][] traks) => Box("moov", MvhdBox, Join(traks), Box("mvex", [.. traks.Select((_, i) => Trex((uint)i + 1))]));

    /// <summary>A movie with one protected track.</summary>
    public static byte[] Init => Moov(Trak(1, Stsd(Enca(Sinf()))));

    public static byte[] Tfhd(uint id = 1, int flags = 0x020000, params byte[][] fields) => Full("tfhd", 0, flags, U32(id), Join(fields));

    public static byte[] Tfdt(uint time) => Full("tfdt", 0, 0, U32(time));

    public static byte[] Trun(int offset, params int[] sizes) => Full("trun", 0, 0x201, U32((uint)sizes.Length), U32((uint)offset), Join([.. sizes.Select(s => U32((uint)s))]));

    public static byte[] Senc(params byte[][] vectors) => Full("senc", 0, 0, U32((uint)vectors.Length), Join(vectors));

    public static byte[] Seig(KeyId kid, bool isProtected = true, int ivSize = 8) => Join(U8(0), U8(0), U8(isProtected ? 1 : 0), U8(ivSize), Bytes(kid));

    public static byte[] Sgpd(params byte[][] groups) => Full("sgpd", 1, 0, Code("seig"), U32(20), U32((uint)groups.Length), Join(groups));

    public static byte[] Sbgp(params uint[] runs) => Full("sbgp", 0, 0, Code("seig"), U32((uint)runs.Length / 2), Join([.. runs.Select(U32)]));

    /// <summary>Builds a moof whose length its own fields depend on: once to learn it, and once with it.</summary>
    public static byte[] Moof(Func<int, byte[][]> content)
    {
        int length = Box("moof", content(0)).Length;
        return Box("moof", content(length));
    }

    /// <summary>The ordinary fragment: samples with 8-byte vectors in senc.</summary>
    public static byte[] Fragment(int first, params int[] sizes)
    {
        byte[][] samples = [.. sizes.Select((s, i) => Encrypt(Sample(first + i, s), Iv(first + i), Key))];
        byte[] moof = Moof(length =>
        [
            Full("mfhd", 0, 0, U32(1)),
            Box("traf", Tfhd(), Tfdt((uint)(first * 10)), Trun(length + 8, sizes), Senc([.. sizes.Select((_, i) => Iv(first + i))])),
        ]);
        return Join(moof, Box("mdat", samples));
    }

    public static async Task<(byte[] Output, Mp4Summary Summary)> DecryptAsync(byte[] file, IMediaKeys? keys = null, bool seek = true, Mp4DecryptOptions? options = null)
    {
        using MemoryStream output = new();
        PipeWriter pipe = PipeWriter.Create(output, new StreamPipeWriterOptions(leaveOpen: true));
        await using Stream input = seek ? new MemoryStream(file) : new Trickle(file);
        Mp4Summary summary = await Mp4Decryptor.DecryptAsync(input, "made.mp4", keys ?? Keys, pipe, options, TestContext.Current.CancellationToken);
        await pipe.CompleteAsync();
        return (output.ToArray(), summary);
    }

    /// <summary>Decrypts with both writers, from streams that can and cannot seek, and expects these samples of the tracks, counted from 1.</summary>
    public static async Task ExpectAsync(byte[] file, params byte[][][] tracks)
    {
        foreach (bool seek in (bool[])[true, false])
        {
            (byte[] clear, _) = await DecryptAsync(file, seek: seek);
            clear.Should().HaveCount(file.Length);
            await ExpectSamplesAsync(clear, tracks);
            await ExpectSamplesAsync(await MergeAsync(seek, file), tracks);
        }
    }

    public static async Task<byte[]> MergeAsync(bool seek, params byte[][] files)
    {
        using MemoryStream output = new();
        PipeWriter pipe = PipeWriter.Create(output, new StreamPipeWriterOptions(leaveOpen: true));
        await TrackMerger.MergeAsync([.. files.Select((f, i) => new MergeInput { Input = seek ? new MemoryStream(f) : new Trickle(f), Name = $"made{i}.mp4", Keys = Keys })], pipe, null, TestContext.Current.CancellationToken);
        await pipe.CompleteAsync();
        return output.ToArray();
    }

    public static async Task ExpectSamplesAsync(byte[] clear, params byte[][][] tracks)
    {
        using Mp4Reader reader = await Mp4Reader.OpenAsync(new MemoryStream(clear), "clear.mp4", TestContext.Current.CancellationToken);
        reader.Tracks.Should().HaveCount(tracks.Length);
        reader.Tracks.Should().NotContain(t => t.IsProtected);
        List<byte[]>[] found = [.. tracks.Select(_ => new List<byte[]>())];
        List<uint> ids = [.. reader.Tracks.Select(t => t.Id)];
        await foreach (ClearFragment fragment in reader.ReadAsync(ReferenceKeys.None, null, TestContext.Current.CancellationToken))
            foreach (ClearSample sample in fragment.Samples) found[ids.IndexOf(fragment.Track.Id)].Add(sample.Data.ToArray());
        for (int t = 0; t < tracks.Length; t++)
            found[t].Select(Convert.ToHexString).Should().Equal(tracks[t].Select(Convert.ToHexString));
    }

    /// <summary>What refuses a file, from both writers the same kind.</summary>
    public static async Task<T> RefusedAsync<T>(byte[] file, bool seek = true)
        where T : Exception
    {
        Func<Task> merge = () => MergeAsync(seek, file);
        await merge.Should().ThrowAsync<T>();
        Func<Task> decrypt = () => DecryptAsync(file, seek: seek);
        return (await decrypt.Should().ThrowAsync<T>()).Which;
    }
}
