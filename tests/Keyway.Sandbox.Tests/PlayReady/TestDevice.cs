using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Keyway.Sandbox.PlayReady;

/// <summary>A device, as an integrator gets it.</summary>
internal sealed record TestDevice(byte[] Chain, ECDsa Sign, ECDsa Encrypt)
{
    public static async Task<TestDevice> GetAsync(HttpClient http, string query = "")
    {
        using HttpResponseMessage response = await http.PostAsync("/credential/playready" + query, null, TestContext.Current.CancellationToken);
        JsonElement files = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement;
        files.EnumerateObject().Select(member => member.Name).Should().Equal("chain", "signKey", "encryptKey");
        return new TestDevice(files.GetProperty("chain").GetBytesFromBase64(), Pem(files.GetProperty("signKey")), Pem(files.GetProperty("encryptKey")));
    }

    public static ECDsa Pem(JsonElement base64) => Pem(base64.GetBytesFromBase64());

    public static ECDsa Pem(byte[] pem)
    {
        string text = Encoding.ASCII.GetString(pem);
        text.Should().StartWith("-----BEGIN PRIVATE KEY-----\n");
        ECDsa key = ECDsa.Create();
        key.ImportFromPem(text);
        return key;
    }
}
