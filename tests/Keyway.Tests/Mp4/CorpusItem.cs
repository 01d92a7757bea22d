using System.Text.Json;
using Keyway.Testing;

namespace Keyway.Mp4;

/// <summary>One entry of the corpus's manifest.</summary>
internal sealed class CorpusItem(JsonElement json)
{
    private static readonly Lazy<IReadOnlyList<CorpusItem>> Loaded = new(Load);

    public static IReadOnlyList<CorpusItem> All => Loaded.Value;

    public string Id { get; } = json.GetProperty("id").GetString()!;

    public string Kind { get; } = json.GetProperty("kind").GetString()!;

    public bool IsMedia => Kind is "fmp4" or "progressive";

    public bool Malformed { get; } = json.TryGetProperty("malformed", out JsonElement m) && m.GetBoolean();

    public JsonElement Json { get; } = json;

    public IReadOnlyList<string> Files { get; } = [.. json.GetProperty("files").EnumerateArray().Select(f => PathOf(f.GetProperty("file").GetString()!))];

    public IReadOnlyList<CorpusTrack> Expected { get; } = json.GetProperty("kind").GetString() is "fmp4" or "progressive" && json.TryGetProperty("expected", out JsonElement e) && e.ValueKind == JsonValueKind.Array
        ? [.. e.EnumerateArray().Select(t => new CorpusTrack(t))]
        : [];

    public IReadOnlyList<string> ClearReferences { get; } = json.TryGetProperty("clear_reference", out JsonElement c) && c.ValueKind == JsonValueKind.Array
        ? [.. c.EnumerateArray().Select(f => PathOf(f.GetString()!))]
        : [];

    public IReadOnlyDictionary<KeyId, byte[]> Keys { get; } = json.TryGetProperty("keys", out JsonElement k) && k.ValueKind == JsonValueKind.Object
        ? k.EnumerateObject().ToDictionary(p => Kid(p.Name), p => Convert.FromHexString(p.Value.GetString()!))
        : new Dictionary<KeyId, byte[]>();

    public static CorpusItem Find(string id) => All.Single(i => i.Id == id);

    public static KeyId Kid(string text)
    {
        KeyId.TryParse(text, out KeyId id).Should().BeTrue();
        return id;
    }

    /// <summary>The files one after another.</summary>
    public Stream Open() => Files.Count == 1 ? File.OpenRead(Files[0]) : new Joined(Files);

    private static string PathOf(string file) => Path.Combine(Corpus.Shared!, "corpus", file);

    private static List<CorpusItem> Load()
    {
        if (Corpus.Shared is null) return [];
        using FileStream file = File.OpenRead(PathOf("manifest.json"));
        JsonDocument document = JsonDocument.Parse(file);
        return [.. document.RootElement.GetProperty("items").EnumerateArray()
            .Where(i => i.GetProperty("kind").GetString() is "fmp4" or "progressive" or "fuzz")
            .Select(i => new CorpusItem(i))];
    }
}
