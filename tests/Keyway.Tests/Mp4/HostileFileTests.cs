using System.Diagnostics;
using Keyway.Decryption;
using static Keyway.Mp4.BoxBytes;
using static Keyway.Mp4.Made;

namespace Keyway.Mp4;

/// <summary>Files that lie: a typed error, in bounded time and memory.</summary>
[Collection(Alone.Name)]
public sealed class HostileFileTests
{
    private static readonly byte[] S1 = Sample(1, 40);

    private static byte[] Data => Box("mdat", Encrypt(S1, Iv(1), Key));

    public static TheoryData<string, byte[]> Lies => new()
    {
        { "four billion samples of a byte", Join(Init, Moof(l => [Box("traf", Tfhd(1, 0x020010, U32(1)), Full("trun", 0, 1, U32(uint.MaxValue), U32((uint)l + 8)))]), Data) },
        { "four billion samples of no byte", Join(Init, Moof(l => [Box("traf", Tfhd(), Full("trun", 0, 1, U32(uint.MaxValue), U32((uint)l + 8)))]), Data) },
        { "many runs of empty samples", Join(Init, Moof(l => [Box("traf", [Tfhd(), .. Enumerable.Repeat(Full("trun", 0, 0, U32(60_000)), 100)])]), Data) },
        { "a gigabyte of samples", Join(Init, Moof(l => [Box("traf", Tfhd(1, 0x020010, U32(1 << 20)), Full("trun", 0, 1, U32(1023), U32((uint)l + 8)))]), Data) },
        { "a sample larger than anything", Join(Init, Moof(l => [Box("traf", Tfhd(), Trun(l + 8, -1), Senc(Iv(1)))]), Data) },
        { "more sizes than the run has", Join(Init, Moof(l => [Box("traf", Tfhd(), Full("trun", 0, 0x201, U32(1000), U32((uint)l + 8), U32(40)), Senc(Iv(1)))]), Data) },
        { "an offset before the file", Join(Init, Moof(_ => [Box("traf", Tfhd(), Trun(-100_000, 40), Senc(Iv(1)))]), Data) },
        { "an offset into the movie", Join(Init, Moof(_ => [Box("traf", Tfhd(), Trun(-Init.Length + 20, 40), Senc(Iv(1)))]), Data) },
        { "an offset into the moof", Join(Init, Moof(_ => [Box("traf", Tfhd(), Trun(0, 40), Senc(Iv(1)))]), Data) },
        { "an offset behind the file", Join(Init, Moof(l => [Box("traf", Tfhd(), Trun(l + 8000, 40), Senc(Iv(1)))]), Data) },
        { "samples across the end of mdat", Join(Init, Moof(l => [Box("traf", Tfhd(), Trun(l + 9, 40), Senc(Iv(1)))]), Data, Box("free", Zeros(50))) },
        { "samples that share bytes", Join(Init, Moof(l => [Box("traf", Tfhd(), Trun(l + 8, 30), Trun(l + 18, 30), Senc(Iv(1), Iv(2)))]), Data) },
        { "no vectors at all", Join(Init, Moof(l => [Box("traf", Tfhd(), Trun(l + 8, 40))]), Data) },
        { "too few vectors", Join(Init, Moof(l => [Box("traf", Tfhd(), Trun(l + 8, 20, 20), Senc(Iv(1)))]), Data) },
        { "vectors that are cut", Join(Init, Moof(l => [Box("traf", Tfhd(), Trun(l + 8, 40), Full("senc", 0, 0, U32(1), Zeros(5)))]), Data) },
        { "more vectors than bytes", Join(Init, Moof(l => [Box("traf", Tfhd(), Trun(l + 8, 40), Full("senc", 0, 2, U32(uint.MaxValue)))]), Data) },
        { "subsamples beyond the sample", Join(Init, Moof(l => [Box("traf", Tfhd(), Trun(l + 8, 40), Full("senc", 0, 2, U32(1), Iv(1), U16(1), U16(8), U32(33)))]), Data) },
        { "subsamples short of the sample", Join(Init, Moof(l => [Box("traf", Tfhd(), Trun(l + 8, 40), Full("senc", 0, 2, U32(1), Iv(1), U16(1), U16(8), U32(31)))]), Data) },
        { "subsamples that wrap around", Join(Init, Moof(l => [Box("traf", Tfhd(), Trun(l + 8, 40), Full("senc", 0, 2, U32(1), Iv(1), U16(2), U16(20), U32(uint.MaxValue), U16(21), U32(0)))]), Data) },
        { "a group that nobody describes", Join(Init, Moof(l => [Box("traf", Tfhd(), Trun(l + 8, 40), Sbgp(1, 0x10003), Senc(Iv(1)))]), Data) },
        { "more groups than bytes", Join(Init, Moof(l => [Box("traf", Tfhd(), Trun(l + 8, 40), Full("sgpd", 1, 0, Code("seig"), U32(20), U32(uint.MaxValue)), Senc(Iv(1)))]), Data) },
        { "more runs than bytes", Join(Init, Moof(l => [Box("traf", Tfhd(), Trun(l + 8, 40), Full("sbgp", 0, 0, Code("seig"), U32(uint.MaxValue)), Senc(Iv(1)))]), Data) },
        { "a track that moov does not have", Join(Init, Moof(l => [Box("traf", Tfhd(7), Trun(l + 8, 40), Senc(Iv(1)))]), Data) },
        { "a sample entry that is not there", Join(Init, Moof(l => [Box("traf", Tfhd(1, 0x020002, U32(3)), Trun(l + 8, 40), Senc(Iv(1)))]), Data) },
        { "no header of the track fragment", Join(Init, Moof(l => [Box("traf", Trun(l + 8, 40), Senc(Iv(1)))]), Data) },
        { "a fragment before its movie", Join(Fragment(1, 40), Init) },
        { "no movie", Join(Box("ftyp", Code("isom")), Box("free", Zeros(9))) },
        { "nothing", [] },
        { "half a header", [0, 0, 0, 32, 0x66] },
        { "a movie that is cut", Init[..^9] },
        { "a box of seven bytes", Join(Init, U32(7), Code("moof"), Zeros(9)) },
        { "a box larger than the world", Join(Init, U32(1), Code("mdat"), U64(ulong.MaxValue)) },
        { "data that is cut", Join(Init, Fragment(1, 40)[..^1]) },
        { "a protected entry that says nothing", Join(Moov(Trak(1, Stsd(Enca()))), Fragment(1, 40)) },
        { "two tracks of one number", Join(Moov(Trak(1, Stsd(Enca(Sinf()))), Trak(1, Stsd(Enca(Sinf())))), Fragment(1, 40)) },
        { "a movie between a fragment and its data", Join(Init, Moof(l => [Box("traf", Tfhd(), Trun(l + 8, 40), Senc(Iv(1)))]), Init, Data) },
        { "a box that is deeper than it is long", Join(Init, Moof(l => [U32(99), Code("traf"), Zeros(3)]), Data) },
    };

    [Theory]
    [MemberData(nameof(Lies))]
    public async Task A_lie_is_refused_with_its_place(string what, byte[] file)
    {
        what.Should().NotBeEmpty();
        foreach (bool seek in (bool[])[true, false])
        {
            long before = GC.GetTotalAllocatedBytes();
            long start = Stopwatch.GetTimestamp();
            MediaFormatException e = await RefusedAsync<MediaFormatException>(file, seek);
            e.Message.Should().StartWith("made.mp4: ");
            (GC.GetTotalAllocatedBytes() - before).Should().BeLessThan(24 << 20);
            Stopwatch.GetElapsedTime(start).Should().BeLessThan(TimeSpan.FromSeconds(20));
        }
    }

    [Fact]
    public async Task An_unknown_scheme_is_a_status_of_the_sample()
    {
        byte[] file = Join(Moov(Trak(1, Stsd(Enca(Sinf(scheme: "abcd"))))), Fragment(1, 40));
        (await RefusedAsync<SampleDecryptionException>(file)).Status.Should().Be(DecryptStatus.SchemeNotSupported);
    }

    [Fact]
    public async Task A_cut_file_is_refused_wherever_it_is_cut()
    {
        byte[] file = Join(Box("ftyp", Code("isom")), Init, Fragment(1, 40, 33), Fragment(3, 5));
        int last = Fragment(3, 5).Length, both = last + Fragment(1, 40, 33).Length;
        for (int length = 0; length < file.Length; length++)
        {
            foreach (bool seek in (bool[])[true, false])
            {
                Func<Task> decrypt = () => DecryptAsync(file[..length], seek: seek);

                // The first three bytes of a size are zeros, which at the end of a file are padding: everything before them is whole.
                int missing = file.Length - length;
                if (missing <= last && missing >= last - 3 || missing <= both && missing >= both - 3) await decrypt.Should().NotThrowAsync();
                else await decrypt.Should().ThrowAsync<MediaFormatException>($"cut at {length}");
            }
        }
    }

    /// <summary>Every byte of every structure, changed: a result or a typed error, never another exception.</summary>
    [Fact]
    public async Task Any_changed_byte_gives_a_result_or_a_typed_error()
    {
        byte[] pssh = Full("pssh", 1, 0, Zeros(16), U32(1), Bytes(Kid), U32(3), Zeros(3));
        byte[] init = Box("moov", MvhdBox, pssh, Trak(1, Stsd(Enca(Sinf()), Mp4a()), Sgpd(Seig(OtherKid)), Full("stsz", 0, 0, U32(0), U32(0))), Box("mvex", Trex(1)));
        byte[] moof = Moof(l => [Box("traf", Tfhd(), Tfdt(5), Trun(l + 8, 40, 33), Sbgp(1, 0x10001), Sgpd(Seig(OtherKid)), Full("saiz", 0, 0, U8(8), U32(2)), Full("saio", 0, 0, U32(1), U32(8)), Senc(Iv(1), Iv(2)))]);
        byte[] file = Join(init, moof, Box("mdat", S1, Sample(2, 33)));
        for (int at = 0; at < file.Length - 73; at++)
        {
            foreach (byte value in (byte[])[0, 1, 0x7F, 0xFF, (byte)(file[at] ^ 0x80)])
            {
                byte[] changed = [.. file];
                changed[at] = value;
                foreach (Func<Task> read in (Func<Task>[])[() => DecryptAsync(changed), () => MergeAsync(false, changed), () => Mp4Inspector.InspectAsync(new MemoryStream(changed), "x", false, TestContext.Current.CancellationToken).AsTask()])
                {
                    try
                    {
                        await read();
                    }
                    catch (KeywayException)
                    {
                    }
                }
            }
        }
    }
}
