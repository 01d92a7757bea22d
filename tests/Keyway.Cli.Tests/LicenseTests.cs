using System.Text.Json;
using Keyway.Cli.Run;

namespace Keyway.Cli;

public sealed class LicenseTests(SharedSandbox sandbox)
{
    [Theory]
    [InlineData("cenc/manifest.mpd")]
    [InlineData("cbcs/audio.mp4")]
    public async Task A_licence_is_shown_with_keys_status_policy_expiry_and_times_and_without_a_key(string source)
    {
        CommandRun run = (await CommandRun.OfAsync("license", Sample.File(source), "--license-url", sandbox.ClearKey())).ShouldEndWith(ExitCode.Done);
        run.Out.Should().Contain(Sample.Kid("AUDIO")).And.Contain("usable").And.Contain("clear export allowed").And.Contain("never")
            .And.Contain("1 exchange").And.MatchRegex(@"round trip \d+\.\d ms").And.Contain("clearkey");
        run.Error.Should().BeEmpty();
        run.Media.Should().BeEmpty();
    }

    [Fact]
    public async Task Its_json_says_the_same()
    {
        JsonElement json = (await CommandRun.OfAsync("license", Sample.Manifest, "--license-url", sandbox.ClearKey(), "--json")).ShouldEndWith(ExitCode.Done).Json;
        json.GetProperty("keySystem").GetString().Should().Be("clearkey");
        json.GetProperty("provider").GetString().Should().Be("direct");
        json.GetProperty("keys").EnumerateArray().Select(static key => key.GetProperty("kid").GetString()).Should().BeEquivalentTo(Sample.Kid("HD"), Sample.Kid("SD"), Sample.Kid("AUDIO"));
        JsonElement key = json.GetProperty("keys")[0];
        key.GetProperty("status").GetString().Should().Be("usable");
        key.GetProperty("expires").ValueKind.Should().Be(JsonValueKind.Null);
        key.GetProperty("policy").GetProperty("clearExport").GetBoolean().Should().BeTrue();
        JsonElement session = json.GetProperty("sessions")[0];
        session.GetProperty("exchanges").GetInt32().Should().Be(1);
        session.GetProperty("roundTripMilliseconds").GetDouble().Should().BePositive();
        session.GetProperty("licenseUrl").GetString().Should().Be(sandbox.ClearKey());
    }

    [Theory]
    [InlineData("ClearExport=false", "output-restricted", "never")]
    [InlineData("NotAfter=2999-01-01T00:00:00Z", "usable", "2999-01-01 00:00:00Z")]
    public async Task What_a_licence_does_not_allow_is_shown_and_no_failure(string rule, string status, string expires)
    {
        using LoopbackServer service = LoopbackServer.Answering(static _ => { });
        string[] arguments = ["license", Sample.Manifest, "--license-url", service.Url.AbsoluteUri, .. FailureTests.Rules(rule)];
        (await CommandRun.OfAsync(arguments)).ShouldEndWith(ExitCode.Done).Out.Should().Contain(status).And.Contain(expires);
    }

    [Fact]
    public async Task A_service_that_fails_once_is_asked_again()
    {
        JsonElement json = (await CommandRun.OfAsync("license", Sample.Manifest, "--license-url", sandbox.ClearKey("status:503,times:1&run=license"), "--json")).ShouldEndWith(ExitCode.Done).Json;
        json.GetProperty("keys").GetArrayLength().Should().Be(3);
        json.GetRawText().Should().NotContain("fault=", "a query may hold a token");
    }

    [Fact]
    public async Task Without_a_source_it_is_a_mistake_of_usage()
    {
        (await CommandRun.OfAsync("license")).ShouldEndWith(ExitCode.Usage);
        (await CommandRun.OfAsync("inspect", "--json")).ShouldFailInJson(ExitCode.Usage, "usage");
    }
}
