using System.IO.Pipelines;
using System.Security.Cryptography;
using Keyway.Mp4;
using Keyway.Testing;

namespace Keyway;

/// <summary>Every fragmented and progressive file of the corpus, against what its manifest says of it.</summary>
public sealed class CorpusMediaTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string> Decryptable() => Ids(i => i.IsMedia && i.Expected.Count > 0);

    [Theory]
    [MemberData(nameof(Decryptable))]
    public async Task Every_sample_of_the_clear_file_is_as_stated(string id)
    {
        CorpusItem item = Find(id);
        (byte[] clear, Mp4Summary summary) = await DecryptAsync(item);
        clear.Should().HaveCount(item.Files.Sum(f => (int)new FileInfo(f).Length));
        foreach (CorpusTrack expected in item.Expected)
        {
            Mp4TrackSummary track = summary.Tracks.Single(t => t.Track.Id == expected.Id);
            track.Samples.Should().Be(expected.Samples);
            track.ProtectedSamples.Should().Be(expected.ProtectedSamples);
            track.Bytes.Should().Be(expected.Bytes);
        }

        await AssertSamplesAsync(new MemoryStream(clear), item, t => t);
    }

    // MD5 is what ffmpeg's framemd5 prints, and the tables of the corpus with it.
#pragma warning disable CA5351
    private static string Md5(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(MD5.HashData(bytes));
#pragma warning restore CA5351

    private static async Task AssertSamplesAsync(Stream clear, CorpusItem item, Func<uint, uint> trackIdOf)
    {
        using Mp4Reader reader = await Mp4Reader.OpenAsync(clear, item.Id, Cancel);
        reader.Tracks.Should().NotContain(t => t.IsProtected);
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

    private static async Task<(byte[] Clear, Mp4Summary Summary)> DecryptAsync(CorpusItem item)
    {
        using MemoryStream output = new();
        PipeWriter pipe = PipeWriter.Create(output, new StreamPipeWriterOptions(leaveOpen: true));
        await using Stream input = item.Open();
        Mp4Summary summary = await Mp4Decryptor.DecryptAsync(input, item.Id, new ReferenceKeys(item.Keys), pipe, null, Cancel);
        await pipe.CompleteAsync();
        summary.BytesWritten.Should().Be(output.Length);
        return (output.ToArray(), summary);
    }

    private static TheoryData<string> Ids(Func<CorpusItem, bool> which)
    {
        TheoryData<string> ids = [.. CorpusItem.All.Where(which).Select(i => i.Id)];
        if (ids.Count == 0) ids.Add("");
        return ids;
    }

    private static CorpusItem Find(string id)
    {
        if (Corpus.Shared is null) Assert.Skip(Corpus.Absent);
        return CorpusItem.Find(id);
    }
}
