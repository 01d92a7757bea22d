using System.Net;
using System.Text;
using System.Text.Json;
using Keyway.Testing;

namespace Keyway.Sandbox;

public sealed class ClearKeyEndpointTests(SharedSandbox sandbox) : IClassFixture<SharedSandbox>
{
    private const string Own = """{"kids":["ABEiM0RVZneImaq7zN3u_w"],"type":"temporary"}""";   // base64 -w0 of the bytes, by coreutils

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Key_of_a_file_is_handed_out()
    {
        using HttpResponseMessage response = await PostAsync(Own);

        response.StatusCode.Should().Be(HttpStatusCode.OK);
        response.Content.Headers.ContentType!.MediaType.Should().Be("application/json");
        response.Headers.CacheControl!.NoStore.Should().BeTrue();
        (await response.Content.ReadAsStringAsync(Token)).Should()
            .Be("""{"keys":[{"kty":"oct","kid":"ABEiM0RVZneImaq7zN3u_w","k":"Dw4NDAsKCQgHBgUEAwIBAA"}],"type":"temporary"}""");
    }

    [Fact]
    public async Task Every_key_of_the_sample_is_handed_out()
    {
        JsonElement[] sample = [.. JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(Corpus.Root, "samples", "keys.json"), Token)).RootElement.GetProperty("keys").EnumerateArray()];
        string kids = string.Join(',', sample.Select(key => $"\"{Base64Url(key.GetProperty("kid").GetString()!)}\""));

        using HttpResponseMessage response = await PostAsync($$"""{"kids":[{{kids}}],"type":"temporary"}""");

        JsonElement license = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Token)).RootElement;
        license.GetProperty("keys").EnumerateArray().Select(key => (key.GetProperty("kid").GetString()!, key.GetProperty("k").GetString()!))
            .Should().Equal(sample.Select(key => (Base64Url(key.GetProperty("kid").GetString()!), Base64Url(key.GetProperty("key").GetString()!))));
    }

    [Fact]
    public async Task Key_that_is_not_known_is_named()
    {
        using HttpResponseMessage response = await PostAsync("""{"kids":["ABEiM0RVZneImaq7zN3u_w","AAAAAAAAAAAAAAAAAAAAAA"],"type":"temporary"}""");

        response.StatusCode.Should().Be(HttpStatusCode.NotFound);
        JsonElement error = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Token)).RootElement;
        error.GetProperty("error").GetString().Should().Be("unknown-key");
        error.GetProperty("kid").GetString().Should().Be("00000000000000000000000000000000");
    }

    [Fact]
    public async Task Identifiers_have_any_length()
    {
        string data = Directory.CreateTempSubdirectory("keyway-sandbox-").FullName;
        try
        {
            string file = Path.Combine(data, "odd.json");
            await File.WriteAllTextAsync(file, """{ "keys": [ { "kid": "0102030405", "key": "0f0e0d0c0b0a09080706050403020100" } ] }""", Token);
            ContentKeys keys = ContentKeys.Load([file]);
            keys.FindOpaque("0102030405")!.Key.Should().Equal(Convert.FromHexString("0f0e0d0c0b0a09080706050403020100"));
            keys.All.Should().NotContain(static key => key.Kid == "0102030405", "no other service knows such identifiers");
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }

        using HttpResponseMessage response = await PostAsync("""{"kids":["ABEi"],"type":"temporary"}""");
        response.StatusCode.Should().Be(HttpStatusCode.NotFound);
        JsonDocument.Parse(await response.Content.ReadAsStringAsync(Token)).RootElement.GetProperty("kid").GetString().Should().Be("001122");
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"kids":[],"type":"temporary"}""")]
    [InlineData("""{"kids":[1],"type":"temporary"}""")]
    [InlineData("""{"kids":["ABEiM0RVZneImaq7zN3u_w=="],"type":"temporary"}""")]
    [InlineData("""{"kids":["ABEiM0RVZneImaq7zN3u/w"],"type":"temporary"}""")]
    [InlineData("""{"kids":["ABEiM"],"type":"temporary"}""")]
    [InlineData("""{"kids":[""],"type":"temporary"}""")]
    [InlineData("""{"kids":["ABEiM0RVZneImaq7zN3u_w"],"type":"persistent-license"}""")]
    [InlineData("""{"kids":["ABEiM0RVZneImaq7zN3u_w"]}""")]
    public async Task Request_that_is_not_as_the_standard_has_it_is_refused(string body)
    {
        using HttpResponseMessage response = await PostAsync(body);
        response.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        JsonDocument.Parse(await response.Content.ReadAsStringAsync(Token)).RootElement.GetProperty("error").GetString().Should().Be("bad-request");
    }

    [Theory]
    [InlineData("text/plain;charset=UTF-8")]   // what a browser says of a text
    [InlineData("application/octet-stream")]
    [InlineData("application/json")]
    [InlineData(null)]                         // Shaka Player sends bytes, of which a browser says nothing
    public async Task Content_type_is_taken_as_it_comes(string? type)
    {
        using ByteArrayContent content = new(Encoding.UTF8.GetBytes(Own));
        if (type is not null) content.Headers.Add("Content-Type", type);
        using HttpResponseMessage response = await sandbox.Http.PostAsync("/clearkey", content, Token);
        response.StatusCode.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Request_that_is_too_long_is_refused()
    {
        using HttpRequestMessage request = new(HttpMethod.Post, "/clearkey") { Content = new StringContent(new string(' ', 2 << 20), Encoding.UTF8, "application/json") };
        request.Headers.ExpectContinue = true;   // so that the answer comes before the body goes
        using HttpResponseMessage length = await sandbox.Http.SendAsync(request, Token);
        length.StatusCode.Should().Be(HttpStatusCode.RequestEntityTooLarge);

        using HttpResponseMessage method = await sandbox.Http.GetAsync("/clearkey", Token);
        method.StatusCode.Should().Be(HttpStatusCode.MethodNotAllowed);
    }

    [Fact]
    public async Task Status_can_be_asked_for_a_number_of_times()
    {
        string query = "?fault=status:503,retry-after:2,times:2&run=" + Guid.NewGuid();
        List<HttpStatusCode> seen = [];
        for (int i = 0; i < 4; i++)
        {
            using HttpResponseMessage response = await PostAsync(Own, query);
            seen.Add(response.StatusCode);
            response.Headers.RetryAfter?.Delta.Should().Be(TimeSpan.FromSeconds(2));
        }

        seen.Should().Equal(HttpStatusCode.ServiceUnavailable, HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK, HttpStatusCode.OK);
    }

    [Fact]
    public async Task Once_is_once_for_each_address()
    {
        string query = "?fault=status:500,once&run=" + Guid.NewGuid();
        foreach (HttpStatusCode expected in new[] { HttpStatusCode.InternalServerError, HttpStatusCode.OK })
        {
            using HttpResponseMessage response = await PostAsync(Own, query);
            using HttpResponseMessage other = await PostAsync(Own, query + "x");
            response.StatusCode.Should().Be(expected);
            other.StatusCode.Should().Be(expected);
        }
    }

    [Fact]
    public async Task Media_type_and_body_can_be_asked_for()
    {
        using HttpResponseMessage response = await PostAsync(Own, "?fault=content-type:text/html,body:" + Uri.EscapeDataString("<p>no, none"));
        response.StatusCode.Should().Be(HttpStatusCode.OK);
        response.Content.Headers.ContentType!.MediaType.Should().Be("text/html");
        (await response.Content.ReadAsStringAsync(Token)).Should().Be("<p>no, none");
    }

    [Fact]
    public async Task Delay_can_be_asked_for()
    {
        using CancellationTokenSource impatience = CancellationTokenSource.CreateLinkedTokenSource(Token);
        impatience.CancelAfter(TimeSpan.FromMilliseconds(100));
        Func<Task> ask = async () => (await sandbox.Http.GetAsync("/?fault=delay:60s", impatience.Token)).Dispose();
        await ask.Should().ThrowAsync<OperationCanceledException>();

        using HttpResponseMessage response = await PostAsync(Own, "?fault=delay:1ms");
        response.StatusCode.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Body_can_be_cut()
    {
        Func<Task> ask = async () => (await PostAsync(Own, "?fault=cut")).Dispose();
        (await ask.Should().ThrowAsync<HttpRequestException>()).WithInnerException<HttpIOException>().Which.HttpRequestError.Should().Be(HttpRequestError.ResponseEnded);
    }

    [Fact]
    public async Task Connection_can_be_reset()
    {
        Func<Task> ask = async () => (await PostAsync(Own, "?fault=reset")).Dispose();
        await ask.Should().ThrowAsync<HttpRequestException>();
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("status:42")]
    [InlineData("status")]
    [InlineData("delay:2")]
    [InlineData("delay:61s")]
    [InlineData("times:0")]
    [InlineData("cut:1")]
    [InlineData("content-type:a%0d%0aX: b")]
    public async Task Fault_that_there_is_not_is_refused(string fault)
    {
        using HttpResponseMessage response = await PostAsync(Own, "?fault=" + fault);
        response.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        (await response.Content.ReadAsStringAsync(Token)).Should().Contain("bad-fault");
    }

    private async Task<HttpResponseMessage> PostAsync(string body, string query = "", string contentType = "application/json")
    {
        using StringContent content = new(body, Encoding.UTF8, contentType);
        return await sandbox.Http.PostAsync("/clearkey" + query, content, Token);
    }

    private static string Base64Url(string hex) => System.Buffers.Text.Base64Url.EncodeToString(Convert.FromHexString(hex));
}
