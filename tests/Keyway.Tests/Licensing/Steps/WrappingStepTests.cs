using System.Buffers;
using System.Text;
using Keyway.Testing;
using static Keyway.Licensing.LicensePipelineTests;

namespace Keyway.Licensing.Steps;

/// <summary>Challenges are wrapped and answers unwrapped: JSON and base64.</summary>
public sealed class WrappingStepTests
{
    private static readonly KeyId Kid = new(1);

    [Fact]
    public async Task Json_wraps_and_unwraps_as_services_want_it()
    {
        FakeLicenseServer server = new();
        server.Next(FakeLicenseServer.Text("{\"response\":{\"license\":\"TElDRU5TRQ\"}}"));
        LicensePipeline pipeline = Build(
            server, ("0:Use", "challenge"), ("1:Use", "json.wrap"), ("1:Member", "get.challenge"), ("1:Members:get.pid", "{user}"), ("1:Members:token", "secret:token"),
            ("2:Use", "json.unwrap"), ("2:Member", "response.license"));
        string answer = "";
        await RunAsync(pipeline, Exchange(values: new() { ["user"] = "p\"1" }), read: exchange => answer = Encoding.UTF8.GetString(exchange.Answer!.Body));
        string challenge = Convert.ToBase64String(Encoding.UTF8.GetBytes($"License {Kid}"));
        System.Text.Json.Nodes.JsonNode sent = System.Text.Json.Nodes.JsonNode.Parse(server.Received[0].Body)!;
        sent["get"]!["challenge"]!.GetValue<string>().Should().Be(challenge);
        sent["get"]!["pid"]!.GetValue<string>().Should().Be("p\"1");
        sent["token"]!.GetValue<string>().Should().Be("t0ken");
        server.Received[0].Request.ContentType.Should().Be("application/json");
        answer.Should().Be("LICENSE");
    }

    [Theory]
    [InlineData("json.unwrap", "\uFEFF{\"l\":\"TElDRU5TRQ\"}")]
    [InlineData("base64", "\uFEFFTElDRU5TRQ==")]
    public async Task A_byte_order_mark_is_no_part_of_an_answer(string step, string body)
    {
        FakeLicenseServer server = new();
        server.Next(FakeLicenseServer.Text(body));
        LicensePipeline pipeline = step == "base64"
            ? Build(server, ("0:Use", "challenge"), ("1:Use", step), ("1:Apply", "Response"))
            : Build(server, ("0:Use", "challenge"), ("1:Use", step), ("1:Member", "l"));
        string answer = "";
        await RunAsync(pipeline, read: exchange => answer = Encoding.UTF8.GetString(exchange.Answer!.Body));
        answer.Should().Be("LICENSE");
    }

    [Fact]
    public async Task Json_may_hold_the_challenge_as_numbers()
    {
        FakeLicenseServer server = new();
        server.Next(FakeLicenseServer.Text("{\"l\":[76,0,255]}"));
        LicensePipeline pipeline = Build(
            server, ("0:Use", "challenge"), ("1:Use", "json.wrap"), ("1:Member", "info"), ("1:Encode", "Numbers"), ("2:Use", "json.unwrap"), ("2:Member", "l"), ("2:Encode", "Numbers"));
        byte[] answer = [];
        await RunAsync(pipeline, read: exchange => answer = exchange.Answer!.Body.ToArray());
        server.Received[0].Body.Should().StartWith("{\"info\":[76,105,99,");
        answer.Should().Equal(76, 0, 255);
    }

    [Theory]
    [InlineData("VEVYVA==", "TEXT")]
    [InlineData("VEVY\r\nVA", "TEXT")]
    [InlineData("_-8", "\uFFFD\uFFFD")]
    public async Task Base64_is_read_in_either_alphabet(string body, string expected)
    {
        FakeLicenseServer server = new();
        server.Next(FakeLicenseServer.Text(body));
        string answer = "";
        await RunAsync(Build(server, ("0:Use", "challenge"), ("1:Use", "base64")), read: exchange => answer = Encoding.UTF8.GetString(exchange.Answer!.Body));
        answer.Should().Be(expected);
        Convert.FromBase64String(server.Received[0].Body).Should().Equal(Encoding.UTF8.GetBytes($"License {Kid}"));
    }

    [Theory]
    [InlineData("json.unwrap", "<html>")]
    [InlineData("json.unwrap", "{\"other\":1}")]
    [InlineData("base64", "***")]
    public async Task Answer_of_another_form_is_malformed(string step, string body)
    {
        FakeLicenseServer server = new();
        server.Next(FakeLicenseServer.Text(body));
        List<(string, string)> settings = [("0:Use", "challenge"), ("1:Use", step)];
        if (step == "json.unwrap") settings.Add(("1:Member", "license"));
        (await FailsAsync(Build(server, [.. settings]))).Kind.Should().Be(LicenseErrorKind.LicenseMalformed);
    }
}
