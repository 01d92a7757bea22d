using System.Buffers;
using System.Text;
using Keyway.Licensing.Secrets;
using Keyway.Testing;
using static Keyway.Licensing.LicensePipelineTests;

namespace Keyway.Licensing.Exchanges;

/// <summary>What a service says when it refuses reaches the caller, without what the exchange told it in confidence.</summary>
public sealed class RefusalTextTests
{
    [Theory]
    [InlineData("text/plain", "Your subscription has ended.\n", "Your subscription has ended.")]
    [InlineData("text/plain; charset=utf-8", "Das Abonnement läuft nicht mehr", "Das Abonnement läuft nicht mehr")]
    [InlineData("application/json", """{"reason":"not in this country"}""", "not in this country")]
    [InlineData("application/problem+json", """{"title":"Quota","status":400,"detail":"3 of 3 devices"}""", "Quota; 400; 3 of 3 devices")]
    [InlineData("application/json", """{"errors":[{"code":"E7","asset":"x","inner":{"text":"no asset"}}],"trace":"71f2"}""", "E7; x; no asset")]
    [InlineData("application/json", "[7] no such thing", "[7] no such thing")]
    [InlineData("application/octet-stream", "no such asset", "no such asset")]
    [InlineData(null, "Forbidden", "Forbidden")]
    [InlineData("text/html", "<!doctype html><html><head><title>x</title><style>p{}</style></head><body><h1>Too&nbsp;late</h1> <p>Log in &amp; again</p></body></html>", "Too late Log in & again")]
    [InlineData("application/xml", "<error><code>7</code><text>no film</text></error>", "7 no film")]
    [InlineData("text/plain", "two\r\n  lines\tand\u001b[31m colours", "")]
    [InlineData("text/plain", "   ", "")]
    [InlineData("text/plain", "", "")]
    [InlineData("text/plain", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "")]
    public async Task Words_of_a_refusal_are_in_the_message(string? type, string body, string said)
    {
        LicenseServiceException failure = await RefusedAsync(Encoding.UTF8.GetBytes(body), type);
        failure.Message.Should().Be($"https://license.example answered 400{(said.Length > 0 ? $": {said}" : "")}");
        failure.Status.Should().Be(400);
    }

    [Fact]
    public async Task Words_in_the_alphabet_of_the_west_are_read_where_the_service_says_that_they_are_text() =>
        (await RefusedAsync(Encoding.Latin1.GetBytes("gültig war es gestern"), "text/plain")).Message.Should().EndWith(": gültig war es gestern");

    [Fact]
    public async Task Bytes_that_are_no_text_are_not_shown() =>
        (await RefusedAsync([0x08, 0x05, 0xff, 0xfe, 0x00], "application/octet-stream")).Message.Should().Be("https://license.example answered 400");

    [Fact]
    public async Task Long_answer_is_bounded_and_cut_nowhere_inside_of_a_character()
    {
        string said = string.Concat(Enumerable.Repeat("ä ", 20_000));
        LicenseServiceException failure = await RefusedAsync(Encoding.UTF8.GetBytes(said), "text/plain");
        failure.Message.Length.Should().BeLessThan(600);
        failure.Message.Should().Contain("ä ä").And.NotContain("\uFFFD");
    }

    [Fact]
    public async Task Service_that_repeats_what_it_was_told_in_plain_words_shows_none_of_it()
    {
        FakeLicenseServer server = new();
        server.Next(static (exchange, _) =>
        {
            string token = exchange.Request.Headers["Authorization"].Split(' ')[1];
            return new(FakeLicenseServer.Text(
                $"no {exchange.Request.Headers["Authorization"]}, {token}, {Convert.ToBase64String(Encoding.ASCII.GetBytes(token))}, {exchange.Request.Url}, {Convert.ToBase64String(exchange.Body.ToArray())}", 403));
        });
        LicensePipeline pipeline = Build(server, ("0:Use", "token"), ("0:Source", "secret:token"));
        LicenseServiceException failure = await FailsAsync(pipeline, Exchange("https://license.example/acquire?sig=s1gnature"));
        failure.Message.Should().StartWith("https://license.example answered 403 (forbidden): no ").And.Contain(Redactor.Mask)
            .And.NotContain("t0ken").And.NotContain("dDBrZW4").And.NotContain("s1gnature").And.NotContain(Convert.ToBase64String("License"u8)[..8]);
    }

    [Theory]
    [InlineData("100042")]
    [InlineData("-4010")]
    [InlineData("0x8004C604")]
    [InlineData("8004c604")]
    public async Task Code_of_the_service_is_shown_although_the_url_holds_the_same_digits(string code)
    {
        FakeLicenseServer server = new();
        server.Next(FakeLicenseServer.Text($$$"""{"error":{"code":"{{{code}}}","message":"no {{{code}}}"}}""", 400));
        LicensePipeline pipeline = Build(server, ("0:Use", "challenge"), ("1:Use", "error.json"));
        LicenseServiceException failure = await FailsAsync(pipeline, Exchange($"https://license.example/acquire?asset={code}&t=t0k-{code}"));
        failure.ProviderCode.Should().Be(code);
        failure.Message.Should().EndWith($"{code} no {code}");
    }

    [Theory]
    [InlineData("pin=100042", "100042")]
    [InlineData("t=t0k-100042", "t0k-100042")]
    [InlineData("access_token=100042", "100042")]
    public async Task What_may_be_a_secret_in_the_url_is_masked_whatever_it_looks_like(string member, string secret)
    {
        FakeLicenseServer server = new();
        server.Next(FakeLicenseServer.Text($"no {secret} here", 400));
        (await FailsAsync(Build(server), Exchange($"https://license.example/acquire?{member}"))).Message.Should().EndWith("no *** here");
    }

    [Fact]
    public async Task Licence_under_a_status_that_refuses_shows_no_key_in_whatever_form()
    {
        byte[] key = Convert.FromHexString("b50d1b25559be9bd0a3cbe8ab59232fc");
        string url = Convert.ToBase64String(key).TrimEnd('=').Replace('+', '-').Replace('/', '_'), hex = Convert.ToHexStringLower(key);
        string wrapped = string.Join("\r\n   ", Convert.ToBase64String([.. new byte[60], .. key, .. key]).Chunk(76).Select(static line => new string(line)));
        LeakScan scan = new();
        scan.Plant("the key", key);
        foreach (string body in (string[])
            [
                $$"""{"keys":[{"kty":"oct","kid":"LwVHf8JLtPrv2GUXFW2v_A","k":"{{url}}"}],"type":"temporary"}""", $"the key is {url}", $"the key is {hex}", $"key={hex.ToUpperInvariant()}",
                $"the key is {string.Join(' ', key.Select(static b => b.ToString("x2")))}", $"the key is {string.Join(", ", key)}", $"<License>\r\n   {wrapped}\r\n</License>",
                $$"""{"message":"{{url}} and {{new Guid(key, bigEndian: false)}}"}""", $$"""{"error":[{{string.Join(',', key)}}]}""",
            ])
            scan.Add("message", (await RefusedAsync(Encoding.UTF8.GetBytes(body), "text/plain")).ToString());
        scan.Check();
    }

    private static Task<LicenseServiceException> RefusedAsync(byte[] body, string? type)
    {
        FakeLicenseServer server = new();
        server.Next(new LicenseAnswer { Status = 400, ContentType = type, Body = new ReadOnlySequence<byte>(body) });
        return FailsAsync(Build(server));
    }
}
