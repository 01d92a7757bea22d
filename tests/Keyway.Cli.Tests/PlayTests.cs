using System.Security.Cryptography;
using System.Text.Json;
using Keyway.Cli.Run;
using Keyway.Mp4;

namespace Keyway.Cli;

public sealed class PlayTests(SharedSandbox sandbox) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_bundled_sample_plays_with_a_service_of_its_own_when_nothing_is_named()
    {
        CommandRun run = (await CommandRun.OfAsync("play", "--json")).ShouldEndWith(ExitCode.Done);
        run.Json.GetProperty("keySystem").GetString().Should().Be("clearkey");
        string path = run.Json.GetProperty("outputs")[0].GetProperty("path").GetString()!;
        try
        {
            await Sample.ShouldHoldAsync(path, "video-360", "audio");
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
        }
    }

    [Theory]
    [InlineData("cenc/manifest.mpd")]
    [InlineData("cbcs/manifest.mpd")]
    public async Task A_file_gets_the_chosen_tracks_together_sample_by_sample_as_they_were(string manifest)
    {
        string target = _folder.File("out.mp4");
        CommandRun run = await PlayAsync(Sample.File(manifest), target);
        await Sample.ShouldHoldAsync(target, "video-360", "audio");
        await ShouldReportDigestsAsync(run.Json, target);
        _folder.Entries.Should().Equal("out.mp4");
    }

    [Fact]
    public async Task A_folder_gets_one_file_a_track_under_names_of_our_own()
    {
        string target = _folder.File("new/folder");
        CommandRun run = await PlayAsync(Sample.Manifest, target);
        _folder.Entries.Should().Equal("new", "new/folder", "new/folder/audio-1.mp4", "new/folder/video-1.mp4");
        await Sample.ShouldHoldAsync(Path.Combine(target, "video-1.mp4"), "video-360");
        await Sample.ShouldHoldAsync(Path.Combine(target, "audio-1.mp4"), "audio");
        await ShouldReportDigestsAsync(run.Json, Path.Combine(target, "video-1.mp4"), Path.Combine(target, "audio-1.mp4"));
    }

    [Fact]
    public async Task Standard_output_gets_the_media_and_standard_error_the_report()
    {
        CommandRun run = (await CommandRun.OfAsync("play", Sample.Manifest, "--license-url", sandbox.ClearKey(), "--to", "-")).ShouldEndWith(ExitCode.Done);
        await using MemoryStream media = new(run.Media);
        await Sample.ShouldHoldAsync(media, "video-360", "audio");
        run.Out.Should().BeEmpty();
        run.Error.Should().Contain(Convert.ToHexStringLower(SHA256.HashData(run.Media)));
    }

    [Fact]
    public async Task The_summary_names_tracks_keys_system_provider_round_trip_bytes_rate_and_digest()
    {
        string target = _folder.File("out.mp4");
        CommandRun run = (await CommandRun.OfAsync("play", Sample.Manifest, "--license-url", sandbox.ClearKey(), "--to", target)).ShouldEndWith(ExitCode.Done);
        string digest = Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(target, TestContext.Current.CancellationToken)));
        run.Error.Should().BeEmpty("nobody watches, so there is no progress");
        run.Out.Should().Contain("video 640x360").And.Contain("audio").And.Contain(Sample.Kid("HD")).And.Contain(Sample.Kid("AUDIO")).And.Contain("usable")
            .And.Contain("clearkey").And.Contain("direct").And.MatchRegex(@"round trip \d+\.\d ms").And.Contain("MB/s").And.Contain($"SHA-256     {digest}")
            .And.Contain("not video 1", "what was not chosen is listed")
            .And.NotContain("\u001b", "nobody watches");
    }

    [Fact]
    public async Task An_Mp4_file_plays_too()
    {
        string target = _folder.File("out.mp4");
        await PlayAsync(Sample.File("cbcs/video-180.mp4"), target);
        await Sample.ShouldHoldAsync(target, "video-180");
    }

    [Fact]
    public async Task Clear_content_needs_no_licence()
    {
        string clear = _folder.File("clear.mp4"), target = _folder.File("out.mp4");
        (await CommandRun.OfAsync("decrypt", Sample.File("cbcs/audio.mp4"), "--key", Sample.Held("AUDIO"), "--to", clear)).ShouldEndWith(ExitCode.Done);
        CommandRun run = (await CommandRun.OfAsync("play", clear, "--to", target)).ShouldEndWith(ExitCode.Done);
        run.Out.Should().Contain("Nothing is protected");
        await Sample.ShouldHoldAsync(target, "audio");
    }

    [Theory]
    [InlineData("cenc/manifest.mpd")]
    [InlineData("cbcs/manifest.mpd")]
    public async Task Every_output_decodes_without_a_complaint(string manifest)
    {
        if (!Ffmpeg.Exists) Assert.Skip(Ffmpeg.Absent);
        await PlayAsync(Sample.File(manifest), _folder.File("out.mp4"));
        await PlayAsync(Sample.File(manifest), _folder.File("tracks"));
        foreach (string file in (string[])["out.mp4", "tracks/video-1.mp4", "tracks/audio-1.mp4"])
            (await Ffmpeg.ComplaintsAsync(_folder.File(file), TestContext.Current.CancellationToken)).Should().BeEmpty(file);
    }

    [Fact]
    public async Task Without_a_target_the_source_names_the_file()
    {
        // The working directory is the process's: what is asked of it is only that it holds no such file afterwards.
        string expected = Path.GetFullPath("odd name.clear.mp4".Replace(" ", "", StringComparison.Ordinal));
        string source = _folder.File("odd name.mp4");
        File.Copy(Sample.File("cbcs/audio.mp4"), source);
        try
        {
            CommandRun run = (await CommandRun.OfAsync("play", source, "--license-url", sandbox.ClearKey(), "--json")).ShouldEndWith(ExitCode.Done);
            run.Json.GetProperty("outputs")[0].GetProperty("path").GetString().Should().Be(expected);
            await Sample.ShouldHoldAsync(expected, "audio");
        }
        finally
        {
            File.Delete(expected);
        }
    }

    private async Task<CommandRun> PlayAsync(string source, string target) =>
        (await CommandRun.OfAsync("play", source, "--license-url", sandbox.ClearKey(), "--to", target, "--json")).ShouldEndWith(ExitCode.Done);

    private static async Task ShouldReportDigestsAsync(JsonElement report, params string[] files)
    {
        JsonElement outputs = report.GetProperty("outputs");
        outputs.GetArrayLength().Should().Be(files.Length);
        for (int i = 0; i < files.Length; i++)
        {
            byte[] bytes = await File.ReadAllBytesAsync(files[i], TestContext.Current.CancellationToken);
            outputs[i].GetProperty("path").GetString().Should().Be(files[i]);
            outputs[i].GetProperty("bytes").GetInt64().Should().Be(bytes.Length);
            outputs[i].GetProperty("sha256").GetString().Should().Be(Convert.ToHexStringLower(SHA256.HashData(bytes)));
        }
    }
}
