using System.IO.Pipelines;
using BenchmarkDotNet.Attributes;
using Keyway.Mp4;

namespace Keyway.Benchmarks;

/// <summary>Reads the bundled sample's boxes: its structure alone, and the whole way to clear bytes that nobody keeps.</summary>
public class BoxParsing
{
    private byte[] _file = [];
    private RawMediaKeys _keys = null!;

    [GlobalSetup]
    public void Setup()
    {
        _file = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "samples", "cbcs", "video-360.mp4"));
        _keys = new RawMediaKeys();
        _keys.Add(1, new byte[16]);
    }

    [GlobalCleanup]
    public void Cleanup() => _keys.Dispose();

    [Benchmark]
    public async Task<int> Inspect()
    {
        using MemoryStream file = new(_file, writable: false);
        Mp4Inspection inspection = await Mp4Inspector.InspectAsync(file, "sample", cancellationToken: CancellationToken.None);
        return inspection.Tracks.Count;
    }

    [Benchmark]
    public async Task<long> Decrypt()
    {
        using MemoryStream file = new(_file, writable: false);
        Mp4Summary summary = await Mp4Decryptor.DecryptAsync(file, "sample", _keys, PipeWriter.Create(Stream.Null), new Mp4DecryptOptions { MaxParallelFragments = 1 });
        return summary.BytesWritten;
    }
}
