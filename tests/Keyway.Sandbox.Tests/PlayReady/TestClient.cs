using System.Text;
using System.Text.Json;

namespace Keyway.Sandbox.PlayReady;

/// <summary>A client of the sandbox: its settings, and how to ask.</summary>
internal sealed record TestClient(HttpClient Http, TestDevice Device, byte[] Root, byte[] ServerKey)
{
    public const string Path = "/playready/rightsmanager.asmx";

    public static readonly Guid OwnKid = new(SharedSandbox.OwnKid);

    public TestChallenge Challenge => new() { Device = Device, ServerKey = ServerKey };

    public static async Task<TestClient> MakeAsync(HttpClient http, string query = "")
    {
        JsonElement trust = JsonDocument.Parse(await http.GetStringAsync("/trust", TestContext.Current.CancellationToken)).RootElement.GetProperty("playready");
        return new TestClient(http, await TestDevice.GetAsync(http, query), trust.GetProperty("rootPublicKey").GetBytesFromBase64(), trust.GetProperty("serverEncryptionKey").GetBytesFromBase64());
    }

    public Task<TestAnswer> AskAsync(string query = "") => AskAsync(Challenge, query);

    public Task<TestAnswer> AskAsync(TestChallenge challenge, string query = "") => SendAsync(challenge.Write(), query);

    public async Task<TestAnswer> SendAsync(string message, string query = "", string? action = "\"http://schemas.microsoft.com/DRM/2007/03/protocols/AcquireLicense\"")
    {
        using HttpRequestMessage request = new(HttpMethod.Post, Path + query) { Content = new StringContent(message, Encoding.UTF8, "text/xml") };
        if (action is not null) request.Headers.Add("SOAPAction", action);
        using HttpResponseMessage response = await Http.SendAsync(request, TestContext.Current.CancellationToken);
        return new TestAnswer(response.StatusCode, response.Content.Headers.ContentType!.ToString(), await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }
}
