using System.Text.Json;
using Keyway.Testing;

namespace Keyway.Mp4;

/// <summary>What the manifest says of one decryptable track.</summary>
internal sealed class CorpusTrack(JsonElement json)
{
    public uint Id { get; } = json.GetProperty("track_id").GetUInt32();

    public int Samples { get; } = json.GetProperty("samples").GetInt32();

    public int ProtectedSamples { get; } = json.GetProperty("encrypted_samples").GetInt32();

    public long Bytes { get; } = json.GetProperty("bytes").GetInt64();

    public string ClearSha256 { get; } = json.GetProperty("clear_sha256").GetString()!;

    /// <summary>Size and MD5 of each sample, as the table beside the manifest has them.</summary>
    public IReadOnlyList<(int Size, string Md5)> SampleList { get; } =
        [.. File.ReadLines(Path.Combine(Corpus.Shared!, "corpus", json.GetProperty("sample_list").GetString()!))
            .Where(l => !l.StartsWith('#'))
            .Select(l => l.Split('\t'))
            .Select(f => (int.Parse(f[1], null), f[2]))];
}
