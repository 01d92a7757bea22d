using System.Net;
using System.Text.Json;

namespace Keyway.Sandbox.Widevine;

/// <summary>One sandbox, and one device of its making, for all tests of its Widevine service that only ask it something.</summary>
public sealed class WidevineSandbox : IAsyncLifetime
{
    public const string Collection = "Widevine sandbox";
    public const string OwnKid = "00112233445566778899aabbccddeeff";
    public const string OwnKey = "0f0e0d0c0b0a09080706050403020100";
    public const string OtherKid = "ffeeddccbbaa99887766554433221100";
    public const string OtherKey = "00010203040506070809101112131415";

    private readonly string _keys = Path.GetTempFileName();
    private SandboxProcess? _sandbox;
    private TestClient? _client;

    public HttpClient Http => _sandbox!.Http;

    public string Data => _sandbox!.Data;

    /// <summary>The trust document's part.</summary>
    public JsonElement Trust { get; private set; }

    internal TestClient Client => _client!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await WriteKeysAsync(_keys);
        _sandbox = await SandboxProcess.StartAsync("--keys", _keys);
        Trust = await TrustAsync(Http);
        _client = await CredentialAsync(Http);
    }

    public async ValueTask DisposeAsync()
    {
        _client?.Dispose();
        if (_sandbox is not null) await _sandbox.DisposeAsync();
        File.Delete(_keys);
    }

    public static Task WriteKeysAsync(string file) => File.WriteAllTextAsync(file, $$"""
        { "keys": [
          { "label": "own", "kid": "{{OwnKid}}", "key": "{{OwnKey}}", "content": "title-1" },
          { "label": "other", "kid": "{{OtherKid}}", "key": "{{OtherKey}}", "content": "title-1" } ] }
        """);

    internal static async Task<JsonElement> TrustAsync(HttpClient http) => JsonDocument.Parse(await http.GetStringAsync("/trust", Token)).RootElement.GetProperty("widevine");

    internal static async Task<TestClient> CredentialAsync(HttpClient http, string query = "")
    {
        using HttpResponseMessage response = await http.PostAsync("/credential/widevine" + query, null, Token);
        response.StatusCode.Should().Be(HttpStatusCode.OK);
        JsonElement files = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Token)).RootElement;
        return new TestClient(files.GetProperty("private_key.pem").GetBytesFromBase64(), files.GetProperty("client_id.bin").GetBytesFromBase64());
    }

    /// <summary>The payload that names key identifiers.</summary>
    internal static byte[] Payload(params string[] kids) => kids.Aggregate(new WireWriter(), (wire, kid) => wire.Bytes(2, Convert.FromHexString(kid))).Done();

    internal async Task<(HttpStatusCode Status, byte[] Body)> PostAsync(byte[] body, string query = "")
    {
        using ByteArrayContent content = new(body);
        using HttpResponseMessage response = await Http.PostAsync("/widevine" + query, content, Token);
        if (response.StatusCode == HttpStatusCode.OK) response.Content.Headers.ContentType!.MediaType.Should().Be("application/octet-stream");
        response.Headers.CacheControl!.NoStore.Should().BeTrue();
        return (response.StatusCode, await response.Content.ReadAsByteArrayAsync(Token));
    }

    /// <summary>Gets whatever comes.</summary>
    internal async Task<byte[]> PostRawAsync(byte[] body, string query)
    {
        using ByteArrayContent content = new(body);
        using HttpResponseMessage response = await Http.PostAsync("/widevine" + query, content, Token);
        return await response.Content.ReadAsByteArrayAsync(Token);
    }

    /// <summary>Gets an answer that is no refusal.</summary>
    internal async Task<byte[]> AskAsync(byte[] body, string query = "")
    {
        (HttpStatusCode status, byte[] answer) = await PostAsync(body, query);
        status.Should().Be(HttpStatusCode.OK, "{0}", System.Text.Encoding.UTF8.GetString(answer));
        return answer;
    }

    /// <summary>Gets and opens a licence.</summary>
    internal async Task<TestLicense> LicenseAsync(string query = "", byte[]? payload = null, TestRequest? request = null, TestClient? client = null)
    {
        client ??= Client;
        byte[] msg = client.New(payload ?? Payload(OwnKid), request);
        return client.Open(await AskAsync(client.Sign(msg), query), msg);
    }

    /// <summary>Is refused.</summary>
    internal async Task RefusesAsync(byte[] body, string error, HttpStatusCode status = HttpStatusCode.BadRequest, string query = "")
    {
        (HttpStatusCode answered, byte[] answer) = await PostAsync(body, query);
        JsonElement json = JsonDocument.Parse(answer).RootElement;
        json.GetProperty("error").GetString().Should().Be(error, "{0}", json.GetProperty("message").GetString());
        answered.Should().Be(status);
    }
}

[CollectionDefinition(WidevineSandbox.Collection)]
public sealed class WidevineSandboxes : ICollectionFixture<WidevineSandbox>;
