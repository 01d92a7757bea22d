using Keyway.Decryption;
using static Keyway.Mp4.CorpusRuns;

namespace Keyway.Mp4;

[Collection(Alone.Name)]
public sealed class CorpusDefenceTests
{
    public static TheoryData<string> Everything() => Ids(i => true);

    /// <summary>Whole, cut and broken files alike: a typed error or a result, in bounded memory, and never another exception.</summary>
    [Theory]
    [MemberData(nameof(Everything))]
    public async Task A_file_is_read_or_refused_with_a_typed_error(string id)
    {
        CorpusItem item = Find(id);
        long size = item.Files.Sum(f => new FileInfo(f).Length);
        long before = GC.GetTotalAllocatedBytes();
        foreach (Func<Task> read in (Func<Task>[])[() => DecryptAsync(item), () => MergeAsync(item), () => InspectAsync(item)])
        {
            try
            {
                await read();
            }
            catch (KeywayException e)
            {
                (item.Malformed || item.Keys.Count == 0).Should().BeTrue("a sound file with keys is read, and this was said: {0}", e.Message);
                (e is MediaFormatException or SampleDecryptionException { Status: DecryptStatus.KeyNotFound }).Should().BeTrue();
                e.Message.Should().StartWith(item.Id);
            }
        }

        (GC.GetTotalAllocatedBytes() - before).Should().BeLessThan((64 << 20) + (40 * size));
    }

    public static TheoryData<string> Cut() => Ids(i => i.Json.GetProperty("features").EnumerateArray().Any(f => f.GetString() == "truncated"));

    [Theory]
    [MemberData(nameof(Cut))]
    public async Task A_cut_file_is_reported_by_every_reader(string id)
    {
        CorpusItem item = Find(id);
        Func<Task> decrypt = () => DecryptAsync(item), merge = () => MergeAsync(item);
        await decrypt.Should().ThrowAsync<MediaFormatException>();
        await merge.Should().ThrowAsync<MediaFormatException>();
        (await InspectAsync(item)).Tracks.Should().NotBeEmpty();
    }
}
