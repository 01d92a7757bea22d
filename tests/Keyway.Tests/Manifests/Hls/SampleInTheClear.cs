using System.Buffers.Binary;
using Keyway.Timeline;

namespace Keyway.Manifests.Hls;

/// <summary>A track of the sample without its protection.</summary>
internal static class SampleInTheClear
{
    /// <summary>Its initialisation segment (<c>init</c>) and its segments, by their numbers.</summary>
    public static async Task<Dictionary<string, byte[]>> ReadAsync(string track)
    {
        Dictionary<string, byte[]> files = [];
        await using PresentationBench bench = new();
        await using Presentation presentation = await bench.Engine.OpenAsync(PresentationBench.Sample("cenc/manifest.mpd"), cancellationToken: TestContext.Current.CancellationToken);
        Rendition rendition = presentation.Timeline.Periods[0].Renditions.Single(each => each.Segments.Initialization!.Value.Address.AbsolutePath.Contains(track, StringComparison.Ordinal));
        files["init"] = await ReadAsync(await presentation.OpenInitializationAsync(rendition, TestContext.Current.CancellationToken));
        foreach (TimelineSegment segment in await presentation.SegmentsAsync(rendition, cancellationToken: TestContext.Current.CancellationToken))
            files[$"{segment.Number}"] = await ReadAsync(await presentation.OpenSegmentAsync(rendition, segment, TestContext.Current.CancellationToken));
        return files;
    }

    /// <summary>The clear form of a segment of the sample whose clock may be another.</summary>
    public static byte[] Like(Dictionary<string, byte[]> files, byte[] segment)
    {
        byte[] clear = [.. files.Single(file => file.Key != "init" && file.Value.Length == segment.Length).Value];
        int at = segment.AsSpan().IndexOf("tfdt"u8);
        BinaryPrimitives.WriteInt64BigEndian(clear.AsSpan(clear.AsSpan().IndexOf("tfdt"u8) + 8), BinaryPrimitives.ReadInt64BigEndian(segment.AsSpan(at + 8)));
        return clear;
    }

    private static async Task<byte[]> ReadAsync(Stream stream)
    {
        await using (stream)
        {
            using MemoryStream memory = new();
            await stream.CopyToAsync(memory, TestContext.Current.CancellationToken);
            return memory.ToArray();
        }
    }
}
