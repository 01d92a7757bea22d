using System.Net;
using System.Text;
using System.Text.Json;
using Keyway.Sandbox.PlayReady;
using Keyway.Sandbox.Widevine;
using PlayReadyClient = Keyway.Sandbox.PlayReady.TestClient;
using WidevineClient = Keyway.Sandbox.Widevine.TestClient;

namespace Keyway.Sandbox.ExpressPlay;

/// <summary>One sandbox with both environments, and what a customer of ExpressPlay has.</summary>
public sealed class ExpressPlaySandbox : IAsyncLifetime
{
    public const string Collection = "ExpressPlay sandbox";

    // Neither is a key of the sandbox: what comes in a licence can only have come with the token.
    public const string Kid = "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf";
    public const string Key = "b0b1b2b3b4b5b6b7b8b9babbbcbdbebf";
    public const string OtherKid = "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf";
    public const string OtherKey = "d0d1d2d3d4d5d6d7d8d9dadbdcdddedf";

    private SandboxProcess? _sandbox;
    private WidevineClient? _widevine;
    private PlayReadyClient? _playReady;
    private JsonElement _accounts;

    public HttpClient Http => _sandbox!.Http;

    public string Data => _sandbox!.Data;

    /// <summary>The production environment's address.</summary>
    public Uri Production { get; private set; } = new("about:blank");

    internal WidevineClient Widevine => _widevine!;

    internal PlayReadyClient PlayReady => _playReady!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _sandbox = await SandboxProcess.StartAsync("--production-port", "0");
        Production = new Uri(JsonDocument.Parse(_sandbox.ReadyLine).RootElement.GetProperty("production").GetString()!);
        _accounts = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(Data, "expressplay.json"), Token)).RootElement.GetProperty("accounts");
        _widevine = await WidevineSandbox.CredentialAsync(Http);
        _playReady = await PlayReadyClient.MakeAsync(Http, "?level=2000");
    }

    public async ValueTask DisposeAsync()
    {
        _widevine?.Dispose();
        if (_sandbox is not null) await _sandbox.DisposeAsync();
    }

    /// <summary>The customer authenticator of an account.</summary>
    public string Authenticator(string account) => _accounts.EnumerateArray().Single(one => one.GetProperty("name").GetString() == account).GetProperty("authenticator").GetString()!;

    /// <summary>A request that is right. Changes: <c>name=value</c> sets a parameter, <c>-name</c> takes it away; <c>{account}</c> stands for its authenticator.</summary>
    public Dictionary<string, string> Order(string system, params string[] changes)
    {
        Dictionary<string, string> order = new()
        {
            ["customerAuthenticator"] = Authenticator("test"),
            ["errorFormat"] = "json",
            ["kid"] = Kid,
            ["contentKey"] = Key,
        };
        foreach (string parameter in system == "wv"
            ? (string[])["securityLevel=1", "hdcpOutputControl=0"]
            : ["rightsType=BuyToOwn", "analogVideoOPL=100", "compressedDigitalAudioOPL=100", "compressedDigitalVideoOPL=100", "uncompressedDigitalAudioOPL=100", "uncompressedDigitalVideoOPL=100"])
            Change(parameter);
        foreach (string change in changes) Change(change);
        return order;

        void Change(string change)
        {
            if (change.StartsWith('-'))
            {
                order.Remove(change[1..]);
                return;
            }

            string[] pair = change.Split('=', 2);
            order[pair[0]] = pair[1] is ['{', .. string account, '}'] ? Authenticator(account) : pair[1];
        }
    }

    /// <summary>Asks for a token with GET.</summary>
    internal async Task<(HttpResponseMessage Response, string Body)> GetAsync(string system, Dictionary<string, string> order, string knobs = "", string host = "")
    {
        using FormUrlEncodedContent query = new(order);
        HttpResponseMessage response = await Http.GetAsync($"{host}/hms/{system}/token?{await query.ReadAsStringAsync(Token)}{knobs}", Token);
        return (response, await response.Content.ReadAsStringAsync(Token));
    }

    /// <summary>Asks for a token that there is.</summary>
    /// <returns>The licence address, complete.</returns>
    internal async Task<string> TokenAsync(string system, string knobs = "", params string[] changes)
    {
        (HttpResponseMessage response, string body) = await GetAsync(system, Order(system, changes), knobs);
        using HttpResponseMessage _ = response;
        response.StatusCode.Should().Be(HttpStatusCode.OK, body);
        return Url(body);
    }

    /// <summary>Reads an answer as a client must: by its first letter and not by its media type.</summary>
    internal static string Url(string body)
    {
        if (body.TrimStart()[0] != '{') return body.Split('\n').Select(line => line.Trim()).First(line => line.Length > 0 && line[0] != '#');
        JsonElement json = JsonDocument.Parse(body).RootElement;
        json.EnumerateObject().Select(member => member.Name).Should().Equal("licenseAcquisitionUrl", "token");
        return $"{json.GetProperty("licenseAcquisitionUrl").GetString()}?ExpressPlayToken={json.GetProperty("token").GetString()}";
    }

    internal static string TokenOf(string url) => url[(url.IndexOf("ExpressPlayToken=", StringComparison.Ordinal) + "ExpressPlayToken=".Length)..].Split('&')[0];

    /// <summary>Sends any message to a licence address.</summary>
    internal async Task<(HttpResponseMessage Response, byte[] Body)> PostAsync(string url, byte[] body, string? header = null)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, url) { Content = new ByteArrayContent(body) };
        if (header is not null) request.Headers.Add("ExpressPlayToken", header);
        HttpResponseMessage response = await Http.SendAsync(request, Token);
        return (response, await response.Content.ReadAsByteArrayAsync(Token));
    }

    /// <summary>Gets a Widevine licence and opens it.</summary>
    internal async Task<Widevine.TestLicense> WidevineLicenseAsync(string url, string? header = null, params string[] kids)
    {
        byte[] msg = Widevine.New(WidevineSandbox.Payload(kids.Length > 0 ? kids : [Kid]));
        (HttpResponseMessage response, byte[] body) = await PostAsync(url, Widevine.Sign(msg), header);
        using HttpResponseMessage _ = response;
        response.StatusCode.Should().Be(HttpStatusCode.OK, Encoding.UTF8.GetString(body));
        response.Content.Headers.ContentType!.MediaType.Should().Be("application/octet-stream");
        return Widevine.Open(body, msg);
    }

    /// <summary>Is refused a Widevine licence.</summary>
    internal async Task<string> WidevineRefusalAsync(string url, int code, string? header = null)
    {
        (HttpResponseMessage response, byte[] body) = await PostAsync(url, Widevine.Sign(Widevine.New(WidevineSandbox.Payload(Kid))), header);
        using HttpResponseMessage _ = response;
        response.IsSuccessStatusCode.Should().BeFalse();
        response.Headers.GetValues("X-Keyway-Emulator").Should().Equal("assumed=status");
        return Error(Encoding.UTF8.GetString(body), code);
    }

    /// <summary>Asks for a PlayReady licence, with the token of an address in any of the three places.</summary>
    internal async Task<TestAnswer> PlayReadyAsync(string url, Guid? kid = null, string placement = "query", long? time = null)
    {
        string token = url.Contains("ExpressPlayToken=", StringComparison.Ordinal) ? TokenOf(url) : "";
        if (placement != "query") url = url.Replace($"?ExpressPlayToken={token}&", "?", StringComparison.Ordinal).Replace($"?ExpressPlayToken={token}", "", StringComparison.Ordinal);
        TestChallenge challenge = PlayReady.Challenge with
        {
            Header = TestChallenge.Of40(kid ?? KidOf(Kid)),
            CustomData = placement == "CustomData" ? token : null,
        };
        if (time is { } seconds) challenge = challenge with { Time = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture) };
        using HttpRequestMessage request = new(HttpMethod.Post, url) { Content = new StringContent(challenge.Write(), Encoding.UTF8, "text/xml") };
        request.Headers.Add("SOAPAction", "\"http://schemas.microsoft.com/DRM/2007/03/protocols/AcquireLicense\"");
        if (placement == "header") request.Headers.Add("ExpressPlayToken", token);
        using HttpResponseMessage response = await Http.SendAsync(request, Token);
        return new TestAnswer(response.StatusCode, response.Content.Headers.ContentType!.ToString(), await response.Content.ReadAsStringAsync(Token));
    }

    /// <summary>A KID as PlayReady has it.</summary>
    internal static Guid KidOf(string kid) => new(Convert.FromHexString(kid), bigEndian: true);

    /// <summary>Is a fault that begins with a code.</summary>
    internal static string Fault(TestAnswer answer, int code)
    {
        answer.Status.Should().Be(HttpStatusCode.InternalServerError);
        answer.ContentType.Should().StartWith("text/xml");
        answer.StatusCode.Should().Be("0x8004C604");
        return answer.Find("faultstring").Should().StartWith($"[{code}] ").And.Subject;
    }

    /// <summary>Reads an error in JSON.</summary>
    internal static string Error(string body, int code)
    {
        JsonElement root = JsonDocument.Parse(body).RootElement, error = root.GetProperty("error");
        root.EnumerateObject().Should().ContainSingle();
        error.EnumerateObject().Select(member => member.Name).Should().Equal("code", "message");
        error.GetProperty("code").GetInt32().Should().Be(code, "{0}", body);
        return error.GetProperty("message").GetString().Should().StartWith($"[{code}] ").And.Subject;
    }

    /// <summary>The log of redemptions.</summary>
    internal async Task<JsonElement[]> LogAsync(string query) =>
        [.. JsonDocument.Parse(await Http.GetStringAsync("/expressplay/redemptions" + query, Token)).RootElement.GetProperty("records").EnumerateArray()];
}

[CollectionDefinition(ExpressPlaySandbox.Collection)]
public sealed class ExpressPlaySandboxes : ICollectionFixture<ExpressPlaySandbox>;
