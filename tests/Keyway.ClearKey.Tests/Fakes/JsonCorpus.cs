using System.Text.Json;
using Keyway.Testing;

namespace Keyway.ClearKey.Fakes;

/// <summary>Items of the corpus' manifest.</summary>
internal static class JsonCorpus
{
    public static IEnumerable<JsonElement> Items(string kind)
    {
        if (Corpus.Shared is null) Assert.Skip(Corpus.Absent);
        using JsonDocument manifest = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Corpus.Shared!, "corpus", "manifest.json")));
        return [.. manifest.RootElement.GetProperty("items").EnumerateArray().Where(item => item.GetProperty("kind").GetString() == kind).Select(item => item.Clone())];
    }

    public static byte[] Bytes(JsonElement item) => File.ReadAllBytes(Path.Combine(Corpus.Shared!, "corpus", item.GetProperty("file").GetString()!));

    public static string Id(JsonElement item) => item.GetProperty("id").GetString()!;
}
