using System.Text.Json;
using Keyway.Containers.TransportStream.Decrypting;
using Keyway.Testing;

namespace Keyway.Containers.TransportStream;

/// <summary>The transport streams and packed audio of the corpus, with what its manifest says of them.</summary>
internal sealed class TsCorpus(JsonElement json)
{
    private static readonly Lazy<IReadOnlyList<TsCorpus>> Loaded = new(Load);

    public static IReadOnlyList<TsCorpus> All => Loaded.Value;

    public string Id { get; } = json.GetProperty("id").GetString()!;

    public string Scheme { get; } = json.GetProperty("scheme").GetString()!;

    /// <summary>The segments, without the playlist.</summary>
    public IReadOnlyList<string> Segments { get; } = [.. json.GetProperty("files").EnumerateArray().Select(static f => PathOf(f.GetProperty("file").GetString()!)).Where(static f => !f.EndsWith(".m3u8", StringComparison.Ordinal))];

    public IReadOnlyList<string> Clear { get; } = [.. json.GetProperty("clear_reference").EnumerateArray().Select(static f => PathOf(f.GetString()!))];

    public byte[] Vector { get; } = Convert.FromHexString(json.GetProperty("iv").GetString()!);

    public IReadOnlyList<JsonElement> Expected { get; } = [.. json.GetProperty("expected").EnumerateArray()];

    public bool IsPacked => Segments[0].EndsWith(".aac", StringComparison.Ordinal);

    public static TheoryData<string> Ids(Func<TsCorpus, bool> which)
    {
        TheoryData<string> ids = [.. All.Where(which).Select(static item => item.Id)];
        if (ids.Count == 0) ids.Add("");
        return ids;
    }

    public static TsCorpus Find(string id)
    {
        if (Corpus.Shared is null) Assert.Skip(Corpus.Absent);
        return All.Single(item => item.Id == id);
    }

    /// <summary>The key of a segment; <see langword="null"/> where it is clear.</summary>
    public byte[]? KeyOf(int segment)
    {
        if (!Expected[segment].TryGetProperty("encrypted", out JsonElement encrypted) || !encrypted.GetBoolean()) return null;
        byte[][] keys = [.. json.GetProperty("keys").EnumerateObject().Select(static key => Convert.FromHexString(key.Value.GetString()!))];
        return keys[Math.Min(keys.Length - 1, Enumerable.Range(0, segment).Count(i => KeyOf(i) is not null))];
    }

    /// <summary>What opens a segment.</summary>
    public SampleAesKey? Lease(int segment) => KeyOf(segment) is { } key ? TestKeys.Lease(key, Vector) : null;

    private static string PathOf(string file) => Path.Combine(Corpus.Shared!, "corpus", file);

    private static List<TsCorpus> Load()
    {
        if (Corpus.Shared is null) return [];
        using FileStream file = File.OpenRead(PathOf("manifest.json"));
        using JsonDocument document = JsonDocument.Parse(file);
        return [.. document.RootElement.GetProperty("items").EnumerateArray().Where(static item => item.GetProperty("kind").GetString() == "ts").Select(static item => new TsCorpus(item.Clone()))];
    }
}
