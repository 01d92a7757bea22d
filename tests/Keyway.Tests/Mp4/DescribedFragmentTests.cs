using System.IO.Pipelines;

namespace Keyway.Mp4;

/// <summary>Media segments whose description is in another file.</summary>
public sealed class DescribedFragmentTests
{
    private static readonly string Folder = PresentationBench.Sample("cenc/audio").LocalPath;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static byte[] Init => File.ReadAllBytes(Path.Combine(Folder, "init.mp4"));

    private static byte[] Segment => File.ReadAllBytes(Path.Combine(Folder, "1.m4s"));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_description_is_found_wherever_it_stands_and_both_streams_stay_open(bool behindMedia)
    {
        byte[] media = BoxBytes.Box("mdat", new byte[3000]);
        byte[] description = behindMedia ? [.. media, .. Init] : [.. Init, .. Segment];
        await using MemoryStream about = new(description), input = new([.. Segment, .. Segment]);
        (byte[] clear, Mp4Summary summary) = await ClearAsync(about, input);
        clear.Should().HaveCount(2 * Segment.Length);
        summary.Tracks.Should().ContainSingle().Which.LeftProtected.Should().Be(0);
        (about.CanRead, input.CanRead).Should().Be((true, true), "they are the caller's");
        (byte[] once, _) = await ClearAsync(new MemoryStream(Init), new MemoryStream(Segment));
        clear.Should().Equal([.. once, .. once]);
        byte[] head = await Clear.SegmentClearer.ClearAsync(Init, "init", null, Cancel);
        (await PresentationBench.SamplesAsync([.. head, .. once])).Should().Equal(PresentationBench.Table("audio")[..(int)(summary.Tracks[0].Samples / 2)]);
    }

    [Fact]
    public async Task What_describes_nothing_and_what_has_no_fragment_are_errors_that_name_the_file()
    {
        foreach ((byte[] about, byte[] input, string says) in ((byte[], byte[], string)[])[
            ([], Segment, "about: it is empty"),
            (Segment, Segment, "about: no moov"),
            (BoxBytes.Box("free", new byte[8]), Segment, "about: no moov"),
            (Init[..^20], Segment, "about: "),
            (Init, [], "input: no fragment"),
            (Init, BoxBytes.Box("mdat", new byte[100]), "input: no fragment"),
            (Init, Init, "input: no fragment"),
            (Init, Segment[..^10], "input: "),
        ])
        {
            Func<Task> act = () => ClearAsync(new MemoryStream(about), new MemoryStream(input));
            (await act.Should().ThrowAsync<MediaFormatException>()).Which.Message.Should().StartWith(says);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_track_s_key_comes_before_that_of_an_identifier_or_behind_it(bool tracksFirst)
    {
        KeyId.TryParse("c5d31c60dee014a6f849c8f291262343", out KeyId id).Should().BeTrue();
        byte[] key = PresentationBench.SampleKeys.Single(each => each.Id == id).Key;
        byte[] other = [.. key.Reverse()];
        using RawMediaKeys keys = new() { TracksFirst = tracksFirst };
        keys.Add(id, tracksFirst ? other : key);
        keys.Add(1, tracksFirst ? key : other);
        (byte[] clear, _) = await ClearAsync(new MemoryStream(Init), new MemoryStream(Segment), keys);
        (byte[] expected, _) = await ClearAsync(new MemoryStream(Init), new MemoryStream(Segment));
        clear.Should().Equal(expected);
        (keys.UnusedKeys.Count, keys.UnusedTracks.Count).Should().Be(tracksFirst ? (1, 0) : (0, 1));
    }

    private static async Task<(byte[] Clear, Mp4Summary Summary)> ClearAsync(Stream about, Stream input, IMediaKeys? keys = null)
    {
        using MemoryStream output = new();
        PipeWriter pipe = PipeWriter.Create(output, new StreamPipeWriterOptions(leaveOpen: true));
        Mp4Summary summary = await Mp4Decryptor.DecryptFragmentsAsync(
            about, "about", input, "input", keys ?? new ReferenceKeys(PresentationBench.SampleKeys.ToDictionary(static key => key.Id, static key => key.Key)), pipe, cancellationToken: Cancel);
        await pipe.CompleteAsync();
        return (output.ToArray(), summary);
    }
}
