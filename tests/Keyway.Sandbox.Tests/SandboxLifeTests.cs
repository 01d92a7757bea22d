using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Keyway.Sandbox;

/// <summary>How the sandbox starts, whom it serves, how it ends.</summary>
public sealed class SandboxLifeTests(SharedSandbox shared) : IClassFixture<SharedSandbox>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Child_says_one_line_and_ends_when_its_standard_input_closes()
    {
        await using SandboxProcess sandbox = await SandboxProcess.StartAsync();

        JsonElement ready = JsonDocument.Parse(sandbox.ReadyLine).RootElement;
        ready.GetProperty("url").GetString().Should().MatchRegex("^http://127\\.0\\.0\\.1:[0-9]+/$");
        ready.GetProperty("pid").GetInt32().Should().Be(sandbox.Id);
        ready.EnumerateObject().Should().HaveCount(2);
        (await sandbox.Http.GetStringAsync("/", Token)).Should().Contain("POST /clearkey").And.Contain("fault=");

        (int code, string more, _) = await sandbox.EndAsync();

        code.Should().Be(0);
        more.Should().BeEmpty("standard output is for the ready line alone");
    }

    [Fact]
    public async Task End_is_not_delayed_by_a_request_that_is_being_delayed()
    {
        await using SandboxProcess sandbox = await SandboxProcess.StartAsync();
        Task<HttpResponseMessage> request = sandbox.Http.GetAsync("/?fault=delay:60s", Token);
        await sandbox.Http.GetStringAsync("/", Token);   // a second connection: by now the first request is under way, or will be refused

        (int code, _, _) = await sandbox.EndAsync();

        code.Should().Be(0);
        await request.Awaiting(task => task).Should().ThrowAsync<HttpRequestException>();
    }

    [Theory]
    [InlineData("localhost", HttpStatusCode.OK)]
    [InlineData("127.0.0.1:1", HttpStatusCode.OK)]
    [InlineData("[::1]:8797", HttpStatusCode.OK)]
    [InlineData("LocalHost:8797", HttpStatusCode.OK)]
    [InlineData("loopback", HttpStatusCode.MisdirectedRequest)]
    [InlineData("loopback:8797", HttpStatusCode.MisdirectedRequest)]
    [InlineData("evil.localhost", HttpStatusCode.MisdirectedRequest)]
    [InlineData("localhost.", HttpStatusCode.MisdirectedRequest)]
    [InlineData("127.1", HttpStatusCode.MisdirectedRequest)]
    [InlineData("0.0.0.0", HttpStatusCode.MisdirectedRequest)]
    [InlineData("[::ffff:127.0.0.1]", HttpStatusCode.MisdirectedRequest)]
    [InlineData("keyway.example", HttpStatusCode.MisdirectedRequest)]
    [InlineData("localhost.keyway.example", HttpStatusCode.MisdirectedRequest)]
    [InlineData("127.0.0.1.keyway.example:8797", HttpStatusCode.MisdirectedRequest)]
    [InlineData("10.0.0.1", HttpStatusCode.MisdirectedRequest)]
    public async Task Host_of_a_request_must_be_loopback(string host, HttpStatusCode expected)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, "/") { Headers = { Host = host } };
        using HttpResponseMessage response = await shared.Http.SendAsync(request, Token);
        response.StatusCode.Should().Be(expected);
    }

    [Fact]
    public async Task Nobody_is_served_but_on_loopback_whatever_the_environment_says()
    {
        // Its environment asks for every address: see SandboxProcess.
        foreach (IPAddress address in (await Dns.GetHostAddressesAsync(Dns.GetHostName(), AddressFamily.InterNetwork, Token)).Where(address => !IPAddress.IsLoopback(address)))
        {
            using TcpClient client = new();
            Func<Task> connect = async () => await client.ConnectAsync(address, shared.Http.BaseAddress!.Port, Token);
            await connect.Should().ThrowAsync<SocketException>();
        }
    }

    [Fact]
    public void Data_folder_and_its_files_are_the_users_alone()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has no file modes");
            return;
        }

        File.GetUnixFileMode(shared.Data).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        string[] files = Directory.GetFiles(shared.Data);
        files.Select(Path.GetFileName).Should().BeEquivalentTo("content-keys.json", "expressplay.json");
        foreach (string file in files) File.GetUnixFileMode(file).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Theory]
    [InlineData("755")]
    [InlineData("1777")]
    [InlineData("2775", "others may write to this folder")]
    [InlineData("777", "others may write to this folder")]
    public async Task Data_folder_that_is_there_keeps_its_mode_and_what_is_put_there_is_the_users_alone(string octal, string? warning = null)
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has no file modes");
            return;
        }

        string shared = Directory.CreateTempSubdirectory("keyway-shared-").FullName, other = Path.Combine(shared, "other.txt");
        try
        {
            await File.WriteAllTextAsync(other, "not the sandbox's", Token);
            File.SetUnixFileMode(other, (UnixFileMode)Convert.ToInt32("644", 8));
            File.SetUnixFileMode(shared, (UnixFileMode)Convert.ToInt32(octal, 8));
            (int code, _, string errors) = await SandboxProcess.RunAsync("--data", shared, "--port", "0", "--ready", "-");

            code.Should().Be(0);
            File.GetUnixFileMode(shared).Should().Be((UnixFileMode)Convert.ToInt32(octal, 8));
            File.GetUnixFileMode(other).Should().Be((UnixFileMode)Convert.ToInt32("644", 8));
            foreach (string file in Directory.GetFiles(shared, "*.json")) File.GetUnixFileMode(file).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
            Directory.GetFiles(shared, "*.json").Should().HaveCount(2);
            if (warning is null) errors.Should().BeEmpty();
            else errors.Should().Contain(warning).And.Contain(shared);
        }
        finally
        {
            Directory.Delete(shared, recursive: true);
        }
    }

    [Fact]
    public async Task What_a_link_in_the_data_folder_leads_to_keeps_its_mode()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has no file modes");
            return;
        }

        string folder = Directory.CreateTempSubdirectory("keyway-linked-").FullName, elsewhere = Path.Combine(folder, "elsewhere.json");
        try
        {
            await File.WriteAllTextAsync(elsewhere, """{ "keys": [] }""", Token);
            File.SetUnixFileMode(elsewhere, (UnixFileMode)Convert.ToInt32("644", 8));
            File.CreateSymbolicLink(Path.Combine(folder, "content-keys.json"), elsewhere);
            (int code, _, _) = await SandboxProcess.RunAsync("--data", folder, "--port", "0", "--ready", "-");

            code.Should().Be(0);
            File.GetUnixFileMode(elsewhere).Should().Be((UnixFileMode)Convert.ToInt32("644", 8));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("--port")]
    [InlineData("--port", "-1")]
    [InlineData("--port", "65536")]
    [InlineData("--ready", "file")]
    [InlineData("--listen", "0.0.0.0")]
    [InlineData("--allow-origin", "app.example")]
    [InlineData("--allow-origin", "https://app.example/page")]
    [InlineData("--allow-origin", "*")]
    [InlineData("--widevine", "can_play=maybe")]
    [InlineData("--widevine", "can_plai=1")]
    public async Task Wrong_arguments_are_told_with_the_usage(params string[] args)
    {
        (int code, string output, string errors) = await SandboxProcess.RunAsync(args);
        code.Should().Be(2);
        output.Should().BeEmpty();
        errors.Should().StartWith(args[0]).And.Contain("--keys FILE");
    }

    [Fact]
    public async Task Keys_file_that_is_missing_or_of_another_form_is_told_by_name()
    {
        string data = Path.Combine(Path.GetTempPath(), $"keyway-sandbox-{Guid.NewGuid():N}");
        string file = Path.Combine(data, "other.json");
        try
        {
            (int code, _, string errors) = await SandboxProcess.RunAsync("--data", data, "--keys", file, "--port", "0");
            code.Should().Be(1);
            errors.Should().StartWith(file);

            await File.WriteAllTextAsync(file, """{ "keys": [ { "kid": "00", "key": "00" } ] }""", Token);
            (code, _, errors) = await SandboxProcess.RunAsync("--data", data, "--keys", file, "--port", "0");
            code.Should().Be(1);
            errors.Should().StartWith(file).And.Contain("'key' of key 0 is not 16 bytes");
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    [Fact]
    public async Task What_a_killed_sandbox_had_half_written_goes_with_its_keys_when_the_next_one_starts()
    {
        string data = Directory.CreateTempSubdirectory("keyway-sandbox-").FullName;
        string left = Path.Combine(data, $"widevine.json.{Guid.NewGuid():N}"), held = Path.Combine(data, $"widevine.json.{Guid.NewGuid():N}"), other = Path.Combine(data, "widevine.json.old");
        try
        {
            foreach (string file in (string[])[left, held, other]) await File.WriteAllTextAsync(file, "a key", Token);
            await using FileStream writer = new(held, FileMode.Open, FileAccess.Write, FileShare.None);
            (int code, _, string errors) = await SandboxProcess.RunAsync("credential", "--system", "widevine", "--out", Path.Combine(data, "device"), "--data", data);
            code.Should().Be(0, errors);
            File.Exists(left).Should().BeFalse();
            File.Exists(held).Should().BeTrue("somebody writes it");
            File.Exists(other).Should().BeTrue("it has no such name");
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }
}
