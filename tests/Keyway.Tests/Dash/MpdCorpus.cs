using System.Text.Json;
using Keyway.Testing;

namespace Keyway.Dash;

/// <summary>The items of the corpus that hold manifests and headers, with what an independent reader found in them.</summary>
internal static class MpdCorpus
{
    public static IEnumerable<string> Ids(string kind) => Corpus.Shared is null ? [] : Items(kind).Select(static item => item.GetProperty("id").GetString()!);

    public static JsonElement Item(string id) => All().First(item => item.GetProperty("id").GetString() == id);

    public static byte[] Bytes(JsonElement item) => File.ReadAllBytes(PathOf(item));

    public static string PathOf(JsonElement item) => Path.Combine(Corpus.Shared!, "corpus", item.GetProperty("file").GetString()!);

    private static IEnumerable<JsonElement> Items(string kind) => All().Where(item => item.GetProperty("kind").GetString() == kind);

    private static JsonElement.ArrayEnumerator All() => Document.Value.RootElement.GetProperty("items").EnumerateArray();

    private static readonly Lazy<JsonDocument> Document = new(static () => JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Corpus.Shared!, "corpus", "manifest.json"))));
}
