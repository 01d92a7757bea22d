using System.Net;
using Keyway.Cli.Run;

namespace Keyway.Cli;

/// <summary>What licence requests carry, where it goes, and that it is never shown.</summary>
public sealed class LicenseHttpTests : IDisposable
{
    private const string Token = "t0ken-s3cret", Custom = "cust0m-s3cret", Header = "header-s3cret", Value = "value-s3cret";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task License_headers_go_with_the_request()
    {
        using LoopbackServer service = LoopbackServer.Answering(ClearKeyService.Answer);
        (await LicenseAsync("--license-url", service.Url.AbsoluteUri, "--license-header", $"X-One: {Header}", "--license-header", $"Authorization:Bearer {Header}"))
            .ShouldEndWith(ExitCode.Done).ShouldNotShow(Header);
        service.Requests.Should().ContainSingle();
        service.Requests[0].Headers["X-One"].Should().Be(Header);
        service.Requests[0].Headers["Authorization"].Should().Be($"Bearer {Header}");
    }

    [Fact]
    public async Task A_provider_s_pipeline_gets_token_custom_data_and_values()
    {
        using LoopbackServer service = LoopbackServer.Answering(ClearKeyService.Answer);
        string settings = Provider(service.Url, """
            { "Use": "token", "Name": "X-Token" }, { "Use": "header", "Name": "X-Asset", "Value": "asset/{asset}" }, { "Use": "query", "Name": "user", "Value": "{user}" }, { "Use": "challenge" }
            """);
        CommandRun run = (await LicenseAsync(
            "--config", settings, "--provider", "acme", "--token-file", _folder.Write("token", Token + "\n"), "--custom-data-file", _folder.Write("custom", Custom),
            "--value", "asset=film=1", "--value", $"user={Value}")).ShouldEndWith(ExitCode.Done).ShouldNotShow(Token, Custom, Value);
        run.Json.GetProperty("provider").GetString().Should().Be("acme");
        service.Requests.Should().ContainSingle();
        service.Requests[0].Headers["X-Token"].Should().Be(Token, "the line end is the editor's");
        service.Requests[0].Headers["X-Asset"].Should().Be("asset/film=1");
        service.Requests[0].Path.Should().Contain($"user={Value}");
    }

    [Fact]
    public async Task A_route_finds_the_provider_and_its_own_endpoint()
    {
        using LoopbackServer service = LoopbackServer.Answering(ClearKeyService.Answer);
        string settings = Provider(service.Url, """{ "Use": "challenge" }""", """, "Routes": { "all": { "Host": "*", "Provider": "acme" } }""");
        CommandRun run = (await CommandRun.OfAsync("license", Sample.Manifest, "--config", settings, "--json")).ShouldEndWith(ExitCode.Done);
        run.Json.GetProperty("provider").GetString().Should().Be("acme");
    }

    [Fact]
    public async Task A_token_that_is_refused_is_read_anew_once()
    {
        string file = _folder.Write("token", "stale-s3cret");
        using LoopbackServer service = LoopbackServer.Answering(context =>
        {
            if (context.Request.Headers["Authorization"] == $"Bearer {Token}")
            {
                ClearKeyService.Answer(context);
                return;
            }

            File.WriteAllText(file, Token);
            context.Response.StatusCode = (int)HttpStatusCode.Unauthorized;
        });
        string settings = Provider(service.Url, """{ "Use": "token" }, { "Use": "challenge" }""");
        (await LicenseAsync("--config", settings, "--provider", "acme", "--token-file", file)).ShouldEndWith(ExitCode.Done).ShouldNotShow("stale-s3cret", Token);
        service.Requests.Select(static request => request.Headers["Authorization"]).Should().Equal("Bearer stale-s3cret", $"Bearer {Token}");
    }

    [Fact]
    public async Task What_a_service_says_when_it_refuses_shows_no_secret_of_the_request()
    {
        // A service that repeats what it was sent.
        using LoopbackServer service = LoopbackServer.Answering(static context =>
        {
            context.Response.StatusCode = (int)HttpStatusCode.Forbidden;
            context.Response.ContentType = "application/json";
            using StreamWriter body = new(context.Response.OutputStream);
            body.Write("{\"error\":\"refused ");
            body.Write($"{context.Request.Headers["Authorization"]} {context.Request.Url}\"}}");
        });
        string settings = Provider(service.Url, """{ "Use": "token" }, { "Use": "query", "Name": "user", "Value": "{user}" }, { "Use": "challenge" }""");
        string[] arguments = ["--config", settings, "--provider", "acme", "--token-file", _folder.Write("token", Token), "--value", $"user={Value}", "--license-header", $"X-One: {Header}"];
        (await LicenseAsync(arguments)).ShouldEndWith(ExitCode.NoLicense).ShouldNotShow(Token, Value, Header);
        (await CommandRun.OfAsync(["play", Sample.Manifest, "--to", _folder.File("out.mp4"), .. arguments])).ShouldEndWith(ExitCode.NoLicense).ShouldNotShow(Token, Value, Header);
    }

    [Theory]
    [InlineData("Authorization: Bearer t0ken-s3cret", "the token t0ken-s3cret is over", "t0ken-s3cret")]
    [InlineData("Authorization: Bearer t0ken-s3cret", "dDBrZW4tczNjcmV0", "dDBrZW4")]
    [InlineData("Authorization: Basic YWxpY2U6czNjcmV0LXdvcmQ=", "no alice with the password s3cret-word", "s3cret-word")]
    [InlineData("Authorization: Basic YWxpY2U6czNjcmV0LXdvcmQ=", "no alice:s3cret-word", "alice")]
    [InlineData("X-Login: alice:s3cret-word", "wrong: s3cret-word, YWxpY2U6czNjcmV0LXdvcmQ=", "s3cret-word", "czNjcmV0")]
    [InlineData("X-Session: sid=s3cretsid; theme=dark", "the session s3cretsid is over", "s3cretsid")]
    public async Task What_a_service_repeats_of_a_header_in_plain_words_is_masked_and_its_reason_is_not(string header, string said, params string[] secrets)
    {
        using LoopbackServer service = LoopbackServer.Answering(context =>
        {
            context.Response.StatusCode = (int)HttpStatusCode.BadRequest;
            context.Response.ContentType = "text/plain";
            using StreamWriter body = new(context.Response.OutputStream);
            body.Write($"Not today. {said}");
        });
        string[] arguments = ["--license-url", service.Url.AbsoluteUri, "--license-header", header];
        CommandRun run = (await LicenseAsync(arguments)).ShouldFailInJson(ExitCode.NoLicense, "unknown").ShouldNotShow(secrets);
        run.Json.GetProperty("error").GetProperty("message").GetString().Should().Contain("answered 400: Not today. ");
        (await CommandRun.OfAsync(["play", Sample.Manifest, "--to", _folder.File("out.mp4"), .. arguments])).ShouldEndWith(ExitCode.NoLicense).ShouldNotShow(secrets).Error.Should().Contain("Not today.");
    }

    [Fact]
    public async Task A_service_that_names_a_time_is_not_asked_before_it_and_that_is_told_at_once()
    {
        using LoopbackServer service = LoopbackServer.Answering(static context =>
        {
            (context.Response.StatusCode, context.Response.Headers["Retry-After"]) = ((int)HttpStatusCode.TooManyRequests, "3600");
            context.Response.Close();
        });
        (await LicenseAsync("--license-url", service.Url.AbsoluteUri)).ShouldFailInJson(ExitCode.NoLicense, "throttled").Out.Should().Contain("3600 s");
        service.Requests.Should().ContainSingle();
    }

    [Fact]
    public async Task Where_a_token_would_not_be_used_it_is_a_mistake_of_usage_and_nothing_is_sent()
    {
        using LoopbackServer service = LoopbackServer.Answering(ClearKeyService.Answer);
        (await LicenseAsync("--license-url", service.Url.AbsoluteUri, "--token-file", _folder.Write("token", Token))).ShouldEndWith(ExitCode.Usage).ShouldNotShow(Token);
        service.Requests.Should().BeEmpty();
    }

    [Fact]
    public async Task A_header_with_a_line_break_is_a_mistake_of_usage_and_nothing_is_sent()
    {
        using LoopbackServer service = LoopbackServer.Answering(ClearKeyService.Answer);
        foreach (string name in (string[])["X-One: a\r\nX-Two: ", "X One: ", "X\nOne: "])
            (await LicenseAsync("--license-url", service.Url.AbsoluteUri, "--license-header", name + Header)).ShouldEndWith(ExitCode.Usage).ShouldNotShow(Header);
        (await LicenseAsync("--license-url", service.Url.AbsoluteUri, "--license-header", "X-One: a", "--license-header", "x-one: " + Header)).ShouldEndWith(ExitCode.Usage).ShouldNotShow(Header);
        (await LicenseAsync("--license-url", service.Url.AbsoluteUri, "--header", "X-One: a\nb" + Header)).ShouldEndWith(ExitCode.Usage).ShouldNotShow(Header);
        service.Requests.Should().BeEmpty();
    }

    private static Task<CommandRun> LicenseAsync(params string[] arguments) => CommandRun.OfAsync(["license", Sample.Manifest, "--json", .. arguments]);

    private string Provider(Uri endpoint, string pipeline, string more = "") => _folder.Write("settings.json", $$"""
        { "Keyway": { "Providers": { "acme": { "KeySystems": [ "clearkey" ], "Endpoints": { "clearkey": "{{endpoint}}" }, "Pipeline": [ {{pipeline}} ] } }{{more}} } }
        """);
}
