using System.Text.Json;
using System.Text.RegularExpressions;
using Keyway.Cli.Run;

namespace Keyway.Cli;

/// <summary>Every exit code by a real cause; what fails leaves nothing behind, and says the same under <c>--json</c>.</summary>
public sealed class FailureTests(SharedSandbox sandbox) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("status:403", "unknown")]
    [InlineData("status:401", "token-invalid")]
    [InlineData("status:500,once", null)]
    [InlineData("body:{}", "license-malformed")]
    [InlineData("content-type:text/html,body:<html>", "license-malformed")]
    public async Task Without_a_licence_it_ends_with_3(string fault, string? kind)
    {
        // A fault that is over after one request is none: the second try gets the licence.
        int expected = kind is null ? ExitCode.Done : ExitCode.NoLicense;
        CommandRun run = (await PlayAsync(Sample.Manifest, sandbox.ClearKey(fault), _folder.File("out.mp4"))).ShouldEndWith(expected);
        if (kind is null) return;
        run.ShouldFailInJson(ExitCode.NoLicense, kind);
        _folder.Entries.Should().BeEmpty();
    }

    [Fact]
    public async Task A_licence_service_that_is_not_there_ends_with_3()
    {
        (await PlayAsync(Sample.Manifest, LoopbackServer.Nowhere() + "clearkey", _folder.File("tracks"))).ShouldFailInJson(ExitCode.NoLicense, "network");
        _folder.Entries.Should().BeEmpty();
    }

    [Fact]
    public async Task A_service_that_is_silent_ends_with_3_and_is_named_however_short_the_wait_for_keys_is()
    {
        using ManualResetEventSlim over = new();
        using LoopbackServer service = LoopbackServer.Answering(_ => over.Wait(TimeSpan.FromSeconds(60)));
        CommandRun run = await CommandRun.OfAsync(
            "play", Sample.Manifest, "--license-url", service.Url.AbsoluteUri, "--to", _folder.File("out.mp4"), "--set", "Keyway:Licenses:KeyWaitSeconds=1", "--json");
        over.Set();
        // What is left of the second when the request goes out, which on a busy machine is not all of it.
        run.ShouldFailInJson(ExitCode.NoLicense, "network").Out.Should().MatchRegex($@"no answer of {Regex.Escape(service.Url.GetLeftPart(UriPartial.Authority))} within (1|0\.[1-9]) s");
        _folder.Entries.Should().BeEmpty();
    }

    [Fact]
    public async Task A_licence_url_that_nobody_names_is_no_answer_of_a_service() =>
        (await CommandRun.OfAsync("play", Sample.Manifest, "--to", _folder.File("out.mp4"), "--json")).ShouldFailInJson(ExitCode.NoLicense, "license-url-missing");

    [Theory]
    [InlineData("play")]
    [InlineData("inspect")]
    [InlineData("license")]
    [InlineData("decrypt")]
    public async Task No_message_shows_the_user_name_and_password_of_a_url(string command)
    {
        string[] more = command switch
        {
            "play" => ["--to", _folder.File("out.mp4")],
            "decrypt" => ["--key", Sample.Held("SD"), "--to", _folder.File("out.mp4")],
            _ => [],
        };
        string[] urls =
        [
            $"http://alice:hunter2@{LoopbackServer.Nowhere().Authority}/movie.mpd", "http://alice:hunter2@[broken/movie.mpd", "http://alice:hun/ter2@host/movie.mpd", "ftp://alice:hunter2@host.example/movie.mpd",
            "rtsp://alice:hunter2@host.example/movie.mpd?x=hunter2", "HTTPS://alice:hunter2@",
        ];
        foreach (string url in urls)
        {
            CommandRun run = (await CommandRun.OfAsync([command, url, .. more])).ShouldNotShow("hunter2", "ter2@", "alice");
            run.Code.Should().NotBe(ExitCode.Done);
            (await CommandRun.OfAsync([command, url, .. more, "--json"])).ShouldEndWith(run.Code).ShouldNotShow("hunter2", "ter2@", "alice");
        }
    }

    [Theory]
    [InlineData("play")]
    [InlineData("inspect")]
    [InlineData("decrypt")]
    public async Task Another_scheme_than_http_is_told_as_one_and_not_as_a_file_that_is_missing(string command)
    {
        string[] more = command == "decrypt" ? ["--key", Sample.Held("SD"), "--to", _folder.File("out.mp4")] : [];
        (await CommandRun.OfAsync([command, "ftp://host.example/movie.mpd", "--json", .. more])).ShouldFailInJson(ExitCode.Unreachable, "source")
            .Out.Should().Contain("only http, https and files are read").And.NotContain("no such file");
    }

    [Fact]
    public async Task A_key_that_the_service_does_not_know_ends_with_3_and_is_named()
    {
        string unknown = "deadbeefdeadbeefdeadbeefdeadbeef";
        string file = await WithKidAsync(unknown);
        CommandRun run = (await PlayAsync(file, sandbox.ClearKey(), _folder.File("out.mp4"))).ShouldEndWith(ExitCode.NoLicense);
        run.Out.Should().Contain("404");
        _folder.Entries.Should().Equal("odd.mp4");
    }

    [Fact]
    public async Task Content_that_no_configured_key_system_opens_ends_with_3()
    {
        // Without ClearKey there are only key systems that want a device.
        CommandRun run = await CommandRun.OfAsync("play", Sample.Manifest, "--set", "Keyway:Plugins:Allow:clearkey:Disabled=true", "--to", _folder.File("out.mp4"), "--json");
        run.ShouldFailInJson(ExitCode.NoLicense, "key-system").Out.Should().Contain("widevine").And.Contain("clearkey");
        _folder.Entries.Should().BeEmpty();
    }

    [Fact]
    public async Task Media_that_is_cut_ends_with_4_and_the_message_names_file_box_and_offset()
    {
        byte[] whole = await File.ReadAllBytesAsync(Sample.File("cbcs/video-180.mp4"), TestContext.Current.CancellationToken);
        string file = _folder.File("cut.mp4");
        await File.WriteAllBytesAsync(file, whole[..(whole.Length / 2)], TestContext.Current.CancellationToken);
        CommandRun run = (await PlayAsync(file, sandbox.ClearKey(), _folder.File("out.mp4"))).ShouldFailInJson(ExitCode.BadMedia, "media");
        run.Out.Should().Contain("cut.mp4").And.MatchRegex("(moof|mdat|sidx)").And.MatchRegex("[0-9]{3,}");
        (await CommandRun.OfAsync("decrypt", file, "--key", Sample.Held("SD"), "--to", _folder.File("out.mp4"))).ShouldEndWith(ExitCode.BadMedia);
        _folder.Entries.Should().Equal("cut.mp4");
    }

    [Theory]
    [InlineData("<MPD", "manifest")]
    [InlineData("<!DOCTYPE x [<!ENTITY a 'b'>]><MPD/>", "manifest")]
    public async Task A_manifest_that_cannot_be_read_ends_with_4(string text, string kind)
    {
        string file = _folder.Write("bad.mpd", text);
        (await PlayAsync(file, sandbox.ClearKey(), _folder.File("out.mp4"))).ShouldFailInJson(ExitCode.BadMedia, kind);
        (await CommandRun.OfAsync("inspect", file, "--json")).ShouldFailInJson(ExitCode.BadMedia, kind);
        _folder.Entries.Should().Equal("bad.mpd");
    }

    [Fact]
    public async Task A_source_that_is_not_there_ends_with_5()
    {
        string missing = _folder.File("missing.mpd"), nowhere = LoopbackServer.Nowhere() + "film.mpd?token=s3cret";
        (await PlayAsync(missing, sandbox.ClearKey(), _folder.File("out.mp4"))).ShouldFailInJson(ExitCode.Unreachable, "source");
        (await PlayAsync(nowhere, sandbox.ClearKey(), _folder.File("out.mp4"))).ShouldFailInJson(ExitCode.Unreachable, "source").ShouldNotShow("s3cret");
        (await CommandRun.OfAsync("inspect", missing, "--json")).ShouldFailInJson(ExitCode.Unreachable, "source");
        (await CommandRun.OfAsync("license", missing, "--json")).ShouldFailInJson(ExitCode.Unreachable, "source");
        (await CommandRun.OfAsync("decrypt", missing, "--key", Sample.Held("SD"), "--to", _folder.File("out.mp4"), "--json")).ShouldFailInJson(ExitCode.Unreachable, "source");
        _folder.Entries.Should().BeEmpty();
    }

    [Fact]
    public async Task A_segment_that_is_not_there_is_a_gap_and_where_gaps_are_refused_ends_with_5_and_nothing_is_left()
    {
        string sample = _folder.Copy("cenc");
        File.Delete(Path.Combine(sample, "video-360", "4.m4s"));
        string manifest = Path.Combine(sample, "manifest.mpd");
        CommandRun run = (await CommandRun.OfAsync("play", manifest, "--license-url", sandbox.ClearKey(), "--to", _folder.File("a/b/tracks"), "--gaps", "refuse", "--json")).ShouldFailInJson(ExitCode.Unreachable, "source");
        run.Out.Should().Contain("4.m4s");
        _folder.Entries.Where(static entry => !entry.StartsWith("cenc", StringComparison.Ordinal)).Should().BeEmpty();

        JsonElement gap = (await PlayAsync(manifest, sandbox.ClearKey(), _folder.File("out.mp4"))).ShouldEndWith(ExitCode.Done).Json.GetProperty("gaps").EnumerateArray().Should().ContainSingle().Subject;
        (gap.GetProperty("track").GetInt32(), gap.GetProperty("segments").GetInt32()).Should().Be((0, 1));
        gap.GetProperty("startSeconds").GetDouble().Should().BeApproximately(12, 0.1, "the fourth of segments of four seconds is missing");
        gap.GetProperty("reason").GetString().Should().Contain("4.m4s");
        (await CommandRun.OfAsync("play", manifest, "--license-url", sandbox.ClearKey(), "--to", _folder.File("again.mp4"))).ShouldEndWith(ExitCode.Done).Out.Should().Contain("4.m4s");
    }

    [Theory]
    [InlineData("odkm", "OMA DRM 2")]
    [InlineData("iAEC", "ISMACryp")]
    [InlineData("ACBC", "Marlin")]
    [InlineData("adkm", "Adobe Access")]
    [InlineData("itun", "iTunes FairPlay")]
    [InlineData("zzzz", "'zzzz'")]
    public async Task A_scheme_that_is_not_Common_Encryption_is_named_and_nobody_is_asked_for_a_key(string scheme, string name)
    {
        byte[] bytes = await File.ReadAllBytesAsync(Sample.File("cbcs/audio.mp4"), TestContext.Current.CancellationToken);
        System.Text.Encoding.ASCII.GetBytes(scheme).CopyTo(bytes, bytes.AsSpan().IndexOf("schm"u8) + 8);
        string file = _folder.File("other.mp4");
        await File.WriteAllBytesAsync(file, bytes, TestContext.Current.CancellationToken);
        CommandRun run = (await PlayAsync(file, "http://127.0.0.1:1/", _folder.File("out.mp4"))).ShouldFailInJson(ExitCode.BadMedia, "media");
        run.Out.Should().Contain(name).And.Contain("that is not Common Encryption");
        File.Exists(_folder.File("out.mp4")).Should().BeFalse();
    }

    [Fact]
    public async Task An_empty_file_is_called_empty()
    {
        string file = _folder.Write("empty.mp4", "");
        (await CommandRun.OfAsync("decrypt", file, "--key", Sample.Held("HD"), "--to", _folder.File("out.mp4"))).ShouldEndWith(ExitCode.BadMedia).Error.Should().Contain("it is empty");
        (await CommandRun.OfAsync("inspect", file)).ShouldEndWith(ExitCode.BadMedia).Error.Should().Contain("it is empty");
        (await CommandRun.OfAsync("play", file, "--to", _folder.File("out.mp4"))).ShouldEndWith(ExitCode.BadMedia).Error.Should().Contain("it is empty");
    }

    [Fact]
    public async Task A_licence_without_the_key_ends_with_6()
    {
        // A service that gives another key than it was asked for.
        using LoopbackServer service = LoopbackServer.Answering(static context =>
        {
            context.Response.ContentType = "application/json";
            context.Response.OutputStream.Write("""{"keys":[{"kty":"oct","kid":"AAAAAAAAAAAAAAAAAAAAAA","k":"AAAAAAAAAAAAAAAAAAAAAA"}],"type":"temporary"}"""u8);
        });
        CommandRun run = (await PlayAsync(Sample.Manifest, service.Url.AbsoluteUri, _folder.File("out.mp4"))).ShouldFailInJson(ExitCode.NoUsableKey, "key-not-found");
        run.Out.Should().Contain(Sample.Kid("HD"));
        (await CommandRun.OfAsync("license", Sample.Manifest, "--license-url", service.Url.AbsoluteUri)).ShouldEndWith(ExitCode.NoUsableKey);
        _folder.Entries.Should().BeEmpty();
    }

    [Fact]
    public async Task A_key_that_nobody_gave_ends_with_6()
    {
        CommandRun run = await CommandRun.OfAsync("decrypt", Sample.File("cbcs/audio.mp4"), "--key", Sample.Held("HD"), "--to", _folder.File("out.mp4"), "--json");
        run.ShouldFailInJson(ExitCode.NoUsableKey, "key").Out.Should().Contain(Sample.Kid("AUDIO"));
        _folder.Entries.Should().BeEmpty();
    }

    [Fact]
    public async Task A_licence_that_does_not_allow_it_ends_with_7()
    {
        using LoopbackServer service = LoopbackServer.Answering(static _ => { });
        string[] arguments = ["play", Sample.Manifest, "--license-url", service.Url.AbsoluteUri, "--to", _folder.File("out.mp4"), "--json", .. Rules("ClearExport=false")];
        CommandRun run = (await CommandRun.OfAsync(arguments)).ShouldFailInJson(ExitCode.RefusedByPolicy, "policy");
        run.Out.Should().Contain("does not allow it for this output");
        _folder.Entries.Should().BeEmpty();
    }

    [Theory]
    [InlineData("Restriction=11111111-2222-3333-4444-555555555555", ExitCode.RefusedByPolicy)]
    [InlineData("MaxPixels=100", ExitCode.RefusedByPolicy)]
    [InlineData("NotAfter=2001-01-01T00:00:00Z", ExitCode.RefusedByPolicy)]
    // Leave to export answers for HDCP, which no file has, and not for levels that demand a protection.
    [InlineData("Hdcp=V2_3", ExitCode.Done)]
    [InlineData("UncompressedVideo=250", ExitCode.Done)]
    [InlineData("UncompressedVideo=251", ExitCode.RefusedByPolicy)]
    [InlineData("MaxPixels=10000000", ExitCode.Done)]
    public async Task What_a_licence_asks_of_outputs_decides_whether_it_serves_a_file(string rule, int code)
    {
        using LoopbackServer service = LoopbackServer.Answering(static _ => { });
        (await CommandRun.OfAsync(["play", Sample.Manifest, "--video", "none", "--license-url", service.Url.AbsoluteUri, "--to", _folder.File("audio.mp4"), .. Rules(rule)]))
            .ShouldEndWith(rule.Contains("Pixels", StringComparison.Ordinal) || rule.Contains("Video", StringComparison.Ordinal) ? ExitCode.Done : code);
        (await CommandRun.OfAsync(["play", Sample.Manifest, "--audio", "none", "--license-url", service.Url.AbsoluteUri, "--to", _folder.File("video.mp4"), .. Rules(rule)])).ShouldEndWith(code);
        File.Exists(_folder.File("video.mp4")).Should().Be(code == ExitCode.Done);
    }

    [Fact]
    public async Task An_interrupt_while_the_licence_is_awaited_ends_with_130()
    {
        using CancellationTokenSource interrupt = new();
        using LoopbackServer service = LoopbackServer.Answering(_ => interrupt.Cancel());
        CommandRun run = await CommandRun.OfAsync(["play", Sample.Manifest, "--license-url", service.Url.AbsoluteUri, "--to", _folder.File("tracks"), "--json"], [], interrupt.Token);
        run.ShouldFailInJson(ExitCode.Interrupted, "interrupted");
        _folder.Entries.Should().BeEmpty();
    }

    [Fact]
    public async Task An_interrupt_while_segments_are_fetched_ends_with_130_and_nothing_is_left()
    {
        using CancellationTokenSource interrupt = new();
        using LoopbackServer content = LoopbackServer.Answering(context =>
        {
            if (context.Request.Url!.LocalPath.EndsWith("3.m4s", StringComparison.Ordinal)) interrupt.Cancel();
            context.Response.OutputStream.Write(File.ReadAllBytes(Sample.File("cenc" + context.Request.Url.LocalPath)));
        });
        CommandRun run = await CommandRun.OfAsync(
            ["play", content.Url + "manifest.mpd", "--license-url", sandbox.ClearKey(), "--to", _folder.File("a/tracks")], [], interrupt.Token);
        run.ShouldEndWith(ExitCode.Interrupted).Error.Should().Contain("interrupted");
        _folder.Entries.Should().BeEmpty();
    }

    /// <summary>Settings under which the test's own key system is used, with a rule.</summary>
    internal static string[] Rules(string rule) =>
    [
        "--set", "Keyway:Plugins:Allow:rules:Required=true", "--set", "Keyway:KeySystems:rules:Plugin=rules",
        "--set", "Keyway:KeySystems:rules:Priority=1", "--set", $"Keyway:KeySystems:rules:Settings:{rule}",
        .. ((string[])["HD", "SD", "AUDIO"]).SelectMany(static label => (string[])["--set", $"Keyway:KeySystems:rules:Settings:Keys:{Sample.Kid(label)}={Sample.Key(label)}"]),
    ];

    private static Task<CommandRun> PlayAsync(string source, string license, string target) =>
        CommandRun.OfAsync("play", source, "--license-url", license, "--to", target, "--json");

    /// <summary>The sample's audio with another key's identifier in its <c>tenc</c>.</summary>
    private async Task<string> WithKidAsync(string kid)
    {
        byte[] bytes = await File.ReadAllBytesAsync(Sample.File("cbcs/audio.mp4"), TestContext.Current.CancellationToken);
        byte[] from = Convert.FromHexString(Sample.Kid("AUDIO"));
        int tenc = bytes.AsSpan().IndexOf("tenc"u8);
        Convert.FromHexString(kid).CopyTo(bytes, tenc + bytes.AsSpan(tenc).IndexOf(from));
        await File.WriteAllBytesAsync(_folder.File("odd.mp4"), bytes, TestContext.Current.CancellationToken);
        return _folder.File("odd.mp4");
    }
}
