using System.Security.Cryptography;
using System.Text.Json;
using Keyway.Cli.Run;
using Keyway.Cli.Sandbox;

namespace Keyway.Cli;

/// <summary>The PlayReady plugin and the sandbox's PlayReady service, written apart, meet here.</summary>
public sealed class PlayReadyTests(SharedSandbox sandbox) : IDisposable
{
    private const string Nobody = "http://127.0.0.1:9/rightsmanager.asmx";

    private readonly TemporaryFolder _folder = new();

    private string Service => $"{sandbox.Url}playready/rightsmanager.asmx";

    private string Target => _folder.File("out.mp4");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_bundled_sample_plays_with_a_throw_away_device()
    {
        CommandRun run = (await CommandRun.OfAsync("play", "--key-system", "playready", "--to", Target, "--json")).ShouldEndWith(ExitCode.Done);
        await Sample.ShouldHoldAsync(Target, "video-360", "audio");
        run.Json.GetProperty("keySystem").GetString().Should().Be("playready");
        _folder.Entries.Should().Equal("out.mp4");
    }

    [Theory]
    [InlineData("cenc/manifest.mpd", "")]
    [InlineData("cbcs/manifest.mpd", "")]
    [InlineData("cenc/manifest.mpd", "?cfg=(persist:true,firstexp:3600,grace:60,realtime:true,beginin:-60,endin:3600,revinfo:0,ucvopl:250,cvopl:500)")]
    [InlineData("cenc/manifest.mpd", "?sign=1&odd=order,unknown_object,transaction")]
    [InlineData("cenc/manifest.mpd", "?soap=1.2&odd=bare,big_endian")]
    public async Task A_configured_device_plays_under_a_root_for_development(string manifest, string query)
    {
        PlayReadyDevice device = await PlayReadyDevice.MakeAsync(sandbox.Url, _folder, development: true);
        CommandRun run = (await PlayAsync(device, query, manifest)).ShouldEndWith(ExitCode.Done).ShouldNotShow([.. device.Secrets]);
        await Sample.ShouldHoldAsync(Target, "video-360", "audio");
        run.Json.GetProperty("keySystem").GetString().Should().Be("playready");
    }

    [Fact]
    public async Task A_device_that_the_command_issues_plays_against_the_sandbox_that_the_command_runs()
    {
        string data = _folder.File("data"), device = _folder.File("device");
        (await CommandRun.OfAsync("sandbox", "credential", "--system", "playready", "--out", device, "--data", data)).ShouldEndWith(ExitCode.Done);
        Directory.GetFiles(device).Select(Path.GetFileName).Should().BeEquivalentTo("chain.bin", "sign_key.pem", "encrypt_key.pem");
        foreach (string file in Directory.GetFiles(device))
            if (!OperatingSystem.IsWindows()) File.GetUnixFileMode(file).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        (await CommandRun.OfAsync("sandbox", "credential", "--system", "playready", "--out", device, "--data", data)).Code.Should().NotBe(ExitCode.Done, "a device is not replaced");

        await using SandboxProcess own = await SandboxProcess.StartAsync(["--port", "0", "--data", data], TextWriter.Null, new Leftovers(), TestContext.Current.CancellationToken);
        PlayReadyDevice configured = await PlayReadyDevice.OfAsync(own.Url, device, _folder, development: true);
        string[] arguments = ["play", Sample.Manifest, "--key-system", "playready", "--config", configured.Settings, "--license-url", $"{own.Url}playready/rightsmanager.asmx", "--to", Target];
        (await CommandRun.OfAsync(arguments)).ShouldEndWith(ExitCode.Done).ShouldNotShow([.. configured.Secrets]);
        await Sample.ShouldHoldAsync(Target, "video-360", "audio");

        // Another sandbox neither knows the device, nor can read what is encrypted to the first.
        JsonElement error = (await CommandRun.OfAsync([.. arguments[..^3], Service, "--to", _folder.File("other.mp4"), "--json"])).ShouldEndWith(ExitCode.NoLicense).Json.GetProperty("error");
        error.GetProperty("providerCode").GetString().Should().Be("0x8004C601");
    }

    /// <summary>What a PlayReady client has to enforce (docs/playready.md), each with PlayReady's own code and with a reason that every key system shares.</summary>
    public static TheoryData<string, int, string, string> Refusals => new()
    {
        { "?cfg=(enddate:20200101)", ExitCode.RefusedByPolicy, "license-expired", "0x8004C009" },
        { "?cfg=(begindate:20990101)", ExitCode.RefusedByPolicy, "license-expired", "0x8004C00A" },
        { "?cfg=(sl:2000)", ExitCode.RefusedByPolicy, "security-level-too-low", "0x8004A004" },
        { "?cfg=(sl:2000)&lenient=level", ExitCode.RefusedByPolicy, "security-level-too-low", "0x8004A004" },
        { "?cfg=(ucvopl:300)", ExitCode.RefusedByPolicy, "output-protection", "0x8004C06E" },
        { "?cfg=(caopl:200)", ExitCode.RefusedByPolicy, "output-protection", "0x8004C06E" },
        { "?cfg=(ucaopl:300)", ExitCode.RefusedByPolicy, "output-protection", "0x8004C06E" },
        { "?cfg=(dvop:(guid:ABB2C6F1-E663-4625-A945-972D17B231E7,data:00000001))", ExitCode.RefusedByPolicy, "output-protection", "0x8004C06E" },
        { "?flaw=device_key", ExitCode.NoLicense, "license-not-for-this-device", "0x8004C056" },
        { "?flaw=content_key", ExitCode.NoLicense, "content-mismatch", "0x80041109" },
        { "?flaw=mac", ExitCode.NoLicense, "license-not-authentic", "0x80048008" },
        { "?cfg=(revinfo:1)", ExitCode.NoLicense, "policy-invalid", "0x8004C0C4" },
        { "?cfg=(persist:true)&flaw=signature", ExitCode.NoLicense, "license-not-authentic", "0x8004C076" },
        { "?cfg=(errorcode:0x8004C604)", ExitCode.NoLicense, "unknown", "0x8004C604" },
        { "?cfg=(revoked:true)", ExitCode.NoLicense, "device-revoked", "0x8004C065" },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task What_a_licence_or_its_service_forbids_gives_no_file(string query, int code, string reason, string providerCode)
    {
        PlayReadyDevice device = await PlayReadyDevice.MakeAsync(sandbox.Url, _folder, development: true);
        CommandRun run = await PlayAsync(device, query);
        run.ShouldEndWith(code).ShouldNotShow([.. device.Secrets]);
        JsonElement error = run.Json.GetProperty("error");
        error.GetProperty("reason").GetString().Should().Be(reason);
        error.GetProperty("providerCode").GetString().Should().Be(providerCode);
        error.GetProperty("message").GetString().Should().Contain(providerCode);
        File.Exists(Target).Should().BeFalse();
    }

    [Theory]
    [InlineData("?cfg=(enddate:20200101)", "0x8004C009")]
    [InlineData("?cfg=(ucvopl:300)", "0x8004C06E")]
    public async Task People_are_told_the_code_too(string query, string providerCode)
    {
        PlayReadyDevice device = await PlayReadyDevice.MakeAsync(sandbox.Url, _folder, development: true);
        (await CommandRun.OfAsync(Arguments(device, query))).ShouldEndWith(ExitCode.RefusedByPolicy).ShouldNotShow([.. device.Secrets]).Error.Should().Contain(providerCode);
    }

    [Theory]
    [InlineData(2000)]
    [InlineData(150)]   // the level of development itself
    public async Task Without_the_mark_of_development_no_key_of_a_device_of_value_leaves(int level)
    {
        PlayReadyDevice device = await PlayReadyDevice.MakeAsync(sandbox.Url, _folder, development: false, level);
        CommandRun run = (await PlayAsync(device, "")).ShouldEndWith(level == 150 ? ExitCode.Done : ExitCode.RefusedByPolicy).ShouldNotShow([.. device.Secrets]);
        File.Exists(Target).Should().Be(level == 150);
        if (level == 150) return;
        run.ShouldFailInJson(ExitCode.RefusedByPolicy, "policy").Json.GetProperty("error").GetProperty("providerCode").GetString().Should().Be("0x8004C06E");

        CommandRun license = (await CommandRun.OfAsync(["license", .. Arguments(device, "")[1..^2], "--json"])).ShouldEndWith(ExitCode.Done);
        license.Json.GetProperty("keys").EnumerateArray().Should().OnlyContain(static key => key.GetProperty("status").GetString() == "output-restricted");
    }

    [Fact]
    public async Task A_stored_licence_plays_without_its_service_until_its_first_play_window_is_over()
    {
        PlayReadyDevice device = await PlayReadyDevice.MakeAsync(sandbox.Url, _folder, development: true);
        string key = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)), secret = Path.Combine(_folder.File("secrets"), "license-store");
        await File.WriteAllTextAsync(secret, key, TestContext.Current.CancellationToken);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(secret, UnixFileMode.UserRead | UnixFileMode.UserWrite);

        // A window that lasts: what is played in it comes out of the store, and nobody is asked.
        (await PersistAsync(Service + "?cfg=(persist:true,firstexp:36000)", "long")).ShouldEndWith(ExitCode.Done);
        (await PersistAsync(Nobody, "long")).ShouldEndWith(ExitCode.Done).Json.GetProperty("sessions")[0].GetProperty("exchanges").GetInt32().Should().Be(0);

        // One that is soon over: however slow the machine is, it ends.
        (await PersistAsync(Service + "?cfg=(persist:true,firstexp:2)")).ShouldEndWith(ExitCode.Done);

        JsonElement stored = (await ListAsync()).GetProperty("licenses")[0];
        DateTimeOffset over = stored.GetProperty("keys").EnumerateArray().Where(static one => one.GetProperty("firstUse").ValueKind == JsonValueKind.String)
            .Max(static one => one.GetProperty("firstUse").GetDateTimeOffset()).AddSeconds(2);
        while (TimeProvider.System.GetUtcNow() < over) await Task.Delay(50, TestContext.Current.CancellationToken);

        CommandRun refused = await PersistAsync(Nobody);
        JsonElement error = refused.ShouldEndWith(ExitCode.RefusedByPolicy).Json.GetProperty("error");
        error.GetProperty("reason").GetString().Should().Be("license-expired");
        error.GetProperty("providerCode").GetString().Should().Be("0x8004C009");
        error.GetProperty("message").GetString().Should().Contain("0x8004C009").And.Contain("the time of the stored licence");
        (await ListAsync()).GetProperty("licenses")[0].GetProperty("keys").EnumerateArray().Should().Contain(static one => one.GetProperty("status").GetString() == "expired");

        async Task<CommandRun> PersistAsync(string url, string store = "licenses") => (await CommandRun.OfAsync(
            ["play", Sample.Manifest, "--persist", "--key-system", "playready", "--license-url", url, "--to", Target, "--force", "--json", .. Common(store)])).ShouldNotShow([key, .. device.Secrets]);

        async Task<JsonElement> ListAsync() => (await CommandRun.OfAsync(["licenses", "--json", .. Common()])).ShouldEndWith(ExitCode.Done).ShouldNotShow([key, .. device.Secrets]).Json;

        string[] Common(string store = "licenses") => ["--config", device.Settings, "--set", $"Keyway:Licenses:Store={_folder.File(store)}"];
    }

    [Fact]
    public async Task Other_content_without_a_credential_ends_with_3_and_the_page_to_read()
    {
        CommandRun run = (await CommandRun.OfAsync("play", Sample.Manifest, "--key-system", "playready", "--license-url", Service, "--to", Target, "--json"))
            .ShouldFailInJson(ExitCode.NoLicense, "credential-invalid");
        run.Out.Should().Contain("playready.md");
        _folder.Entries.Should().BeEmpty();
    }

    [Fact]
    public async Task Config_says_that_the_sample_would_bring_its_own_device()
    {
        JsonElement settings = (await CommandRun.OfAsync("config", "--json")).ShouldEndWith(ExitCode.Done).Json.GetProperty("settings");
        settings.EnumerateArray().Where(static setting => setting.GetProperty("origin").GetString() == "demo").Select(static setting => setting.GetProperty("path").GetString())
            .Should().Contain(["Keyway:KeySystems:playready:Settings:Chain", "Keyway:KeySystems:playready:Settings:SignKey", "Keyway:KeySystems:playready:Settings:EncryptKey"]);
    }

    private Task<CommandRun> PlayAsync(PlayReadyDevice device, string query, string manifest = "cenc/manifest.mpd") => CommandRun.OfAsync([.. Arguments(device, query, manifest), "--json"]);

    private string[] Arguments(PlayReadyDevice device, string query, string manifest = "cenc/manifest.mpd") =>
        ["play", Sample.File(manifest), "--key-system", "playready", "--config", device.Settings, "--license-url", Service + query, "--to", Target];
}
