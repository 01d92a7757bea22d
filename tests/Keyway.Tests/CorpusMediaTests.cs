using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Text.Json;
using Keyway.Mp4;
using static Keyway.Mp4.CorpusRuns;

namespace Keyway;

/// <summary>Every fragmented and progressive file of the corpus, against what its manifest says of it.</summary>
public sealed class CorpusMediaTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string> Decryptable() => Ids(i => i.IsMedia && i.Expected.Count > 0);

    public static TheoryData<string> Described() => Ids(i => i.IsMedia && i.Json.GetProperty("tracks").GetArrayLength() > 0);

    [Theory]
    [MemberData(nameof(Decryptable))]
    public async Task Every_sample_of_the_clear_file_is_as_stated(string id)
    {
        CorpusItem item = Find(id);
        (byte[] clear, Mp4Summary summary) = await DecryptAsync(item);
        clear.Should().HaveCount(item.Files.Sum(f => (int)new FileInfo(f).Length));
        AssertCounts(item, summary, t => t);
        await AssertSamplesAsync(new MemoryStream(clear), item, t => t);
    }

    [Theory]
    [MemberData(nameof(Decryptable))]
    public async Task Every_sample_of_the_merged_file_is_as_stated(string id)
    {
        CorpusItem item = Find(id);
        (byte[] merged, Mp4Summary summary) = await MergeAsync(item);
        summary.BytesWritten.Should().Be(merged.Length);
        summary.Tracks.Select(t => t.Track.Id).Should().Equal(Enumerable.Range(1, summary.Tracks.Count).Select(n => (uint)n));
        List<uint> old = [.. (await InspectAsync(item)).Tracks.Select(t => t.Track.Id)];
        AssertCounts(item, summary, t => (uint)old.IndexOf(t) + 1);
        await AssertSamplesAsync(new MemoryStream(merged), item, t => (uint)old.IndexOf(t) + 1);
    }

    [Theory]
    [MemberData(nameof(Decryptable))]
    public async Task Another_decryptor_on_a_stream_that_cannot_seek_gives_the_same_bytes(string id)
    {
        CorpusItem item = Find(id);
        (byte[] seeking, _) = await DecryptAsync(item);
        using MemoryStream output = new();
        PipeWriter pipe = PipeWriter.Create(output);
        await using Joined input = new(item.Files);
        await Mp4Decryptor.DecryptAsync(input, item.Id, new ReferenceKeys(item.Keys), pipe, null, Cancel);
        await pipe.FlushAsync(Cancel);
        output.ToArray().AsSpan().SequenceEqual(seeking).Should().BeTrue();
    }

    [Theory]
    [MemberData(nameof(Described))]
    public async Task Tracks_and_protection_are_as_stated(string id)
    {
        CorpusItem item = Find(id);
        Mp4Inspection found = await InspectAsync(item);
        if (!item.Malformed) found.Defect.Should().BeNull();

        List<JsonElement> tracks = [.. item.Json.GetProperty("tracks").EnumerateArray()];
        found.Tracks.Select(t => t.Track.Id).Should().Equal(tracks.Select(t => t.GetProperty("track_id").GetUInt32()));
        foreach ((JsonElement stated, Mp4TrackSummary track) in tracks.Zip(found.Tracks)) AssertTrack(stated, track, item.Malformed);

        List<JsonElement> boxes = item.Json.TryGetProperty("pssh", out JsonElement list) ? [.. list.EnumerateArray()] : [];
        found.Protection.Should().HaveCount(boxes.Count);
        foreach ((JsonElement stated, Mp4ProtectionBox box) in boxes.Zip(found.Protection))
        {
            box.Where.Should().Be(stated.GetProperty("where").GetString());
            box.Box.Version.Should().Be(stated.GetProperty("version").GetByte());
            box.Box.System.ToString().Should().Be(stated.GetProperty("system_id").GetString());
            box.Box.KeyIds.Select(k => k.ToString()).Should().Equal(Texts(stated, "kids"));
            Convert.ToHexStringLower(SHA256.HashData(box.Box.Data.Span)).Should().Be(stated.GetProperty("data_sha256").GetString());
        }
    }

    private static void AssertTrack(JsonElement stated, Mp4TrackSummary track, bool malformed)
    {
        track.Track.Handler.Should().Be(stated.GetProperty("handler").GetString());
        track.Track.Codec.Should().Be(stated.GetProperty("codec").GetString());
        if (!malformed)
        {
            track.Samples.Should().Be(stated.GetProperty("samples").GetInt64());
            track.ProtectedSamples.Should().Be(stated.GetProperty("encrypted_samples").GetInt64());
            track.KeyIds.Select(k => k.ToString()).Should().BeEquivalentTo(Texts(stated, "kids_used"));
        }

        List<JsonElement> entries = [.. stated.GetProperty("sample_entries").EnumerateArray()];
        track.Track.SampleEntries.Should().HaveCount(entries.Count);
        foreach ((JsonElement expected, Mp4SampleEntry entry) in entries.Zip(track.Track.SampleEntries))
        {
            entry.Format.Should().Be(expected.GetProperty("format").GetString());
            entry.OriginalFormat.Should().Be(Text(expected, "original_format") ?? entry.Format);
            entry.SchemeType.Should().Be(Text(expected, "scheme"));
            (entry.SchemeType is null ? null : $"0x{entry.SchemeVersion:x}").Should().Be(Text(expected, "scheme_version"));
            if (!expected.TryGetProperty("tenc", out JsonElement tenc))
            {
                entry.Encryption.Should().BeNull();
                continue;
            }

            TrackEncryption encryption = entry.Encryption!;
            encryption.Version.Should().Be(tenc.GetProperty("version").GetByte());
            encryption.IsProtected.Should().Be(tenc.GetProperty("is_protected").GetInt32() != 0);
            encryption.PerSampleIvSize.Should().Be(tenc.GetProperty("iv_size").GetByte());
            encryption.KeyId.ToString().Should().Be(Text(tenc, "default_kid"));
            encryption.CryptBlocks.Should().Be(tenc.GetProperty("crypt_byte_block").GetByte());
            encryption.SkipBlocks.Should().Be(tenc.GetProperty("skip_byte_block").GetByte());
            encryption.IsPiff.Should().Be(Text(tenc, "box") != "tenc");
            Convert.ToHexStringLower(encryption.ConstantIv.Span).Should().Be(Text(tenc, "constant_iv") ?? "");
        }
    }

    private static void AssertCounts(CorpusItem item, Mp4Summary summary, Func<uint, uint> trackIdOf)
    {
        foreach (CorpusTrack expected in item.Expected)
        {
            Mp4TrackSummary track = summary.Tracks.Single(t => t.Track.Id == trackIdOf(expected.Id));
            track.Samples.Should().Be(expected.Samples);
            track.ProtectedSamples.Should().Be(expected.ProtectedSamples);
            track.Bytes.Should().Be(expected.Bytes);
        }
    }

    private static async Task AssertSamplesAsync(Stream clear, CorpusItem item, Func<uint, uint> trackIdOf)
    {
        using Mp4Reader reader = await Mp4Reader.OpenAsync(clear, item.Id, Cancel);
        reader.Tracks.Should().NotContain(t => t.IsProtected);
        reader.Protection.Should().BeEmpty();
        Dictionary<uint, List<(int, string)>> samples = [];
        Dictionary<uint, IncrementalHash> hashes = [];
        await foreach (ClearFragment fragment in reader.ReadAsync(ReferenceKeys.None, null, Cancel))
        {
            if (!samples.TryGetValue(fragment.Track.Id, out List<(int, string)>? list))
            {
                samples.Add(fragment.Track.Id, list = []);
                hashes.Add(fragment.Track.Id, IncrementalHash.CreateHash(HashAlgorithmName.SHA256));
            }

            foreach (ClearSample sample in fragment.Samples)
            {
                list.Add((sample.Data.Length, Md5(sample.Data.Span)));
                hashes[fragment.Track.Id].AppendData(sample.Data.Span);
            }
        }

        foreach (CorpusTrack expected in item.Expected)
        {
            samples[trackIdOf(expected.Id)].Should().Equal(expected.SampleList);
            Convert.ToHexStringLower(hashes[trackIdOf(expected.Id)].GetHashAndReset()).Should().Be(expected.ClearSha256);
        }
    }

    // MD5 is what ffmpeg's framemd5 prints, and the tables of the corpus with it.
#pragma warning disable CA5351
    private static string Md5(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(MD5.HashData(bytes));
#pragma warning restore CA5351

    private static string? Text(JsonElement json, string name) => json.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;

    private static IEnumerable<string> Texts(JsonElement json, string name) => json.GetProperty(name).EnumerateArray().Select(v => v.GetString()!);
}
