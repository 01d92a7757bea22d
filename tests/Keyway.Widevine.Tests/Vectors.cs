using System.Text.Json;
using Keyway.Testing;

namespace Keyway.Widevine;

/// <summary><c>vectors/widevine.json</c> of the shared folder. Tests that need it skip, visibly, where it is absent.</summary>
internal static class Vectors
{
    private static readonly Lazy<JsonElement> Root = new(() =>
        JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Corpus.Shared!, "vectors", "widevine.json"))).RootElement);

    public static JsonElement Read()
    {
        if (Corpus.Shared is null) Assert.Skip(Corpus.Absent);
        return Root.Value;
    }

    public static string Text(this JsonElement element, string name) => element.GetProperty(name).GetString()!;

    public static byte[] Hex(this JsonElement element, string name) => Convert.FromHexString(element.Text(name));

    public static byte[] Base64(this JsonElement element, string name) => Convert.FromBase64String(element.Text(name));
}
