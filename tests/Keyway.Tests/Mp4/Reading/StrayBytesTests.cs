using System.Text;
using static Keyway.Mp4.BoxBytes;
using static Keyway.Mp4.Made;

namespace Keyway.Mp4.Reading;

/// <summary>Bytes between and behind boxes that are no box: read, told and kept; and told apart from a file that is cut or broken.</summary>
public sealed class StrayBytesTests
{
    private static readonly byte[] S1 = Sample(1, 40), S2 = Sample(2, 33);

    public static TheoryData<string, byte[]> Strays => new()
    {
        { "a line end", "\n"u8.ToArray() },
        { "a line end of Windows", "\r\n"u8.ToArray() },
        { "two of them", "\r\n\r\n"u8.ToArray() },
        { "three letters", "abc"u8.ToArray() },
        { "seven bytes", Hex("ffffffffffffff") },
        { "five bytes", Hex("8000000012") },
        { "a size that no box has", Hex("00000005 66") },
        { "one zero", Zeros(1) },
        { "seven zeros", Zeros(7) },
        { "sixteen zeros", Zeros(16) },
        { "many zeros", Zeros(70_000) },
        { "a web page's end", "</body></html>\r\n"u8.ToArray() },
        { "a web page", Encoding.UTF8.GetBytes("<!-- served by\nsomebody -->\n<html><p>" + new string('x', 5000) + "</p></html>") },
        { "an ID3 tag", Join("TAG"u8.ToArray(), Zeros(125)) },
        { "bytes of chance", [.. Enumerable.Range(0, 3000).Select(i => (byte)(128 + (i * 37 % 120)))] },
    };

    [Theory]
    [MemberData(nameof(Strays))]
    public async Task Bytes_behind_the_last_box_are_told_and_kept(string what, byte[] stray)
    {
        byte[] file = Join(Init, Fragment(1, 40), stray);
        await ExpectAsync(file, [S1]);
        foreach (bool seek in (bool[])[true, false])
        {
            (byte[] clear, Mp4Summary summary) = await DecryptAsync(file, seek: seek);
            clear[^stray.Length..].Should().Equal(stray);
            summary.Notes.Should().ContainSingle(what).Which.Should().Contain($"{stray.Length} bytes that are no box").And.Contain("behind");
        }

        Mp4Inspection found = await Mp4Inspector.InspectAsync(new MemoryStream(file), "x", false, TestContext.Current.CancellationToken);
        found.Defect.Should().BeNull();
        found.Notes.Should().ContainSingle();
        found.Fragments.Should().Be(1);
    }

    [Theory]
    [MemberData(nameof(Strays))]
    public async Task Bytes_behind_an_initialisation_segment_and_between_segments_lose_nothing(string what, byte[] stray)
    {
        byte[] file = Join(Init, stray, Fragment(1, 40), stray, Fragment(2, 33));
        await ExpectAsync(file, [S1, S2]);
        (byte[] clear, Mp4Summary summary) = await DecryptAsync(file);
        clear.Should().HaveCount(file.Length, what);
        summary.Notes.Should().HaveCount(2).And.OnlyContain(n => n.Contains("between"));
    }

    [Theory]
    [MemberData(nameof(Strays))]
    public async Task Of_files_that_are_known_each_ends_where_it_ends(string what, byte[] stray)
    {
        byte[] init = Join(Init, stray), first = Join(Fragment(1, 40), stray), second = Fragment(2, 33);
        Mp4DecryptOptions options = new() { PartLengths = [init.Length, first.Length, second.Length] };
        (byte[] clear, Mp4Summary summary) = await DecryptAsync(Join(init, first, second), seek: false, options: options);
        await ExpectSamplesAsync(clear, [S1, S2]);
        summary.Notes.Should().HaveCount(2, what);
    }

    [Fact]
    public async Task A_file_in_a_row_may_end_with_media_data_of_no_said_size()
    {
        byte[] open = Fragment(1, 40);
        int mdat = open.Length - 48;
        U32(0).CopyTo(open, mdat);
        Mp4DecryptOptions options = new() { PartLengths = [Init.Length, open.Length, Fragment(2, 33).Length] };
        (byte[] clear, _) = await DecryptAsync(Join(Init, open, Fragment(2, 33)), seek: false, options: options);
        clear.AsSpan().IndexOf(S1).Should().BePositive();
        clear.AsSpan().IndexOf(S2).Should().BePositive();
    }

    /// <summary>What could be the rest of something that is missing is refused: samples would be lost without a word.</summary>
    [Fact]
    public async Task A_broken_structure_is_no_stray()
    {
        byte[] broken = Fragment(2, 33);
        broken[0] = 0xF0;
        await RefusedAsync<MediaFormatException>(Join(Init, Fragment(1, 40), broken));
        byte[] small = Fragment(2, 33);
        small[3] = 3;
        await RefusedAsync<MediaFormatException>(Join(Init, Fragment(1, 40), small, Fragment(3, 5)));
        await RefusedAsync<MediaFormatException>(Join(Init, Fragment(1, 40), Zeros(9), broken, Fragment(3, 5)));
        foreach (int cut in (int[])[4, 5, 6, 7, 8, 20]) await RefusedAsync<MediaFormatException>(Join(Init, Fragment(1, 40), Fragment(2, 33)[..cut]));
        foreach (int cut in (int[])[5, 6, 7]) await RefusedAsync<MediaFormatException>(Join(Init, Fragment(1, 40), Join(U32(0x12345678), Code("mdat"))[..cut]));
    }

    [Fact]
    public async Task More_strange_bytes_than_anybody_writes_are_refused()
    {
        byte[] file = Join(Init, Fragment(1, 40), [.. Enumerable.Repeat((byte)0xEE, Mp4Limits.StrayBytes + 1)]);
        (await RefusedAsync<MediaFormatException>(file)).Message.Should().Contain("no box");
    }

    /// <summary>The same through a container: bytes that are too few for a box are told and do not stop anything.</summary>
    [Fact]
    public async Task Bytes_behind_the_last_box_of_a_container_are_told()
    {
        byte[] stray = Hex("0d0a");
        byte[] init = Box("moov", MvhdBox, Trak(1, Join(Stsd(Enca(Join(Sinf(), Hex("deadbeef")))), [])), Box("mvex", Trex(1)), stray);
        byte[] moof = Moof(l => [Box("traf", Tfhd(), Trun(l + 8, 40), Senc(Iv(1)), stray), stray]);
        byte[] file = Join(init, moof, Box("mdat", Encrypt(S1, Iv(1), Key)));
        await ExpectAsync(file, [S1]);
        (_, Mp4Summary summary) = await DecryptAsync(file);
        summary.Notes.Should().HaveCount(4).And.OnlyContain(n => n.Contains("are left, which is no box"));
    }
}
