using System.Security.Cryptography;
using System.Text.Json;
using Keyway.Mp4;
using Keyway.Testing;

namespace Keyway.Containers.WebM;

/// <summary>The WebM files of the corpus, against what its manifest says of them, their clear twins, and ffmpeg.</summary>
public sealed class WebMCorpusTests
{
    private static readonly Lazy<Dictionary<string, JsonElement>> Items = new(Load);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string> Ids() => Corpus.Shared is null ? [""] : [.. Items.Value.Keys];

    public static TheoryData<string> IdsWithTwins() => Corpus.Shared is null ? [""] : [.. Items.Value.Where(static item => item.Value.TryGetProperty("clear_reference", out _)).Select(static item => item.Key)];

    [Fact]
    public void The_manifest_has_seven()
    {
        if (Corpus.Shared is null) Assert.Skip(Corpus.Absent);
        Items.Value.Should().HaveCount(7);
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public async Task Every_frame_of_the_clear_file_is_as_stated(string id)
    {
        JsonElement item = Find(id);
        byte[] file = await File.ReadAllBytesAsync(PathOf(item.GetProperty("file").GetString()!), Cancel);
        Dictionary<KeyId, byte[]> keys = item.GetProperty("keys").EnumerateObject().ToDictionary(static key => KeyId.FromOpaque(Convert.FromHexString(key.Name)), static key => Convert.FromHexString(key.Value.GetString()!));
        if (keys.Count == 0)
        {
            // No key is public: structure alone.
            keys = item.GetProperty("kids").EnumerateArray().ToDictionary(static kid => KeyId.FromOpaque(Convert.FromHexString(kid.GetString()!)), static _ => new byte[16]);
        }

        (byte[] clear, Mp4Summary summary) = await WebMRuns.DecryptAsync(file, new ReferenceKeys(keys));
        clear.Should().HaveCount(file.Length);
        PlainWebM frames = new(clear);
        frames.Elements.Should().NotContain(static element => element.Id == 0x6D80);
        foreach (JsonElement track in item.GetProperty("tracks").EnumerateArray())
        {
            Mp4TrackSummary found = summary.Tracks.Single(each => each.Track.Id == track.GetProperty("track_number").GetUInt32());
            found.Samples.Should().Be(track.GetProperty("frames").GetInt64());
            found.ProtectedSamples.Should().Be(track.GetProperty("encrypted_frames").GetInt64());
            found.Track.DefaultKeyIds.Select(static kid => kid.ToString()).Should().Equal(track.GetProperty("kid").GetString());
        }

        if (!item.TryGetProperty("expected", out JsonElement expected)) return;
        foreach (JsonElement track in expected.EnumerateArray())
        {
            byte[][] payloads = [.. frames.Of(track.GetProperty("track_number").GetUInt64()).Select(Convert.FromHexString)];
            payloads.Should().HaveCount(track.GetProperty("frames").GetInt32());
            Convert.ToHexStringLower(SHA256.HashData([.. payloads.SelectMany(static payload => payload)])).Should().Be(track.GetProperty("clear_sha256").GetString());
        }
    }

    [Theory]
    [MemberData(nameof(IdsWithTwins))]
    public async Task Ffmpeg_gives_the_packets_of_the_clear_twin(string id)
    {
        JsonElement item = Find(id);
        if (!Ffmpeg.Exists) Assert.Skip(Ffmpeg.Absent);
        Dictionary<KeyId, byte[]> keys = item.GetProperty("keys").EnumerateObject().ToDictionary(static key => KeyId.FromOpaque(Convert.FromHexString(key.Name)), static key => Convert.FromHexString(key.Value.GetString()!));
        using RawMediaKeys held = new();
        foreach ((KeyId kid, byte[] key) in keys) held.Add(kid, key);
        (byte[] bytes, _) = await WebMRuns.DecryptAsync(await File.ReadAllBytesAsync(PathOf(item.GetProperty("file").GetString()!), Cancel), held);
        string path = Path.Combine(Path.GetTempPath(), $"keyway-{Guid.NewGuid():N}.webm");
        try
        {
            await File.WriteAllBytesAsync(path, bytes, Cancel);
            (await Ffmpeg.ComplaintsAsync(path, Cancel)).Should().BeEmpty();
            FfmpegFrames.Of(path).Should().Equal(FfmpegFrames.Of(PathOf(item.GetProperty("clear_reference")[0].GetString()!)));
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static JsonElement Find(string id)
    {
        if (Corpus.Shared is null) Assert.Skip(Corpus.Absent);
        return Items.Value[id];
    }

    private static string PathOf(string file) => Path.Combine(Corpus.Shared!, "corpus", file);

    private static Dictionary<string, JsonElement> Load()
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(PathOf("manifest.json")));
        return document.RootElement.GetProperty("items").EnumerateArray().Where(static item => item.GetProperty("kind").GetString() == "webm")
            .ToDictionary(static item => item.GetProperty("id").GetString()!, static item => item.Clone());
    }
}
