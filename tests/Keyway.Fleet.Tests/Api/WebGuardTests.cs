using Keyway.Fleet.Configuration;
using Microsoft.AspNetCore.Http;

namespace Keyway.Fleet.Api;

public sealed class WebGuardTests
{
    private const string Token = "duty-5d1c";

    [Theory]
    [InlineData("GET", "/", null, 200)]
    [InlineData("GET", "/fleet.js", null, 200)]
    [InlineData("GET", "/health/ready", null, 200)]
    [InlineData("GET", "/streams/news", null, 200)]
    [InlineData("POST", "/streams/news", null, 401)]
    [InlineData("GET", "/api/streams", null, 401)]
    [InlineData("GET", "/metrics", null, 401)]
    [InlineData("GET", "/probe", null, 401)]
    [InlineData("GET", "/openapi/v1.json", null, 401)]
    [InlineData("DELETE", "/api/streams/news", "Bearer another", 401)]
    [InlineData("PUT", "/api/streams/news", "Basic " + Token, 401)]
    [InlineData("PUT", "/api/streams/news", Token, 401)]
    [InlineData("PUT", "/api/streams/news", "Bearer " + Token, 200)]
    [InlineData("GET", "/metrics", "bearer " + Token, 200)]
    public async Task With_a_token_only_the_empty_page_and_health_are_open(string method, string path, string? shown, int status) =>
        (await AskAsync(new WebOptions { Token = Token }, method, path, "127.0.0.1:8790", shown)).Response.StatusCode.Should().Be(status);

    [Theory]
    [InlineData("127.0.0.1:8790", 200)]
    [InlineData("localhost", 200)]
    [InlineData("[::1]:8790", 200)]
    [InlineData("fleet.example", 200)]
    [InlineData("FLEET.example:443", 200)]
    [InlineData("evil.example", 421)]
    [InlineData("127.0.0.1.evil.example", 421)]
    [InlineData("", 421)]
    public async Task It_answers_to_the_names_that_lead_to_it_by_right(string host, int status)
    {
        HttpContext context = await AskAsync(new WebOptions { AllowedHosts = ["fleet.example"] }, "GET", "/api/streams", host, null);

        context.Response.StatusCode.Should().Be(status);
        if (status == 200) context.Response.Headers.ContentSecurityPolicy.ToString().Should().StartWith("default-src 'none'");
    }

    private static async Task<HttpContext> AskAsync(WebOptions web, string method, string path, string host, string? shown)
    {
        DefaultHttpContext context = new();
        context.Response.Body = Stream.Null;
        (context.Request.Method, context.Request.Path, context.Request.Host) = (method, path, new HostString(host));
        if (shown is not null) context.Request.Headers.Authorization = shown;
        await new WebGuard(static _ => Task.CompletedTask, new FleetOptions { Web = web }).InvokeAsync(context);
        return context;
    }
}
