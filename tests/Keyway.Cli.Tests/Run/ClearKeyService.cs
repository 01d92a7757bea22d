using System.Net;
using System.Text.Json;

namespace Keyway.Cli.Run;

/// <summary>A licence service of the tests that gives the sample's keys, so that they can see what it is sent.</summary>
internal static class ClearKeyService
{
    public static void Answer(HttpListenerContext context)
    {
        using JsonDocument request = JsonDocument.Parse(context.Request.InputStream);
        string[] labels = ["HD", "SD", "AUDIO"];
        string[] keys =
        [
            .. from kid in request.RootElement.GetProperty("kids").EnumerateArray()
               let label = labels.Single(label => Base64Url(Sample.Kid(label)) == kid.GetString())
               select $$"""{"kty":"oct","kid":"{{Base64Url(Sample.Kid(label))}}","k":"{{Base64Url(Sample.Key(label))}}"}""",
        ];
        context.Response.ContentType = "application/json";
        using StreamWriter body = new(context.Response.OutputStream);
        body.Write($$"""{"keys":[{{string.Join(',', keys)}}],"type":"temporary"}""");
    }

    private static string Base64Url(string hex) => Convert.ToBase64String(Convert.FromHexString(hex)).TrimEnd('=').Replace('+', '-').Replace('/', '_');
}
