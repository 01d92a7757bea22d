using System.Text;
using Keyway.Mp4;
using Keyway.Testing;
using Keyway.Timeline;
using static Keyway.Mp4.BoxBytes;

namespace Keyway;

/// <summary>Text and thumbnails are renditions like others.</summary>
public sealed class TextTrackTests
{
    private static readonly Uri Manifest = new(Path.Combine(Corpus.Root, "tests", "Keyway.Tests", "Media", "text", "manifest.mpd"));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static PresentationOptions Only(string text) => new() { Text = new TrackQuery(text) };

    [Theory]
    [InlineData("en", "wvtt", new[] { "Hello one", "Second line", "Third", "Last" })]
    [InlineData("untertitel", "stpp", new[] { "Hello one", "Second line", "Third", "Last" })]
    public async Task Chosen_text_is_read_and_written(string wish, string codec, string[] cues)
    {
        await using PresentationBench bench = new();
        await using Presentation presentation = await bench.Engine.OpenAsync(Manifest, Only(wish), Cancel);
        PresentationTrack track = presentation.Tracks.Should().ContainSingle().Subject;
        (track.Kind, track.Codec).Should().Be((MediaKind.Text, codec));
        byte[] written = await PresentationBench.WriteAsync(pipe => presentation.MergeAsync(presentation.Tracks, pipe, Cancel));
        List<string> read = [];
        await foreach (ClearFragment fragment in presentation.ReadAsync(track, Cancel))
            foreach (ClearSample sample in fragment.Samples) read.Add(Encoding.UTF8.GetString(sample.Data.Span));
        string all = string.Concat(read), file = Encoding.UTF8.GetString(written);
        foreach (string cue in cues)
        {
            all.Should().Contain(cue);
            file.Should().Contain(cue);
        }
    }

    [Fact]
    public async Task A_stretch_of_text_is_what_is_shown_in_it()
    {
        await using PresentationBench bench = new();
        await using Presentation presentation = await bench.Engine.OpenAsync(Manifest, Only("en"), Cancel);
        List<(TimeSpan Time, string Text)> read = [];
        await foreach (ClearFragment fragment in presentation.ReadAsync(presentation.Tracks[0], new TimeRange { From = TimeSpan.FromSeconds(6), Until = TimeSpan.FromSeconds(10) }, Cancel))
            foreach (ClearSample sample in fragment.Samples)
                if (sample.IsPresented) read.Add((sample.PresentationTime, Encoding.UTF8.GetString(sample.Data.Span)));

        // source.vtt: 5 to 8 s, a pause, 9.5 to 12 s.
        read.Select(static each => each.Time.TotalSeconds).Should().Equal(5, 8, 9.5);
        read[0].Text.Should().Contain("Second line");
        read[2].Text.Should().Contain("Third");
    }

    [Fact]
    public async Task Text_is_played_only_where_it_is_asked_for()
    {
        await using PresentationBench bench = new();
        Func<Task> open = async () => await bench.Engine.OpenAsync(Manifest, cancellationToken: Cancel);
        await open.Should().ThrowAsync<TrackNotFoundException>();
        Func<Task> other = async () => await bench.Engine.OpenAsync(Manifest, Only("fr"), Cancel);
        (await other.Should().ThrowAsync<TrackNotFoundException>()).WithMessage("*text 'fr'*wvtt*stpp*");
    }

    [Fact]
    public async Task Thumbnails_come_as_they_are()
    {
        await using PresentationBench bench = new();
        await using Presentation presentation = await bench.Engine.OpenAsync(Manifest, Only("en"), Cancel);
        Rendition thumbnails = presentation.Timeline.Periods[0].Renditions.Single(static each => each.Kind == MediaKind.Image);
        TimelineSegment segment = (await presentation.SegmentsAsync(thumbnails, cancellationToken: Cancel)).Should().ContainSingle().Subject;
        await using Stream stream = await presentation.OpenSegmentAsync(thumbnails, segment, Cancel);
        using MemoryStream picture = new();
        await stream.CopyToAsync(picture, Cancel);
        picture.ToArray().Should().Equal(await File.ReadAllBytesAsync(segment.Address.LocalPath, Cancel)).And.StartWith(new byte[] { 0x89, 0x50, 0x4E, 0x47 });
        (await presentation.OpenInitializationAsync(thumbnails, Cancel)).Length.Should().Be(0);
    }

    [Fact]
    public async Task Protected_text_is_decrypted()
    {
        // ISO/IEC 14496-12, 8.12: a protected subtitle entry is 'encs' around what it was; ISO/IEC 14496-30 has 'stpp'.
        byte[] cue = Encoding.UTF8.GetBytes("<tt xmlns=\"http://www.w3.org/ns/ttml\"><body><div><p>Guten Tag</p></div></body></tt>");
        byte[] entry = Box("encs", Zeros(6), U16(1), Encoding.ASCII.GetBytes("http://www.w3.org/ns/ttml\0\0\0"), Made.Sinf("stpp"));
        byte[] movie = Made.Moov(Made.Trak(1, Made.Stsd(entry)));
        movie.AsSpan()[(movie.AsSpan().IndexOf("soun"u8))..].Slice(0, 4).Clear();
        "subt"u8.CopyTo(movie.AsSpan()[(movie.AsSpan().IndexOf("hdlr"u8) + 12)..]);
        byte[] moof = Made.Moof(length =>
        [
            Full("mfhd", 0, 0, U32(1)),
            Box("traf", Made.Tfhd(), Made.Tfdt(0), Made.Trun(length + 8, cue.Length), Made.Senc(Made.Iv(7))),
        ]);
        byte[] file = Join(movie, moof, Box("mdat", Made.Encrypt(cue, Made.Iv(7), Made.Key)));

        await Made.ExpectAsync(file, [cue]);
        (byte[] clear, Mp4Summary summary) = await Made.DecryptAsync(file);
        (summary.Tracks[0].Track.Handler, summary.Tracks[0].ProtectedSamples).Should().Be(("subt", 1));
        clear.AsSpan().IndexOf("stpp"u8).Should().BePositive();
    }
}
