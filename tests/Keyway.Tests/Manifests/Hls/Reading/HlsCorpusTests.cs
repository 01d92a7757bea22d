using System.Security.Cryptography;
using System.Text.Json;
using Keyway.Dash;
using Keyway.Manifests.Hls.Model;
using Keyway.Protection;
using Keyway.Sources;
using Keyway.Testing;

namespace Keyway.Manifests.Hls.Reading;

/// <summary>Every playlist of the corpus, compared with what an independent reader found in it.</summary>
public sealed class HlsCorpusTests
{
    public static TheoryData<string> Items => [.. MpdCorpus.Ids("hls").Concat(MpdCorpus.Ids("ts")).DefaultIfEmpty("")];

    [Theory]
    [MemberData(nameof(Items))]
    public void Keys_read_as_stated(string id)
    {
        Assert.SkipWhen(Corpus.Shared is null, Corpus.Absent);
        JsonElement item = MpdCorpus.Item(id);
        string path = Path.Combine(Corpus.Shared, "corpus", item.GetProperty("file").GetString()!);
        HlsPlaylist playlist = M3u8Reader.Read(new SourceDocument { Content = File.ReadAllBytes(path), Origin = ContentOrigin.Of(MediaSources.AddressOf(path)) });
        IEnumerable<KeyTag> tags = playlist is MediaPlaylist media ? media.Keys : ((MultivariantPlaylist)playlist).SessionKeys;
        KeyTag[] found = [.. tags.DistinctBy(static tag => (tag.MethodText, tag.Format, tag.UriText, Convert.ToHexString(tag.Vector.Span)))];
        JsonElement[] expected = [.. item.GetProperty("facts").GetProperty("keys").EnumerateArray()];
        found.Should().HaveCount(expected.Length);
        for (int i = 0; i < expected.Length; i++) Compare(found[i], expected[i]);
        if (playlist is MediaPlaylist { Segments: var segments }) segments.Should().NotBeEmpty();
        else ((MultivariantPlaylist)playlist).Streams.Should().NotBeEmpty();
    }

    [Fact]
    public void Every_playlist_beside_them_is_read()
    {
        Assert.SkipWhen(Corpus.Shared is null, Corpus.Absent);
        string[] files = Directory.GetFiles(Path.Combine(Corpus.Shared, "corpus"), "*.m3u8", SearchOption.AllDirectories);
        files.Should().HaveCountGreaterThan(15);
        foreach (string file in files) ((Action)(() => M3u8Reader.Read(new SourceDocument { Content = File.ReadAllBytes(file), Origin = ContentOrigin.Of(MediaSources.AddressOf(file)) }))).Should().NotThrow(file);
    }

    private static void Compare(KeyTag found, JsonElement expected)
    {
        found.Line.Tag.Should().Be(expected.GetProperty("tag").GetString());
        found.MethodText.Should().Be(expected.GetProperty("method").GetString());
        if (found.Method == KeyMethod.None) return;
        found.Format.Should().Be(expected.TryGetProperty("keyformat", out JsonElement format) ? format.GetString() : "identity");
        string uri = expected.GetProperty("uri").GetString()!;
        if (uri.EndsWith("...", StringComparison.Ordinal)) found.UriText.Should().StartWith(uri[..^3]);
        else found.UriText.Should().Be(uri);
        string vector = expected.TryGetProperty("iv", out JsonElement iv) ? iv.GetString()![2..].ToLowerInvariant() : "";
        Convert.ToHexStringLower(found.Vector.Span).Should().Be(vector.Length == 0 ? "" : vector.PadRight(32, '0'), "8 bytes are padded on the right");
        if (expected.TryGetProperty("keyid", out JsonElement keyId)) found.KeyId!.Value.ToString().Replace("-", "", StringComparison.Ordinal).Should().Be(keyId.GetString()![2..]);
        if (!DataUri.Is(found.UriText)) return;
        DataUri.TryRead(found.UriText, out byte[] data).Should().BeTrue();
        if (expected.TryGetProperty("inline_key_or_kid", out JsonElement inline)) Convert.ToHexStringLower(data).Should().Be(inline.GetString());
        if (expected.TryGetProperty("payload_sha256", out JsonElement digest)) Convert.ToHexStringLower(SHA256.HashData(data)).Should().Be(digest.GetString());
        if (expected.TryGetProperty("playready", out JsonElement playReady)) data.Should().HaveCount(playReady.GetProperty("length").GetInt32());
        if (!expected.TryGetProperty("pssh", out JsonElement pssh)) return;
        PsshBox.TryReadAll(data, out IReadOnlyList<PsshBox> boxes, out _).Should().BeTrue();
        PsshBox box = boxes.Should().ContainSingle().Subject;
        box.System.ToString().Should().Be(pssh[0].GetProperty("system_id").GetString());
        Convert.ToHexStringLower(SHA256.HashData(box.Data.Span)).Should().Be(pssh[0].GetProperty("data_sha256").GetString());
    }
}
