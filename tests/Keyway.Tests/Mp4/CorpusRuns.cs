using System.IO.Pipelines;
using Keyway.Testing;

namespace Keyway.Mp4;

/// <summary>What every test of the corpus does with a file.</summary>
internal static class CorpusRuns
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<(byte[] Clear, Mp4Summary Summary)> DecryptAsync(CorpusItem item)
    {
        using MemoryStream output = new();
        PipeWriter pipe = PipeWriter.Create(output, new StreamPipeWriterOptions(leaveOpen: true));
        await using Stream input = item.Open();
        using RawMediaKeys keys = KeysOf(item);
        Mp4Summary summary = await Mp4Decryptor.DecryptAsync(input, item.Id, keys, pipe, null, Cancel);
        await pipe.CompleteAsync();
        summary.BytesWritten.Should().Be(output.Length);
        return (output.ToArray(), summary);
    }

    public static async Task<(byte[] Merged, Mp4Summary Summary)> MergeAsync(CorpusItem item)
    {
        using MemoryStream output = new();
        PipeWriter pipe = PipeWriter.Create(output, new StreamPipeWriterOptions(leaveOpen: true));
        await using Stream input = item.Open();
        using RawMediaKeys keys = KeysOf(item);
        Mp4Summary summary = await TrackMerger.MergeAsync([new MergeInput { Input = input, Name = item.Id, Keys = keys }], pipe, null, Cancel);
        await pipe.CompleteAsync();
        return (output.ToArray(), summary);
    }

    private static RawMediaKeys KeysOf(CorpusItem item)
    {
        RawMediaKeys keys = new();
        foreach ((KeyId id, byte[] key) in item.Keys) keys.Add(id, key);
        return keys;
    }

    public static async Task<Mp4Inspection> InspectAsync(CorpusItem item)
    {
        await using Stream input = item.Open();
        return await Mp4Inspector.InspectAsync(input, item.Id, headOnly: false, Cancel);
    }

    public static TheoryData<string> Ids(Func<CorpusItem, bool> which)
    {
        TheoryData<string> ids = [.. CorpusItem.All.Where(which).Select(i => i.Id)];
        if (ids.Count == 0) ids.Add("");
        return ids;
    }

    public static CorpusItem Find(string id)
    {
        if (Corpus.Shared is null) Assert.Skip(Corpus.Absent);
        return CorpusItem.Find(id);
    }
}
