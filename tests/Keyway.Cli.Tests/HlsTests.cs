using System.Text.Json;
using Keyway.Cli.Run;

namespace Keyway.Cli;

/// <summary>The bundled sample's twin in HLS, which other packagers made: from files, and from the sandbox, which is its key server.</summary>
public sealed class HlsTests(SharedSandbox sandbox) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Target => _folder.File("out.mp4");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("hls/master.m3u8", "video-360", false)]
    [InlineData("hls/master.m3u8", "video-360", true)]
    [InlineData("hls/sample-aes/master.m3u8", "video-180", false)]
    [InlineData("hls/sample-aes/master.m3u8", "video-180", true)]
    [InlineData("hls/aes-128/master.m3u8", "video-180", false)]
    [InlineData("hls/aes-128/master.m3u8", "video-180", true)]
    public async Task It_plays_with_its_key_files(string playlist, string video, bool isServed)
    {
        CommandRun run = (await CommandRun.OfAsync("play", isServed ? $"{sandbox.Url}vod/{playlist}" : Sample.File(playlist), "--to", Target, "--json")).ShouldEndWith(ExitCode.Done).ShouldNotShow([.. Sample.KeyTexts]);
        await Sample.ShouldHoldAsync(Target, video, "audio");
        run.Json.GetProperty("kind").GetString().Should().Be("hls");
        run.Json.GetProperty("keySystem").GetString().Should().Be("identity");
        run.Json.GetProperty("keys").EnumerateArray().Should().NotBeEmpty().And.OnlyContain(static key => key.GetProperty("keyFile").GetString()!.EndsWith(".key", StringComparison.Ordinal));
        // Where content has identifiers, they are shown; where it has none, none is made up.
        foreach (JsonElement key in run.Json.GetProperty("keys").EnumerateArray())
            (key.GetProperty("kid").ValueKind == JsonValueKind.String).Should().Be(playlist == "hls/master.m3u8");
        _folder.Entries.Should().Equal("out.mp4");
    }

    [Theory]
    [InlineData("hls/video-360.m3u8", "video-360")]
    [InlineData("hls/audio.m3u8", "audio")]
    [InlineData("hls/sample-aes/video-180.m3u8", "video-180")]
    [InlineData("hls/sample-aes/audio.m3u8", "audio")]
    [InlineData("hls/aes-128/media.m3u8", "video-180", "audio")]
    public async Task A_media_playlist_alone_plays_as_what_its_segments_have(string playlist, params string[] tracks)
    {
        (await CommandRun.OfAsync("play", Sample.File(playlist), "--to", Target)).ShouldEndWith(ExitCode.Done);
        await Sample.ShouldHoldAsync(Target, tracks);
    }

    [Theory]
    [InlineData("hls/aes-128/master.m3u8", "out.ts", "video-180", "audio")]
    [InlineData("hls/sample-aes/video-180.m3u8", "out.ts", "video-180")]
    [InlineData("hls/sample-aes/audio.m3u8", "out.aac", "audio")]
    public async Task What_is_named_as_segments_are_is_written_as_they_are(string playlist, string name, params string[] tracks)
    {
        CommandRun run = (await CommandRun.OfAsync("play", Sample.File(playlist), "--to", _folder.File(name), "--json")).ShouldEndWith(ExitCode.Done);
        run.Json.GetProperty("outputs")[0].GetProperty("segments").GetInt32().Should().Be(5);
        (await File.ReadAllBytesAsync(_folder.File(name), TestContext.Current.CancellationToken))[0].Should().Be(name == "out.ts" ? (byte)0x47 : (byte)'I');
        // What was written is read as a playlist of one segment, and has every sample.
        string list = _folder.Write("clear.m3u8", $"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:20\n#EXTINF:20,\n{name}\n#EXT-X-ENDLIST\n");
        (await CommandRun.OfAsync("play", list, "--to", Target)).ShouldEndWith(ExitCode.Done);
        await Sample.ShouldHoldAsync(Target, tracks);
    }

    [Theory]
    [InlineData("hls/sample-aes/master.m3u8", "out.ts", "audio/aac")]
    [InlineData("hls/master.m3u8", "out.ts", ".mp4")]
    [InlineData("hls/aes-128/master.m3u8", "out.aac", "video/mp2t")]
    public async Task What_its_segments_are_not_is_refused(string playlist, string name, string text)
    {
        (await CommandRun.OfAsync("play", Sample.File(playlist), "--to", _folder.File(name))).ShouldEndWith(ExitCode.Usage).Error.Should().Contain($"--to {name}").And.Contain(text);
        _folder.Entries.Should().BeEmpty();
    }

    [Fact]
    public async Task Widevine_and_PlayReady_open_it_by_the_headers_of_its_playlists()
    {
        WidevineDevice widevine = await WidevineDevice.MakeAsync(sandbox.Url, _folder, development: true);
        CommandRun run = (await CommandRun.OfAsync("play", $"{sandbox.Url}vod/hls/master.m3u8", "--key-system", "widevine", "--license-url", $"{sandbox.Url}widevine", "--config", widevine.Settings, "--to", Target, "--json"))
            .ShouldEndWith(ExitCode.Done).ShouldNotShow([.. widevine.Secrets]);
        await Sample.ShouldHoldAsync(Target, "video-360", "audio");
        run.Json.GetProperty("keySystem").GetString().Should().Be("widevine");

        PlayReadyDevice playReady = await PlayReadyDevice.MakeAsync(sandbox.Url, _folder, development: true);
        run = (await CommandRun.OfAsync("play", $"{sandbox.Url}vod/hls/master.m3u8", "--key-system", "playready", "--license-url", $"{sandbox.Url}playready/rightsmanager.asmx", "--config", playReady.Settings, "--to", Target, "--force", "--json"))
            .ShouldEndWith(ExitCode.Done).ShouldNotShow([.. playReady.Secrets]);
        await Sample.ShouldHoldAsync(Target, "video-360", "audio");
        run.Json.GetProperty("keySystem").GetString().Should().Be("playready");
    }

    [Fact]
    public async Task Inspect_shows_how_it_is_protected_and_asks_for_nothing()
    {
        JsonElement json = (await CommandRun.OfAsync("inspect", Sample.File("hls/aes-128/master.m3u8"), "--json")).ShouldEndWith(ExitCode.Done).Json;
        json.GetProperty("protected").GetBoolean().Should().BeTrue();
        json.GetProperty("tracks").EnumerateArray().Should().HaveCount(2).And.OnlyContain(static track =>
            track.GetProperty("segmentEncryption").GetString() == "AES-128" && track.GetProperty("keyFiles")[0].GetString()!.EndsWith("SD.key", StringComparison.Ordinal) && track.GetProperty("kids").GetArrayLength() == 0);
        json = (await CommandRun.OfAsync("inspect", Sample.File("hls/sample-aes/master.m3u8"), "--segments", "--json")).ShouldEndWith(ExitCode.Done).Json;
        json.GetProperty("tracks").EnumerateArray().Should().HaveCount(2).And.OnlyContain(static track => track.GetProperty("scheme").GetString() == "cbcs" && track.GetProperty("sampleEncryption").GetString() == "SAMPLE-AES" && track.GetProperty("kids").GetArrayLength() == 0);
        json = (await CommandRun.OfAsync("inspect", Sample.File("hls/aes-128/master.m3u8"), "--segments", "--json")).ShouldEndWith(ExitCode.Done).Json;
        JsonElement whole = json.GetProperty("tracks")[0];
        whole.EnumerateObject().Select(static member => member.Name).Should().OnlyHaveUniqueItems();
        whole.GetProperty("segments").GetArrayLength().Should().Be(5);
        json.GetProperty("keySystem").GetProperty("reason").GetString().Should().Contain("their keys are files");
        string text = (await CommandRun.OfAsync("inspect", Sample.File("hls/master.m3u8"))).ShouldEndWith(ExitCode.Done).Out;
        text.Should().Contain("HLS").And.Contain("EXT-X-KEY").And.Contain(Sample.Kid("HD")).And.Contain("for trick mode only");
    }

    [Fact]
    public async Task A_range_and_a_smaller_picture_are_chosen_as_of_any_content()
    {
        CommandRun run = (await CommandRun.OfAsync("play", Sample.File("hls/master.m3u8"), "--video", "180p", "--from", "00:00:05", "--until", "00:00:07", "--to", Target, "--json")).ShouldEndWith(ExitCode.Done);
        run.Json.GetProperty("tracks")[0].GetProperty("height").GetInt32().Should().Be(180);
        run.Json.GetProperty("tracks")[0].GetProperty("samples").GetInt32().Should().BeInRange(50, 110);
    }

    [Fact]
    public async Task A_key_file_of_another_length_ends_with_3_and_leaves_nothing()
    {
        string film = Directory.CreateDirectory(_folder.File("film")).FullName;
        foreach (string file in Directory.GetFiles(Sample.File("hls/aes-128"))) File.Copy(file, Path.Combine(film, Path.GetFileName(file)));
        await File.WriteAllTextAsync(Path.Combine(film, "SD.key"), Sample.Key("SD"), TestContext.Current.CancellationToken);
        CommandRun run = (await CommandRun.OfAsync("play", Path.Combine(film, "master.m3u8"), "--to", Target)).ShouldEndWith(ExitCode.NoLicense).ShouldNotShow([.. Sample.KeyTexts]);
        run.Error.Should().Contain("SD.key").And.Contain("hexadecimal");
        File.Exists(Target).Should().BeFalse();
    }

    [Fact]
    public async Task Tables_in_the_initialisation_segment_come_before_the_packets_of_a_target_that_is_a_transport_stream()
    {
        string film = Directory.CreateDirectory(_folder.File("film")).FullName, target = _folder.File("out.ts");
        foreach (string file in Directory.GetFiles(Sample.File("hls/sample-aes"))) File.Copy(file, Path.Combine(film, Path.GetFileName(file)));
        (await CommandRun.OfAsync("play", Path.Combine(film, "video-180.m3u8"), "--to", target)).ShouldEndWith(ExitCode.Done);
        byte[] expected = await File.ReadAllBytesAsync(target, TestContext.Current.CancellationToken);
        for (int i = 1; i <= 5; i++)
        {
            string file = Path.Combine(film, $"video-180-{i}.ts");
            byte[] bytes = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
            if (i == 1) await File.WriteAllBytesAsync(Path.Combine(film, "tables.ts"), bytes[..(2 * 188)], TestContext.Current.CancellationToken);
            await File.WriteAllBytesAsync(file, bytes[(2 * 188)..], TestContext.Current.CancellationToken);
        }

        string list = await File.ReadAllTextAsync(Path.Combine(film, "video-180.m3u8"), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(film, "video-180.m3u8"), list.Replace("#EXTINF:4.000,\nvideo-180-1.ts", "#EXT-X-MAP:URI=\"tables.ts\"\n#EXTINF:4.000,\nvideo-180-1.ts", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        File.Delete(target);
        (await CommandRun.OfAsync("play", Path.Combine(film, "video-180.m3u8"), "--to", target)).ShouldEndWith(ExitCode.Done);
        byte[] found = await File.ReadAllBytesAsync(target, TestContext.Current.CancellationToken);
        found[..(2 * 188)].Should().Equal(expected[..(2 * 188)]);
        found.Should().HaveCount(expected.Length - (4 * 2 * 188));
        Slices(found).Should().Be(Slices(expected));

        // Packets of the video alone, by their PID.
        static string Slices(byte[] stream) => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData([.. Enumerable.Range(0, stream.Length / 188).Where(i => ((stream[(i * 188) + 1] & 0x1F) << 8 | stream[(i * 188) + 2]) == 0x50).SelectMany(i => stream[(i * 188)..((i + 1) * 188)])]));
    }

    [Theory]
    [InlineData("SD.key=")]
    [InlineData("file")]
    public async Task A_key_that_is_held_is_named_by_the_address_that_the_playlist_names(string form)
    {
        string film = Directory.CreateDirectory(_folder.File("film")).FullName;
        foreach (string file in Directory.GetFiles(Sample.File("hls/aes-128"))) File.Copy(file, Path.Combine(film, Path.GetFileName(file)));
        File.Delete(Path.Combine(film, "SD.key"));
        string absolute = new Uri(Path.Combine(film, "SD.key")).AbsoluteUri;
        string[] keys = form == "file" ? ["--key-file", _folder.Write("keys", $"# held\n{absolute}={Sample.Key("SD")}\n")] : ["--key", form + Sample.Key("SD"), "--key", $"other.key={Sample.Key("HD")}"];
        CommandRun run = (await CommandRun.OfAsync(["play", Path.Combine(film, "master.m3u8"), "--to", Target, "--json", .. keys])).ShouldEndWith(ExitCode.Done).ShouldNotShow([.. Sample.KeyTexts]);
        run.Json.GetProperty("tracks")[0].GetProperty("samples").GetInt32().Should().Be(500);
        string[] notes = [.. run.Json.GetProperty("notes").EnumerateArray().Select(static note => note.GetString()!)];
        if (form != "file") notes.Should().ContainSingle().Which.Should().Contain("nothing asked for the key at").And.Contain("other.key");
        (await CommandRun.OfAsync(["license", Path.Combine(film, "master.m3u8"), .. keys])).ShouldEndWith(ExitCode.Done).ShouldNotShow([.. Sample.KeyTexts]);
    }

    [Theory]
    [InlineData("SD.key=00112233445566778899aabbccddee")]
    [InlineData("1:00112233445566778899aabbccddeeff")]
    [InlineData("00112233445566778899aabbccddeeff")]
    [InlineData("00112233445566778899aabbccddeeff:00112233445566778899aabbccddee")]
    public async Task What_is_no_key_of_a_presentation_is_not_repeated(string text) =>
        (await CommandRun.OfAsync("play", Sample.File("hls/aes-128/master.m3u8"), "--to", Target, "--key", text)).ShouldEndWith(ExitCode.Usage).Error.Should().Contain("--key").And.NotContain("00112233");

    [Fact]
    public async Task A_key_file_with_another_key_ends_with_6_and_leaves_nothing()
    {
        string film = Directory.CreateDirectory(_folder.File("film")).FullName;
        foreach (string file in Directory.GetFiles(Sample.File("hls/aes-128"))) File.Copy(file, Path.Combine(film, Path.GetFileName(file)));
        // One of 256 keys makes padding that fits: this one makes none, and the second does for the first segment.
        foreach (string key in (string[])["00112233445566778899aabbccddeeff", KeyWithPadding(Path.Combine(film, "0.ts"))])
        {
            await File.WriteAllBytesAsync(Path.Combine(film, "SD.key"), Convert.FromHexString(key), TestContext.Current.CancellationToken);
            (await CommandRun.OfAsync("play", Path.Combine(film, "master.m3u8"), "--to", Target, "--json")).ShouldFailInJson(ExitCode.NoUsableKey, "key").Out.Should().Contain("the key is not the one").And.Contain("0.ts");
        }

        File.Exists(Target).Should().BeFalse();
    }

    /// <summary>A wrong key under which a segment ends with bytes that may be padding.</summary>
    private static string KeyWithPadding(string file)
    {
        byte[] end = File.ReadAllBytes(file)[^32..];
        using System.Security.Cryptography.Aes aes = System.Security.Cryptography.Aes.Create();
        for (int i = 0; ; i++)
        {
            byte[] key = System.Security.Cryptography.SHA256.HashData(BitConverter.GetBytes(i))[..16];
            aes.Key = key;
            if (aes.DecryptCbc(end[16..], end[..16], System.Security.Cryptography.PaddingMode.None)[^1] == 1) return Convert.ToHexString(key);
        }
    }

    [Fact]
    public async Task A_key_file_that_is_not_there_ends_with_6()
    {
        string film = Directory.CreateDirectory(_folder.File("film")).FullName;
        foreach (string file in Directory.GetFiles(Sample.File("hls/sample-aes"))) File.Copy(file, Path.Combine(film, Path.GetFileName(file)));
        File.Delete(Path.Combine(film, "SD.key"));
        CommandRun run = (await CommandRun.OfAsync("play", Path.Combine(film, "master.m3u8"), "--to", Target)).ShouldEndWith(ExitCode.NoUsableKey);
        run.Error.Should().Contain("SD.key");
        File.Exists(Target).Should().BeFalse();
    }
}
