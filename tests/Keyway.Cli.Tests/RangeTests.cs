using System.Buffers.Binary;
using System.Text.Json;
using Keyway.Cli.Run;
using Keyway.Mp4;

namespace Keyway.Cli;

/// <summary>A range of a presentation, and its segments.</summary>
public sealed class RangeTests(SharedSandbox sandbox) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_stretch_is_written_from_the_sync_sample_and_presented_to_the_sample()
    {
        CommandRun run = (await CommandRun.OfAsync("play", Sample.Manifest, "--license-url", sandbox.ClearKey(), "--from", "5", "--until", "00:00:07", "--to", "-")).ShouldEndWith(ExitCode.Done);
        using Mp4Reader reader = await Mp4Reader.OpenAsync(new MemoryStream(run.Media), "written", TestContext.Current.CancellationToken);
        List<(string Kind, TimeSpan Time)> presented = [];
        bool first = true;
        await foreach (ClearFragment fragment in reader.ReadAsync(new RawMediaKeys(), null, TestContext.Current.CancellationToken))
            foreach (ClearSample sample in fragment.Samples)
            {
                if (first) sample.IsSync.Should().BeTrue();
                first = false;
                if (sample.IsPresented && sample.PresentationTime >= TimeSpan.Zero) presented.Add((fragment.Track.Handler, sample.PresentationTime));
            }

        // Two seconds of 25 frames of video, and of 48000 / 1024 frames of audio. Frames that come later and that these depend on are there too, after the end of the edit list.
        presented.Where(static each => each.Kind == "vide").Select(static each => each.Time.TotalSeconds).Where(static time => time < 2).Order().Should().Equal(Enumerable.Range(0, 50).Select(static i => i / 25.0));
        presented.Count(static each => each.Kind == "vide" && each.Time.TotalSeconds >= 2).Should().BeLessThan(3);
        int elst = run.Media.AsSpan().IndexOf("elst"u8), mvhd = run.Media.AsSpan().IndexOf("mvhd"u8);
        BinaryPrimitives.ReadUInt64BigEndian(run.Media.AsSpan(elst + 12)).Should().Be(2UL * BinaryPrimitives.ReadUInt32BigEndian(run.Media.AsSpan(mvhd + 16)), "the edit lasts two seconds of the movie's timescale");
        presented.Count(static each => each.Kind == "soun").Should().BeInRange(93, 94);
    }

    [Fact]
    public async Task A_folder_gets_the_stretch_of_each_track()
    {
        string folder = _folder.File("out/");
        JsonElement json = (await CommandRun.OfAsync("play", Sample.Manifest, "--license-url", sandbox.ClearKey(), "--from", "16", "--to", folder, "--json")).ShouldEndWith(ExitCode.Done).Json;
        json.GetProperty("tracks")[0].GetProperty("samples").GetInt32().Should().Be(100, "what is written counts, not what is read on the way to it");
        new FileInfo(Path.Combine(folder, "video-1.mp4")).Length.Should().BeInRange(1000, new FileInfo(Path.Combine(Path.GetDirectoryName(Sample.Manifest)!, "video-360", "5.m4s")).Length + 4000);
        File.Exists(Path.Combine(folder, "audio-1.mp4")).Should().BeTrue();
    }

    [Theory]
    [InlineData("play", "--from", "21", "00:00:20")]
    [InlineData("inspect", "--from", "21", "00:00:20")]
    public async Task What_lies_outside_is_a_mistake_of_usage_and_the_message_says_what_there_is(string command, string option, string value, string there)
    {
        string[] more = command == "play" ? ["--license-url", sandbox.ClearKey(), "--to", _folder.File("none.mp4")] : ["--segments"];
        CommandRun run = (await CommandRun.OfAsync([command, Sample.Manifest, option, value, .. more])).ShouldEndWith(ExitCode.Usage);
        run.Error.Should().Contain(there).And.Contain("explain range");
        File.Exists(_folder.File("none.mp4")).Should().BeFalse();
    }

    [Theory]
    [InlineData("--from", "7", "--until", "7")]
    [InlineData("--from", "-1", "--until", "7")]
    [InlineData("--until", "yesterday", "--from", "1")]
    public async Task A_stretch_that_is_none_is_a_mistake_of_usage(params string[] options) =>
        (await CommandRun.OfAsync(["play", Sample.Manifest, "--license-url", sandbox.ClearKey(), "--to", "-", .. options])).ShouldEndWith(ExitCode.Usage);

    [Fact]
    public async Task Segments_are_listed_with_their_exact_times()
    {
        JsonElement json = (await CommandRun.OfAsync("inspect", Sample.Manifest, "--segments", "--from", "8", "--until", "12.5", "--json")).ShouldEndWith(ExitCode.Done).Json;
        JsonElement[] tracks = [.. json.GetProperty("tracks").EnumerateArray()];
        tracks.Where(static track => track.GetProperty("chosen").GetBoolean()).Should().HaveCount(2).And.OnlyContain(static track => track.GetProperty("segments").GetArrayLength() == 2);
        tracks.Where(static track => !track.GetProperty("chosen").GetBoolean()).Should().OnlyContain(static track => track.EnumerateObject().All(member => member.Name != "segments"));
        JsonElement second = tracks[0].GetProperty("segments")[1];
        (second.GetProperty("number").GetInt32(), second.GetProperty("time").GetInt64(), second.GetProperty("duration").GetInt64(), second.GetProperty("timescale").GetInt64()).Should().Be((4, 153600, 51200, 12800));
        second.GetProperty("url").GetString().Should().EndWith("video-360/4.m4s");

        CommandRun shown = (await CommandRun.OfAsync("inspect", Sample.Manifest, "--segments")).ShouldEndWith(ExitCode.Done);
        shown.Out.Should().Contain("5 segments").And.Contain("video-360/4.m4s");
    }
}
