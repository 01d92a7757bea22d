using System.Security.Cryptography;
using System.Text.Json;
using Keyway.Cli.Run;

namespace Keyway.Cli;

/// <summary>Licences that outlive the command: played again without the server, shown, renewed, given back.</summary>
public sealed class LicensesTests(SharedSandbox sandbox) : IDisposable
{
    private const string Nobody = "http://127.0.0.1:9/widevine";
    private const string Terms = "?license_duration_seconds=86400&can_renew=1";

    private readonly TemporaryFolder _folder = new();
    private readonly string _key = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

    private string Store => _folder.File("licenses");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_stored_licence_plays_without_the_server_is_renewed_and_given_back()
    {
        WidevineDevice device = await DeviceAsync();
        string first = _folder.File("first.mp4"), again = _folder.File("again.mp4");
        CommandRun acquired = await RunAsync(device, "play", Sample.Manifest, "--persist", "--key-system", "widevine", "--license-url", $"{sandbox.Url}widevine{Terms}", "--to", first, "--json");
        string id = acquired.ShouldEndWith(ExitCode.Done).Json.GetProperty("sessions")[0].GetProperty("stored").GetString()!;

        CommandRun played = await RunAsync(device, "play", Sample.Manifest, "--persist", "--key-system", "widevine", "--license-url", Nobody, "--to", again, "--json");
        played.ShouldEndWith(ExitCode.Done).Json.GetProperty("sessions")[0].GetProperty("exchanges").GetInt32().Should().Be(0);
        await Sample.ShouldHoldAsync(again, "video-360", "audio");

        JsonElement listed = (await RunAsync(device, "licenses", "--json")).ShouldEndWith(ExitCode.Done).Json.GetProperty("licenses");
        listed.GetArrayLength().Should().Be(1);
        listed[0].GetProperty("id").GetString().Should().Be(id);
        listed[0].GetProperty("licenseUrl").GetString().Should().Be($"{sandbox.Url}widevine", "the query may hold secrets");
        listed[0].GetProperty("keys").EnumerateArray().Should().Contain(key => key.GetProperty("firstUse").ValueKind == JsonValueKind.String && key.GetProperty("status").GetString() == "usable");
        DateTimeOffset expires = listed[0].GetProperty("keys")[0].GetProperty("expires").GetDateTimeOffset();

        // Where it came from is known; only what the query said is not.
        JsonElement renewed = (await RunAsync(device, "licenses", "renew", id[..12], "--json")).ShouldEndWith(ExitCode.Done).Json.GetProperty("renewed");
        renewed.GetProperty("keys")[0].GetProperty("expires").GetDateTimeOffset().Should().BeOnOrAfter(expires);
        renewed.GetProperty("keys").EnumerateArray().Should().Contain(key => key.GetProperty("firstUse").ValueKind == JsonValueKind.String, "a renewal gives no new first use");

        CommandRun cutOff = await RunAsync(device, "licenses", "release", id, "--license-url", Nobody, "--json");
        cutOff.ShouldFailInJson(ExitCode.NoLicense, "network");
        (await RunAsync(device, "licenses", "--json")).Json.GetProperty("licenses")[0].GetProperty("releaseAsked").ValueKind.Should().Be(JsonValueKind.String);
        (await RunAsync(device, "licenses")).ShouldEndWith(ExitCode.Done).Out.Should().Contain("to be given back").And.Contain(id);
        (await RunAsync(device, "licenses", "release", id)).ShouldEndWith(ExitCode.Done).Out.Should().Contain("was given back");
        (await RunAsync(device, "licenses", "list")).ShouldEndWith(ExitCode.Done).Out.Should().Contain("No licence is stored");
        (await RunAsync(device, "play", Sample.Manifest, "--persist", "--key-system", "widevine", "--license-url", Nobody, "--to", _folder.File("no.mp4"))).ShouldEndWith(ExitCode.NoLicense);
    }

    [Fact]
    public async Task Json_is_as_documented()
    {
        WidevineDevice device = await DeviceAsync();
        (await RunAsync(device, "license", Sample.Manifest, "--persist", "--key-system", "widevine", "--license-url", $"{sandbox.Url}widevine{Terms}")).ShouldEndWith(ExitCode.Done).Out.Should().Contain("stored as");
        await File.WriteAllTextAsync(Path.Combine(Store, "notes.txt"), "mine", TestContext.Current.CancellationToken);
        await JsonShapeTests.CheckAsync("licenses", [.. Common(device)]);
    }

    [Fact]
    public async Task A_licence_that_may_not_be_stored_is_refused_with_the_reason()
    {
        WidevineDevice device = await DeviceAsync();
        string target = _folder.File("out.mp4");
        (await RunAsync(device, "play", Sample.Manifest, "--persist", "--key-system", "widevine", "--license-url", $"{sandbox.Url}widevine?can_persist=0", "--to", target, "--json"))
            .ShouldFailInJson(ExitCode.NoLicense, "policy-invalid").Out.Should().Contain("does not allow it to be stored");
        (await RunAsync(device, "play", Sample.Manifest, "--persist", "--key-system", "clearkey", "--license-url", sandbox.ClearKey(), "--to", target, "--json"))
            .ShouldFailInJson(ExitCode.NoLicense, "policy-invalid").Out.Should().Contain("does not allow it to be stored");
        File.Exists(target).Should().BeFalse();
    }

    [Fact]
    public async Task Without_a_store_nothing_can_be_stored_or_listed()
    {
        (await CommandRun.OfAsync("play", Sample.Manifest, "--persist", "--key-system", "clearkey", "--license-url", sandbox.ClearKey(), "--to", _folder.File("out.mp4"), "--json"))
            .ShouldFailInJson(ExitCode.NoLicense, "policy-invalid").Out.Should().Contain("Keyway:Licenses:Store");
        (await CommandRun.OfAsync("licenses", "--json")).ShouldFailInJson(ExitCode.Usage, "usage").Out.Should().Contain("Keyway:Licenses:Store");
        (await CommandRun.OfAsync("play", "--persist", "--json")).ShouldFailInJson(ExitCode.Usage, "usage");
    }

    [Fact]
    public async Task A_store_without_its_secret_or_with_another_says_so()
    {
        WidevineDevice device = await DeviceAsync();
        (await RunAsync(device, "license", Sample.Manifest, "--persist", "--key-system", "widevine", "--license-url", $"{sandbox.Url}widevine", "--json")).ShouldEndWith(ExitCode.Done);
        await WriteKeyAsync(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)));
        JsonElement list = (await RunAsync(device, "licenses", "--json")).ShouldEndWith(ExitCode.Done).Json;
        list.GetProperty("licenses").GetArrayLength().Should().Be(0);
        list.GetProperty("problems")[0].GetProperty("reason").GetString().Should().Contain("another key");

        File.Delete(Path.Combine(_folder.File("secrets"), "license-store"));
        (await RunAsync(device, "licenses", "--json")).ShouldFailInJson(ExitCode.Usage, "secret").Out.Should().Contain("license-store");
    }

    [Theory]
    [InlineData("renew", "nosuch")]
    [InlineData("release", "00000000000000000000000000000000")]
    public async Task A_licence_that_is_not_there_is_a_mistake_of_usage(string command, string id)
    {
        WidevineDevice device = await DeviceAsync();
        (await RunAsync(device, "licenses", command, id, "--json")).ShouldFailInJson(ExitCode.Usage, "usage").Out.Should().Contain(id);
    }

    [Fact]
    public async Task Commands_that_share_a_store_at_the_same_time_do_not_harm_each_other()
    {
        WidevineDevice device = await DeviceAsync();
        (await RunAsync(device, "license", Sample.Manifest, "--persist", "--key-system", "widevine", "--license-url", $"{sandbox.Url}widevine{Terms}", "--json")).ShouldEndWith(ExitCode.Done);
        ProgramRun[] players = [.. Enumerable.Range(0, 3).Select(i => ProgramRun.Start(
            ["play", Sample.Manifest, "--persist", "--key-system", "widevine", "--license-url", Nobody, "--to", _folder.File($"{i}.mp4"), .. Common(device)]))];
        foreach (ProgramRun player in players)
        {
            await using (player)
            {
                _ = player.Out.ReadToEndAsync(TestContext.Current.CancellationToken);
                (await player.EndAsync()).Should().Be(ExitCode.Done, await player.Error);
            }
        }

        JsonElement list = (await RunAsync(device, "licenses", "--json")).ShouldEndWith(ExitCode.Done).Json;
        list.GetProperty("problems").GetArrayLength().Should().Be(0);
        list.GetProperty("licenses").GetArrayLength().Should().Be(1);
        Directory.GetFiles(Store).Should().HaveCount(2, "the licence and the lock");
    }

    private async Task<WidevineDevice> DeviceAsync()
    {
        WidevineDevice device = await WidevineDevice.MakeAsync(sandbox.Url, _folder, development: true);
        await WriteKeyAsync(_key);
        return device;
    }

    private async Task WriteKeyAsync(string key)
    {
        string path = Path.Combine(_folder.File("secrets"), "license-store");
        await File.WriteAllTextAsync(path, key, TestContext.Current.CancellationToken);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private string[] Common(WidevineDevice device) => ["--config", device.Settings, "--set", $"Keyway:Licenses:Store={Store}"];

    private async Task<CommandRun> RunAsync(WidevineDevice device, params string[] arguments) =>
        (await CommandRun.OfAsync([.. arguments, .. Common(device)])).ShouldNotShow([_key, .. device.Secrets]);
}
