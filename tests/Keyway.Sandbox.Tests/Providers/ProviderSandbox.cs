using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Keyway.Sandbox.PlayReady;
using Keyway.Sandbox.Widevine;
using PlayReadyClient = Keyway.Sandbox.PlayReady.TestClient;
using WidevineClient = Keyway.Sandbox.Widevine.TestClient;

namespace Keyway.Sandbox.Providers;

/// <summary>One sandbox for all forms on the wire, and clients for it.</summary>
public sealed class ProviderSandbox : IAsyncLifetime
{
    // The HD key of the sample.
    public const string Kid = "d2aca19319b8ca2fa0315b7842893e3a";
    public const string Key = "1ad800b533458b71332d079ebb47c7dd";

    private SandboxProcess? _sandbox;
    private WidevineClient? _widevine;
    private PlayReadyClient? _playReady;

    public HttpClient Http => _sandbox!.Http;

    public string Data => _sandbox!.Data;

    /// <summary>The service certificate that clients must be given.</summary>
    public byte[] Certificate { get; private set; } = [];

    internal PlayReadyClient PlayReady => _playReady!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _sandbox = await SandboxProcess.StartAsync();
        _widevine = await WidevineSandbox.CredentialAsync(Http);
        _playReady = await PlayReadyClient.MakeAsync(Http);
        Certificate = (await WidevineSandbox.TrustAsync(Http)).GetProperty("serviceCertificate").GetBytesFromBase64();
    }

    public async ValueTask DisposeAsync()
    {
        _widevine?.Dispose();
        if (_sandbox is not null) await _sandbox.DisposeAsync();
    }

    public Task<string> TokenAsync(string provider, string query = "") => Http.GetStringAsync($"/providers/{provider}/token{query}", Token);

    /// <summary>A JSON Web Token, made here by the sandbox's key.</summary>
    public async Task<string> MakeJwtAsync(string header, string claims)
    {
        await TokenAsync("axinom");   // by now the file is there
        byte[] key = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(Data, "providers.json"), Token)).RootElement.GetProperty("communicationKey").GetBytesFromBase64();
        string signed = $"{Encode(Encoding.UTF8.GetBytes(header))}.{Encode(Encoding.UTF8.GetBytes(claims))}";
        return $"{signed}.{Encode(HMACSHA256.HashData(key, Encoding.ASCII.GetBytes(signed)))}";

        static string Encode(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');
    }

    internal (byte[] Msg, byte[] Message) Ask()
    {
        byte[] msg = _widevine!.New(WidevineSandbox.Payload(Kid));
        return (msg, _widevine.Sign(msg));
    }

    /// <summary>Is the licence that was asked for.</summary>
    internal void IsLicense(byte[] answer, byte[] msg) => _widevine!.Open(answer, msg).Keys.Should().ContainSingle().Which.Key.Should().Be(Key);

    /// <summary>Is the service certificate.</summary>
    internal void IsCertificate(byte[] answer)
    {
        WireMessage message = new(answer);
        message.Number(1).Should().Be(5);
        message.Bytes(2).Should().Equal(Certificate);
    }

    /// <summary>Is a message with the licence that was asked for.</summary>
    internal void IsPlayReadyLicense(string text) =>
        new TestAnswer(HttpStatusCode.OK, "", text).Licenses.Should().ContainSingle().Which.Open(_playReady!.Device.Encrypt).Should().Equal(Convert.FromHexString(Key));

    internal string PlayReadyChallenge(string? customData = null) =>
        (_playReady!.Challenge with { Header = TestChallenge.Of40(new Guid(Convert.FromHexString(Kid), bigEndian: true)), CustomData = customData }).Write();

    /// <summary>Sends a body.</summary>
    internal async Task<Reply> PostAsync(string path, byte[] body, string contentType = "application/octet-stream", params (string Name, string Value)[] headers)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        foreach ((string name, string value) in headers) request.Headers.TryAddWithoutValidation(name, value).Should().BeTrue();
        using HttpResponseMessage response = await Http.SendAsync(request, Token);
        return await Reply.ReadAsync(response);
    }

    internal async Task<Reply> GetAsync(string path)
    {
        using HttpResponseMessage response = await Http.GetAsync(path, Token);
        return await Reply.ReadAsync(response);
    }

    /// <summary>Sends a PlayReady challenge.</summary>
    internal Task<Reply> PlayReadyAsync(string path, string? customData = null, params (string Name, string Value)[] headers) =>
        PostAsync(path, Encoding.UTF8.GetBytes(PlayReadyChallenge(customData)), "text/xml; charset=utf-8", headers);

    internal sealed record Reply(HttpStatusCode Status, string ContentType, string Reason, string Notes, string? AxinomError, byte[] Body)
    {
        public string Text => Encoding.UTF8.GetString(Body);

        public JsonElement Json => JsonDocument.Parse(Body).RootElement;

        public static async Task<Reply> ReadAsync(HttpResponseMessage response) => new(
            response.StatusCode,
            response.Content.Headers.ContentType?.MediaType ?? "",
            response.ReasonPhrase ?? "",
            response.Headers.TryGetValues("X-Keyway-Emulator", out IEnumerable<string>? notes) ? notes.Single() : "",
            response.Headers.TryGetValues("X-AxDRM-ErrorMessage", out IEnumerable<string>? error) ? error.Single() : null,
            await response.Content.ReadAsByteArrayAsync(Token));
    }
}

[CollectionDefinition(Name)]
public sealed class ProviderSandboxes : ICollectionFixture<ProviderSandbox>
{
    public const string Name = "Provider sandbox";
}
