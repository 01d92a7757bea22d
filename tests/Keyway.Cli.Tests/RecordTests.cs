using System.Text.Json;
using Keyway.Cli.Run;

namespace Keyway.Cli;

/// <summary><c>--record</c> and <c>explain FILE.har</c>.</summary>
public sealed class RecordTests(SharedSandbox sandbox) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("license")]
    [InlineData("play")]
    public async Task Exchanges_are_written_down_and_explained(string command)
    {
        string file = _folder.File("exchanges.har");
        string[] target = command == "play" ? ["--to", _folder.File("out.mp4")] : [];
        (await CommandRun.OfAsync([command, Sample.Manifest, "--license-url", sandbox.ClearKey(), "--record", file, .. target])).ShouldEndWith(ExitCode.Done);
        if (!OperatingSystem.IsWindows()) File.GetUnixFileMode(file).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        CommandRun run = (await CommandRun.OfAsync("explain", file)).ShouldEndWith(ExitCode.Done);
        run.Out.Should().Contain("1 request").And.Contain("/clearkey  200 application/json").And.MatchRegex(@"license 1 of clearkey at direct: \d+ bytes sent, \d+ received, \d+\.\d ms");
        JsonElement exchange = (await CommandRun.OfAsync("explain", file, "--json")).ShouldEndWith(ExitCode.Done).Json.GetProperty("record").GetProperty("exchanges")[0];
        (exchange.GetProperty("status").GetInt32(), exchange.GetProperty("kind").GetString(), exchange.GetProperty("sealed").GetBoolean()).Should().Be((200, "license", false));
    }

    [Fact]
    public async Task What_failed_is_in_it_with_each_attempt_and_its_page()
    {
        string file = _folder.File("failed.har");
        (await CommandRun.OfAsync("license", Sample.Manifest, "--license-url", sandbox.ClearKey("status:503,times:1&run=record"), "--record", file)).ShouldEndWith(ExitCode.Done);
        JsonElement record = (await CommandRun.OfAsync("explain", file, "--json")).ShouldEndWith(ExitCode.Done).Json.GetProperty("record");
        record.GetProperty("exchanges").EnumerateArray().Select(static each => (each.GetProperty("status").GetInt32(), each.GetProperty("exchange").GetInt32(), each.GetProperty("attempt").GetInt32())).Should().Equal((503, 1, 0), (200, 1, 1));

        string away = _folder.File("away.har");
        (await CommandRun.OfAsync("license", Sample.Manifest, "--license-url", LoopbackServer.Nowhere().AbsoluteUri, "--record", away)).ShouldEndWith(ExitCode.NoLicense);
        CommandRun run = (await CommandRun.OfAsync("explain", away)).ShouldEndWith(ExitCode.Done);
        run.Out.Should().Contain("no answer").And.Contain("network: keyway explain network");
    }

    [Fact]
    public async Task Bodies_need_a_secret_and_are_sealed_with_it()
    {
        string file = _folder.File("bodies.har");
        string[] command = ["license", Sample.Manifest, "--license-url", sandbox.ClearKey(), "--record", file, "--record-bodies"];
        (await CommandRun.OfAsync([.. command, "--json"])).ShouldFailInJson(ExitCode.Usage, "secret").Json.GetProperty("error").GetProperty("message").GetString().Should().Contain("record");
        Directory.CreateDirectory(_folder.File("secrets"));
        string secret = _folder.Write("secrets/record", new string('5', 64));
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(secret, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        (await CommandRun.OfAsync([.. command, "--set", $"Keyway:Secrets:Directory={_folder.File("secrets")}"])).ShouldEndWith(ExitCode.Done);
        (await CommandRun.OfAsync("explain", file)).ShouldEndWith(ExitCode.Done).Out.Should().Contain("bodies sealed");
        foreach (string text in Sample.KeyTexts) (await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)).Should().NotContain(text);
    }

    [Fact]
    public async Task What_exists_is_not_replaced_unless_that_is_asked_for()
    {
        string file = _folder.Write("there.har", "mine");
        (await CommandRun.OfAsync("license", Sample.Manifest, "--license-url", sandbox.ClearKey(), "--record", file)).ShouldEndWith(ExitCode.Usage).Error.Should().Contain("exists").And.NotContain("--force", "license has no such option");
        (await CommandRun.OfAsync("play", Sample.Manifest, "--license-url", sandbox.ClearKey(), "--record", file, "--to", _folder.File("out.mp4"))).ShouldEndWith(ExitCode.Usage).Error.Should().Contain("--force");
        (await CommandRun.OfAsync("license", Sample.Manifest, "--license-url", sandbox.ClearKey(), "--record", "-")).ShouldEndWith(ExitCode.Usage).Error.Should().Contain("--record takes a file");
        (await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)).Should().Be("mine");
        (await CommandRun.OfAsync("play", Sample.Manifest, "--license-url", sandbox.ClearKey(), "--record", file, "--to", _folder.File("out.mp4"), "--force")).ShouldEndWith(ExitCode.Done);
        (await CommandRun.OfAsync("explain", file)).ShouldEndWith(ExitCode.Done);
        (await CommandRun.OfAsync("license", Sample.Manifest, "--license-url", sandbox.ClearKey(), "--record-bodies")).ShouldEndWith(ExitCode.Usage).Error.Should().Contain("--record");
        (await CommandRun.OfAsync("license", Sample.Manifest, "--license-url", sandbox.ClearKey(), "--record", _folder.File("none/x.har"))).ShouldEndWith(ExitCode.Usage).Error.Should().Contain("Keyway:Licenses:Record");
    }

    [Fact]
    public async Task Another_program_s_archive_is_explained_without_its_secrets_and_what_is_none_is_refused()
    {
        string foreign = _folder.Write("browser.har", """{"log":{"version":"1.2","creator":{"name":"browser","version":"1"},"entries":[{"startedDateTime":"2026-01-01T10:00:00.000Z","time":12.5,"request":{"method":"POST","url":"https://user:s3cret@licence.example/wv?token=s3cret","headers":[{"name":"Authorization","value":"s3cret"}],"bodySize":10},"response":{"status":403,"content":{"size":4,"mimeType":"text/plain","text":"s3cret"}}}]}}""");
        CommandRun run = (await CommandRun.OfAsync("explain", foreign)).ShouldEndWith(ExitCode.Done).ShouldNotShow("s3cret");
        run.Out.Should().Contain("recorded by another program").And.Contain("POST https://licence.example/wv  403 text/plain").And.Contain("the service refused");
        (await CommandRun.OfAsync("explain", foreign, "--json")).ShouldEndWith(ExitCode.Done).ShouldNotShow("s3cret");
        (await CommandRun.OfAsync("explain", _folder.Write("none.har", "s3cret"))).ShouldEndWith(ExitCode.Usage).ShouldNotShow("s3cret").Error.Should().Contain("no JSON");
        (await CommandRun.OfAsync("explain", _folder.File("missing.har"))).ShouldEndWith(ExitCode.Usage);
    }

    [Fact]
    public async Task Its_json_is_as_documented()
    {
        string file = _folder.File("shape.har");
        (await CommandRun.OfAsync("license", Sample.Manifest, "--license-url", LoopbackServer.Nowhere().AbsoluteUri, "--record", file)).ShouldEndWith(ExitCode.NoLicense);
        await JsonShapeTests.CheckBelowAsync("### A record of exchanges", ["explain", file]);
    }
}
