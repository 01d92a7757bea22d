using static Keyway.Mp4.CorpusRuns;

namespace Keyway.Mp4;

/// <summary>What ffmpeg says of our output.</summary>
public sealed class CorpusFfmpegTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string> Decryptable() => Ids(i => i.IsMedia && i.Expected.Count > 0);

    [Theory]
    [MemberData(nameof(Decryptable))]
    public async Task Ffmpeg_decodes_every_clear_file_in_silence(string id)
    {
        CorpusItem item = Find(id);
        if (!Ffmpeg.Exists) Assert.Skip(Ffmpeg.Absent);
        string folder = Directory.CreateTempSubdirectory("keyway").FullName;
        try
        {
            foreach ((string name, Func<CorpusItem, Task<(byte[] Bytes, Mp4Summary)>> write) in ((string, Func<CorpusItem, Task<(byte[], Mp4Summary)>>)[])[("clear", DecryptAsync), ("merged", MergeAsync)])
            {
                string path = Path.Combine(folder, name + ".mp4");
                await File.WriteAllBytesAsync(path, (await write(item)).Bytes, Cancel);
                IReadOnlyList<string> complaints = await Ffmpeg.ComplaintsAsync(path, Cancel);
                if (complaints.Count > 0) complaints.Should().BeSubsetOf(await KnownComplaintsAsync(item), $"{name} file");
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>What ffmpeg says of the clear original as its own project publishes it: not ours to put right.</summary>
    private static async Task<List<string>> KnownComplaintsAsync(CorpusItem item)
    {
        List<string> known = [];
        foreach (string reference in item.ClearReferences) known.AddRange(await Ffmpeg.ComplaintsAsync(reference, Cancel));
        return known;
    }
}
