using static Keyway.Mp4.BoxBytes;
using static Keyway.Mp4.Made;

namespace Keyway.Mp4.Reading;

/// <summary>Progressive files: handmade tables, and what ffmpeg writes.</summary>
[Collection(Alone.Name)]
public sealed class ProgressiveTests
{
    private static readonly byte[] S1 = Sample(1, 40), S2 = Sample(2, 33), S3 = Sample(3, 5), S4 = Sample(4, 64);

    private static byte[] E(int number, byte[] sample, byte[]? key = null) => Encrypt(sample, Iv(number), key ?? Key);

    private static byte[] Stsz(params byte[][] samples) => Full("stsz", 0, 0, U32(0), U32((uint)samples.Length), Join([.. samples.Select(s => U32((uint)s.Length))]));

    private static byte[] Stts(uint count) => Full("stts", 0, 0, U32(1), U32(count), U32(10));

    private static byte[] Stsc(params uint[] runs) => Full("stsc", 0, 0, U32((uint)runs.Length / 3), Join([.. runs.Select(U32)]));

    private static byte[] Stco(params int[] offsets) => Full("stco", 0, 0, U32((uint)offsets.Length), Join([.. offsets.Select(o => U32((uint)o))]));

    private static byte[] Movie(params byte[][] traks) => Box("moov", [MvhdBox, .. traks]);

    /// <summary>A file whose chunk offsets count from the beginning of its media data.</summary>
    private static byte[] File(Func<int, byte[]> movie, byte[] media, bool front)
    {
        byte[] ftyp = Box("ftyp", Code("isom"), U32(0));
        int data = ftyp.Length + 8 + (front ? movie(0).Length : 0);
        return front ? Join(ftyp, movie(data), Box("mdat", media)) : Join(ftyp, Box("mdat", media), movie(data));
    }

    private static async Task ExpectFrontAndBackAsync(Func<int, byte[]> movie, byte[] media, params byte[][][] tracks)
    {
        await ExpectAsync(File(movie, media, front: true), tracks);
        byte[] back = File(movie, media, front: false);
        (byte[] clear, _) = await DecryptAsync(back);
        await ExpectSamplesAsync(clear, tracks);
        await ExpectSamplesAsync(await MergeAsync(seek: true, back), tracks);
    }

    [Fact]
    public Task Tables_of_two_tracks_are_read() => ExpectFrontAndBackAsync(
        at => Movie(
            Trak(1, Stsd(Enca(Sinf())), Stts(3), Stsc(1, 2, 1, 2, 1, 1), Stsz(S1, S2, S3), Stco(at, at + 73 + 64), Senc(Iv(1), Iv(2), Iv(3))),
            Trak(2, Stsd(Mp4a()), Stts(1), Stsc(1, 1, 1), Stsz(S4), Stco(at + 73))),
        Join(E(1, S1), E(2, S2), S4, E(3, S3)),
        [S1, S2, S3], [S4]);

    [Fact]
    public async Task Chunks_out_of_order_are_read_where_a_file_can_be()
    {
        byte[] Make(int at) => Movie(Trak(1, Stsd(Enca(Sinf())), Stts(3), Stsc(1, 1, 1, 3, 1, 1), Stsz(S1, S2, S3), Stco(at + 38, at + 5, at), Senc(Iv(1), Iv(2), Iv(3))));
        byte[] file = File(Make, Join(E(3, S3), E(2, S2), E(1, S1)), front: true);
        (byte[] clear, _) = await DecryptAsync(file, seek: false);
        await ExpectSamplesAsync(clear, [S1, S2, S3]);
        await ExpectSamplesAsync(await MergeAsync(seek: true, file), [S1, S2, S3]);
        Func<Task> merge = () => MergeAsync(seek: false, file);
        (await merge.Should().ThrowAsync<MediaFormatException>()).Which.Message.Should().Contain("range requests");
    }

    [Fact]
    public Task Groups_in_the_tables_change_the_key_and_leave_samples_clear() => ExpectFrontAndBackAsync(
        at => Movie(Trak(1, Stsd(Enca(Sinf())), Stts(4), Stsc(1, 4, 1), Stsz(S1, S2, S3, S4), Stco(at),
            Sgpd(Seig(OtherKid), Seig(default, isProtected: false, ivSize: 0)), Sbgp(1, 1, 1, 2, 1, 0), Senc(Iv(1), [], Iv(3), Iv(4)))),
        Join(E(1, S1, OtherKey), S2, E(3, S3), E(4, S4)),
        [S1, S2, S3, S4]);

    [Fact]
    public Task Sample_entries_change_with_the_chunk() => ExpectFrontAndBackAsync(
        at => Movie(Trak(1, Stsd(Enca(Sinf()), Mp4a()), Stts(3), Stsc(1, 1, 2, 2, 2, 1), Stsz(S1, S2, S3), Full("co64", 0, 0, U32(2), U64((ulong)at), U64((ulong)at + 40)), Senc([], Iv(2), Iv(3)))),
        Join(S1, E(2, S2), E(3, S3)),
        [S1, S2, S3]);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Auxiliary_information_without_senc_is_found_through_its_offsets(bool each)
    {
        byte[] Make(int at) => Movie(Trak(1, Stsd(Enca(Sinf())), Stts(3), Stsc(1, 2, 1, 2, 1, 1), Stsz(S1, S2, S3), Stco(at + 8 + 8, at + 8 + 8 + 73 + 8),
            Full("saiz", 0, 0, U8(8), U32(3)),
            each ? Full("saio", 0, 0, U32(2), U32((uint)at), U32((uint)at + 16 + 73)) : Full("saio", 0, 0, U32(1), U32((uint)at + 16 + 73 + 8 + 5))));
        byte[] media = each
            ? Join(Iv(1), Iv(2), E(1, S1), E(2, S2), Iv(3), E(3, S3))
            : Join(Zeros(16), E(1, S1), E(2, S2), Zeros(8), E(3, S3), Iv(1), Iv(2), Iv(3));
        byte[] file = File(Make, media, front: true);
        (byte[] clear, _) = await DecryptAsync(file);
        await ExpectSamplesAsync(clear, [S1, S2, S3]);
        await ExpectSamplesAsync(await MergeAsync(seek: true, file), [S1, S2, S3]);
        (await RefusedAsync<MediaFormatException>(file, seek: false)).Message.Should().Contain("range requests");
    }

    [Fact]
    public async Task A_movie_at_the_end_of_a_stream_is_refused_with_advice()
    {
        byte[] file = File(at => Movie(Trak(1, Stsd(Mp4a()), Stts(1), Stsc(1, 1, 1), Stsz(S1), Stco(at))), S1, front: false);
        (await RefusedAsync<MediaFormatException>(file, seek: false)).Message.Should().Contain("move the moov to the front");
    }

    [Fact]
    public Task Fragments_may_follow_samples_of_the_movie()
    {
        byte[] Make(int at) => Box("moov", MvhdBox, Trak(1, Stsd(Enca(Sinf())), Stts(1), Stsc(1, 1, 1), Stsz(S1), Stco(at), Senc(Iv(1))), Box("mvex", Trex(1)));
        return ExpectAsync(Join(File(Make, E(1, S1), front: true), Fragment(2, 33), Fragment(3, 5)), [S1, S2, S3]);
    }

    public static TheoryData<string, byte[]> Lies => new()
    {
        { "four billion samples of a byte", File(at => Movie(Trak(1, Stsd(Mp4a()), Stts(9), Stsc(1, uint.MaxValue, 1), Full("stsz", 0, 0, U32(1), U32(uint.MaxValue)), Stco(at))), S1, front: true) },
        { "four billion samples of a byte, out of order", File(at => Movie(Trak(1, Stsd(Mp4a()), Stts(9), Stsc(1, 1u << 31, 1), Full("stsz", 0, 0, U32(1), U32(uint.MaxValue)), Stco(at + 9, at))), S1, front: true) },
        { "samples behind the file", File(at => Movie(Trak(1, Stsd(Mp4a()), Stts(2), Stsc(1, 1, 1), Stsz(S1, S2), Stco(at, at + 40_000))), S1, front: true) },
        { "a sample across the end", File(at => Movie(Trak(1, Stsd(Mp4a()), Stts(1), Stsc(1, 1, 1), Stsz(S1), Stco(at + 1))), S1, front: true) },
        { "samples without chunks", File(at => Movie(Trak(1, Stsd(Mp4a()), Stts(1), Stsc(), Stsz(S1), Stco(at))), S1, front: true) },
        { "fewer chunks than samples need", File(at => Movie(Trak(1, Stsd(Mp4a()), Stts(2), Stsc(1, 1, 1), Stsz(S1, S2), Stco(at))), Join(S1, S2), front: true) },
        { "chunks of no samples", File(at => Movie(Trak(1, Stsd(Mp4a()), Stts(1), Stsc(1, 0, 1), Stsz(S1), Stco(at))), S1, front: true) },
        { "chunks counted downwards", File(at => Movie(Trak(1, Stsd(Mp4a()), Stts(1), Stsc(2, 1, 1), Stsz(S1), Stco(at))), S1, front: true) },
        { "a sample entry that is not there", File(at => Movie(Trak(1, Stsd(Mp4a()), Stts(1), Stsc(1, 1, 7), Stsz(S1), Stco(at))), S1, front: true) },
        { "more sizes than bytes", File(at => Movie(Trak(1, Stsd(Mp4a()), Stts(1), Stsc(1, 1, 1), Full("stsz", 0, 0, U32(0), U32(uint.MaxValue)), Stco(at))), S1, front: true) },
        { "a sample larger than anything", File(at => Movie(Trak(1, Stsd(Mp4a()), Stts(1), Stsc(1, 1, 1), Full("stsz", 0, 0, U32(0), U32(1), U32(uint.MaxValue)), Stco(at))), S1, front: true) },
        { "protected samples that share bytes", File(at => Movie(Trak(1, Stsd(Enca(Sinf())), Stts(2), Stsc(1, 1, 1), Stsz(S1, S1), Stco(at, at + 10), Senc(Iv(1), Iv(2)))), Join(S1, S1), front: true) },
        { "no vectors", File(at => Movie(Trak(1, Stsd(Enca(Sinf())), Stts(1), Stsc(1, 1, 1), Stsz(S1), Stco(at))), S1, front: true) },
        { "a group that nobody describes", File(at => Movie(Trak(1, Stsd(Enca(Sinf())), Stts(1), Stsc(1, 1, 1), Stsz(S1), Stco(at), Sbgp(1, 3), Senc(Iv(1)))), S1, front: true) },
        { "media data that is cut", File(at => Movie(Trak(1, Stsd(Mp4a()), Stts(1), Stsc(1, 1, 1), Stsz(S1), Stco(at))), S1, front: true)[..^1] },
    };

    [Theory]
    [MemberData(nameof(Lies))]
    public async Task A_lie_is_refused(string what, byte[] file)
    {
        what.Should().NotBeEmpty();
        long before = GC.GetTotalAllocatedBytes();
        foreach (bool seek in (bool[])[true, false])
        {
            Func<Task> decrypt = () => DecryptAsync(file, seek: seek);
            await decrypt.Should().ThrowAsync<MediaFormatException>();
        }

        (GC.GetTotalAllocatedBytes() - before).Should().BeLessThan(32 << 20);
    }

    /// <summary>ffmpeg packages the same samples clear and encrypted; every packet must come out the same.</summary>
    [Theory]
    [InlineData("moov at the end", "")]
    [InlineData("moov in front", "+faststart")]
    public async Task What_ffmpeg_encrypts_comes_out_as_it_went_in(string what, string flags)
    {
        what.Should().NotBeEmpty();
        if (!Ffmpeg.Exists) Assert.Skip(Ffmpeg.Absent);
        string folder = Directory.CreateTempSubdirectory("keyway").FullName;
        try
        {
            string clear = Path.Combine(folder, "clear.mp4"), hidden = Path.Combine(folder, "hidden.mp4"), ours = Path.Combine(folder, "ours.mp4"), merged = Path.Combine(folder, "merged.mp4");
            Run("-f", "lavfi", "-i", "testsrc=s=160x120:d=3", "-f", "lavfi", "-i", "sine=d=3", "-c:v", "mpeg4", "-c:a", "aac", clear);
            Run(["-i", clear, "-c", "copy", .. flags.Length == 0 ? (string[])[] : ["-movflags", flags],
                "-encryption_scheme", "cenc-aes-ctr", "-encryption_key", Convert.ToHexString(Key), "-encryption_kid", Convert.ToHexString(Bytes(Kid)), hidden]);
            byte[] file = await System.IO.File.ReadAllBytesAsync(hidden, TestContext.Current.CancellationToken);
            (byte[] output, Mp4Summary summary) = await DecryptAsync(file);
            summary.Tracks.Should().OnlyContain(t => t.ProtectedSamples == t.Samples && t.Samples > 50);
            await System.IO.File.WriteAllBytesAsync(ours, output, TestContext.Current.CancellationToken);
            await System.IO.File.WriteAllBytesAsync(merged, await MergeAsync(seek: true, file), TestContext.Current.CancellationToken);
            string expected = Packets(clear, folder);
            Packets(ours, folder).Should().Be(expected);
            PacketsOf(Packets(merged, folder)).Should().Equal(PacketsOf(expected));
            (await Ffmpeg.ComplaintsAsync(ours, TestContext.Current.CancellationToken)).Should().BeEmpty();
            (await Ffmpeg.ComplaintsAsync(merged, TestContext.Current.CancellationToken)).Should().BeEmpty();
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Run(params string[] arguments) => Ffmpeg.Run(["-v", "error", "-y", .. arguments]).Should().BeEquivalentTo((0, ""));

    /// <summary>Without edit lists, which ffmpeg applies by dropping packets of progressive files only: stream, decode time, presentation time, duration, size and MD5 of every packet.</summary>
    private static string Packets(string path, string folder)
    {
        string list = Path.Combine(folder, "packets");
        Run("-ignore_editlist", "1", "-i", path, "-map", "0", "-c", "copy", "-f", "framemd5", list);
        return string.Join('\n', System.IO.File.ReadLines(list).Where(l => !l.StartsWith('#')));
    }

    private static List<string> PacketsOf(string packets) => [.. packets.Split('\n').Select(p => p.Split(',')).Select(p => $"{p[0]} {p[1]} {p[2]} {p[4]} {p[5]}").Order(StringComparer.Ordinal)];
}
