using System.Text.Json;
using Keyway.Cli.Run;

namespace Keyway.Cli;

public sealed class InspectTests
{
    [Fact]
    public async Task A_manifest_is_shown_with_tracks_headers_of_every_source_and_the_choice_of_key_system()
    {
        CommandRun run = (await CommandRun.OfAsync("inspect", Sample.Manifest)).ShouldEndWith(ExitCode.Done);
        run.Out.Should().Contain("DASH").And.Contain("640x360").And.Contain("320x180").And.Contain("181560").And.Contain("cenc")
            .And.Contain(Sample.Kid("HD")).And.Contain(Sample.Kid("SD")).And.Contain(Sample.Kid("AUDIO"))
            .And.Contain("widevine  edef8ba9-79d6-4ace-a3c8-27dcd51d21ed, 60 bytes").And.Contain("protection_scheme cenc").And.Contain("playready  9a04f079-9840-4286-ab92-e65be0885f95, 518 bytes").And.Contain("4.0.0.0")
            .And.Contain("/MPD/Period[0]/AdaptationSet[0]/ContentProtection[2]/pro[0]").And.Contain("video-360/init.mp4:moov/pssh[0]")
            .And.Contain("Key system: clearkey").And.Contain("not widevine: ").And.Contain("not playready: ")
            .And.NotContain("conflict");
    }

    [Fact]
    public async Task Its_json_holds_the_bytes_of_every_header()
    {
        JsonElement json = (await CommandRun.OfAsync("inspect", Sample.Manifest, "--json")).ShouldEndWith(ExitCode.Done).Json;
        json.GetProperty("kind").GetString().Should().Be("dash");
        json.GetProperty("durationSeconds").GetDouble().Should().Be(20);
        json.GetProperty("tracks").GetArrayLength().Should().Be(3);
        json.GetProperty("keys").GetArrayLength().Should().Be(3);
        JsonElement widevine = json.GetProperty("headers").EnumerateArray().Single(static header => header.GetProperty("system").GetString() == "widevine");
        widevine.GetProperty("data").GetString().Should().Be("EhDF0xxg3uAUpvhJyPKRJiNDEhDSrKGTGbjKL6AxW3hCiT46EhDkwGkj5hsJmtc0aUW5CKOvSOPclZsG", "that is what the packager wrote");
        widevine.GetProperty("sources").GetArrayLength().Should().Be(6, "three adaptation sets and three initialisation segments have it");
        JsonElement common = json.GetProperty("headers").EnumerateArray().Single(static header => header.GetProperty("system").GetString() == "common");
        common.GetProperty("decoded").GetProperty("facts").GetArrayLength().Should().BePositive();
        json.GetProperty("keySystem").GetProperty("chosen").GetString().Should().Be("clearkey");
        json.GetProperty("keySystem").GetProperty("others").EnumerateArray().Select(static other => other.GetProperty("name").GetString()).Should().BeEquivalentTo("playready", "widevine");
    }

    [Theory]
    [InlineData("cenc/video-360/init.mp4", "fragmented-mp4", "cenc", 0, 0)]
    [InlineData("cbcs/video-360.mp4", "fragmented-mp4", "cbcs", 1, 9)]
    public async Task A_file_and_an_initialisation_segment_are_shown_down_to_their_pattern(string file, string kind, string scheme, int crypt, int skip)
    {
        JsonElement json = (await CommandRun.OfAsync("inspect", Sample.File(file), "--json")).ShouldEndWith(ExitCode.Done).Json;
        json.GetProperty("kind").GetString().Should().Be(kind);
        JsonElement track = json.GetProperty("tracks")[0];
        track.GetProperty("scheme").GetString().Should().Be(scheme);
        JsonElement entry = track.GetProperty("sampleEntries")[0];
        entry.GetProperty("format").GetString().Should().Be("encv");
        entry.GetProperty("originalFormat").GetString().Should().Be("avc1");
        entry.GetProperty("kid").GetString().Should().Be(Sample.Kid("HD"));
        entry.GetProperty("cryptBlocks").GetInt32().Should().Be(crypt);
        entry.GetProperty("skipBlocks").GetInt32().Should().Be(skip);
    }

    /// <summary>A clear initialisation segment, then the protected one and a segment: what the first says is not all.</summary>
    [Fact]
    public async Task A_file_that_becomes_protected_later_is_not_called_clear()
    {
        using TemporaryFolder folder = new();
        string init = Sample.File("cenc/video-360/init.mp4"), clear = folder.File("clear.mp4"), file = folder.File("both.mp4");
        (await CommandRun.OfAsync("decrypt", init, "--key", Sample.Held("HD"), "--to", clear)).ShouldEndWith(ExitCode.Done);
        string segment = Directory.GetFiles(Path.GetDirectoryName(init)!, "*.m4s").Order(StringComparer.Ordinal).First();
        await File.WriteAllBytesAsync(
            file,
            [.. await File.ReadAllBytesAsync(clear, TestContext.Current.CancellationToken), .. await File.ReadAllBytesAsync(init, TestContext.Current.CancellationToken), .. await File.ReadAllBytesAsync(segment, TestContext.Current.CancellationToken), .. "\r\n"u8],
            TestContext.Current.CancellationToken);
        CommandRun run = (await CommandRun.OfAsync("inspect", file)).ShouldEndWith(ExitCode.Done);
        run.Out.Should().Contain("cenc").And.Contain(Sample.Kid("HD")).And.NotContain("clear ").And.Contain("2 bytes that are no box");
        JsonElement json = (await CommandRun.OfAsync("inspect", file, "--json")).ShouldEndWith(ExitCode.Done).Json;
        JsonElement track = json.GetProperty("tracks")[0];
        track.GetProperty("protected").GetBoolean().Should().BeTrue();
        track.GetProperty("kids")[0].GetString().Should().Be(Sample.Kid("HD"));
        track.GetProperty("protectedSamples").GetInt64().Should().BePositive();
        json.GetProperty("headers").GetArrayLength().Should().BePositive("the later moov has them");
    }

    [Fact]
    public async Task A_manifest_and_a_file_that_name_different_keys_conflict()
    {
        using TemporaryFolder folder = new();
        string manifest = Path.Combine(folder.Copy("cenc"), "manifest.mpd");
        string text = await File.ReadAllTextAsync(manifest, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(
            manifest,
            text.Replace("cenc:default_KID=\"d2aca193-19b8-ca2f-a031-5b7842893e3a\"", "cenc:default_KID=\"d2aca193-19b8-ca2f-a031-5b7842893e3b\"", StringComparison.Ordinal),
            TestContext.Current.CancellationToken);
        CommandRun run = (await CommandRun.OfAsync("inspect", manifest)).ShouldEndWith(ExitCode.Done);
        run.Out.Should().Contain("conflict").And.Contain("d2aca19319b8ca2fa0315b7842893e3b").And.Contain(Sample.Kid("HD"));
    }

    [Fact]
    public async Task The_key_system_that_is_asked_for_is_chosen_by_any_of_its_names_and_a_slip_of_the_pen_is_said()
    {
        foreach (string name in (string[])["clearkey", "ClearKey", "org.w3.clearkey"])
        {
            JsonElement system = (await CommandRun.OfAsync("inspect", Sample.Manifest, "--key-system", name, "--json")).ShouldEndWith(ExitCode.Done).Json.GetProperty("keySystem");
            system.GetProperty("chosen").GetString().Should().Be("clearkey");
        }

        foreach (string command in (string[])["inspect", "license", "play"])
            (await CommandRun.OfAsync(command, Sample.Manifest, "--key-system", "nobody", "--json")).ShouldFailInJson(ExitCode.Usage, "usage").Out.Should().Contain("clearkey");
    }

    [Theory]
    [InlineData(4, "KZ", "0x8004C054")]
    [InlineData(6, "scalable", "0x8004C054")]
    [InlineData(2, "chained", "0x8004C054")]
    public async Task A_licence_of_a_form_that_is_not_public_is_shown_with_the_code_of_its_refusal(int cipher, string name, string code)
    {
        using TemporaryFolder folder = new();
        string file = folder.Write("license.bin", PlayReadyLicense.Make(cipher)), text = folder.Write("license.txt", Convert.ToBase64String(PlayReadyLicense.Make(cipher)) + "\n");
        JsonElement json = (await CommandRun.OfAsync("inspect", file, "--json")).ShouldEndWith(ExitCode.Done).Json;
        json.GetProperty("keySystem").GetString().Should().Be("playready");
        JsonElement license = json.GetProperty("licenses")[0];
        license.GetProperty("kids")[0].GetString().Should().Be("00112233445566778899aabbccddeeff");
        license.GetProperty("refusal").GetProperty("providerCode").GetString().Should().Be(code);
        license.GetProperty("refusal").GetProperty("message").GetString().Should().Contain(name);
        (await CommandRun.OfAsync("inspect", text, "--key-system", "playready")).ShouldEndWith(ExitCode.Done)
            .ShouldNotShow(PlayReadyLicense.Wrapped).Out.Should().Contain(name).And.Contain(code).And.Contain($"CipherType: {cipher} ");
    }

    [Fact]
    public async Task A_licence_is_no_content_for_another_key_system()
    {
        using TemporaryFolder folder = new();
        (await CommandRun.OfAsync("inspect", folder.Write("license.bin", PlayReadyLicense.Make(3)), "--key-system", "clearkey")).ShouldEndWith(ExitCode.BadMedia);
    }
}
