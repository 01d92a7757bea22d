using System.Text.Json.Nodes;

namespace Keyway.PlayReady;

/// <summary>The public vectors and the recorded exchanges, where they are beside the checkout.</summary>
internal static class SharedVectors
{
    public static JsonObject Public => Read("vectors/playready.json");

    public static JsonObject Exchanges => Read("vectors/playready-exchanges.json");

    public static JsonObject Corpus => Read("corpus/manifest.json");

    public static string Text(this JsonNode? node, string name) => node![name]!.GetValue<string>();

    public static byte[] Base64(this JsonNode? node, string name) => Convert.FromBase64String(node.Text(name));

    public static byte[] Hex(this JsonNode? node, string name) => Convert.FromHexString(node.Text(name));

    public static KeyId Id(string text) => KeyId.TryParse(text, out KeyId id) ? id : throw new FormatException(text);

    public static string PathOf(string relative)
    {
        Assert.SkipWhen(Testing.Corpus.Shared is null, Testing.Corpus.Absent);
        return Path.Combine(Testing.Corpus.Shared!, relative);
    }

    private static JsonObject Read(string relative) => JsonNode.Parse(File.ReadAllText(PathOf(relative)))!.AsObject();
}
