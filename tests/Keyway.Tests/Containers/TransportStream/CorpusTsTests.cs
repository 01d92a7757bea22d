using System.IO.Pipelines;
using System.Security.Cryptography;
using Keyway.Containers.TransportStream.Clear;

namespace Keyway.Containers.TransportStream;

/// <summary>Transport streams of the corpus, against the digests that an independent reader made, and the clear packaging of the same source.</summary>
public sealed class CorpusTsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string> Items() => TsCorpus.Ids(static item => !item.IsPacked && item.Scheme == "SAMPLE-AES");

    [Theory]
    [MemberData(nameof(Items))]
    public void Every_unit_of_a_clear_segment_is_as_stated(string id)
    {
        TsCorpus item = TsCorpus.Find(id);
        for (int i = 0; i < item.Segments.Count; i++)
        {
            byte[] segment = File.ReadAllBytes(item.Segments[i]);
            TransportStreamSummary summary = ClearTsWriter.ClearInPlace(segment, item.Segments[i], item.Lease(i));
            AssertUnits(item, i, segment);
            byte[] packets = File.ReadAllBytes(item.Clear[i]);
            segment.Should().HaveCount(packets.Length);
            summary.Streams.Should().HaveCount(item.KeyOf(i) is null ? 0 : 1);
        }
    }

    [Theory]
    [MemberData(nameof(Items))]
    public async Task Segments_in_a_row_are_what_each_is_by_itself(string id)
    {
        TsCorpus item = TsCorpus.Find(id);
        using ClearTsWriter writer = new();
        using MemoryStream output = new();
        PipeWriter pipe = PipeWriter.Create(output);
        using MemoryStream each = new();
        for (int i = 0; i < item.Segments.Count; i++)
        {
            byte[] segment = await File.ReadAllBytesAsync(item.Segments[i], Cancel);
            await writer.WriteAsync(new MemoryStream(segment), item.Segments[i], item.Lease(i), pipe, cancellationToken: Cancel);
            ClearTsWriter.ClearInPlace(segment, "", item.Lease(i));
            each.Write(segment);
        }

        await writer.FinishAsync(pipe, Cancel);
        await pipe.FlushAsync(Cancel);
        output.ToArray().AsSpan().SequenceEqual(each.ToArray()).Should().BeTrue();
        writer.Summary.BytesWritten.Should().Be(each.Length);
    }

    private static void AssertUnits(TsCorpus item, int segment, byte[] clear)
    {
        bool isVideo = item.Expected[segment].GetProperty("unit_kind").GetString()!.StartsWith("NAL", StringComparison.Ordinal);
        List<byte[]> payloads = TsUnits.Payloads(clear, 0x50);
        List<byte[]> units = [.. isVideo ? payloads.SelectMany(TsUnits.Nals).Select(TsUnits.Unescape) : payloads.SelectMany(TsUnits.AdtsFrames)];
        units.Should().HaveCount(item.Expected[segment].GetProperty("units").GetInt32());
        Convert.ToHexStringLower(SHA256.HashData([.. units.SelectMany(static unit => unit)])).Should().Be(item.Expected[segment].GetProperty("clear_sha256").GetString());
    }
}
