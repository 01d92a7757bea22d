using BenchmarkDotNet.Attributes;
using Keyway.Containers.TransportStream.Clear;
using Keyway.Containers.TransportStream.Decrypting;
using Keyway.Containers.TransportStream.Samples;
using Keyway.Decryption;

namespace Keyway.Benchmarks;

/// <summary>A segment of the sample in HLS, protected with SAMPLE-AES: written clear where it lies in memory, and made into access units.</summary>
public sealed class TransportStreams : IDisposable
{
    private static readonly string Folder = Path.Combine("samples", "hls", "sample-aes");

    private readonly RawKeyRing _ring = new();
    private byte[] _segment = [], _copy = [];
    private byte[] _vector = [];

    [GlobalSetup]
    public void Setup()
    {
        _segment = File.ReadAllBytes(Path.Combine(Folder, "video-180-1.ts"));
        _copy = new byte[_segment.Length];
        _ring.Add(default, File.ReadAllBytes(Path.Combine(Folder, "SD.key")));
        string playlist = File.ReadAllText(Path.Combine(Folder, "video-180.m3u8"));
        _vector = Convert.FromHexString(playlist.AsSpan(playlist.IndexOf("IV=0x", StringComparison.Ordinal) + 5, 32));
    }

    [GlobalCleanup]
    public void Dispose() => _ring.Dispose();

    [Benchmark(Baseline = true)]
    public void Copy() => _segment.CopyTo(_copy, 0);

    [Benchmark]
    public void ClearInPlace()
    {
        _segment.CopyTo(_copy, 0);
        ClearTsWriter.ClearInPlace(_copy, "sample", Lease());
    }

    [Benchmark]
    public async Task<long> AccessUnits()
    {
        using TsSampleReader reader = new();
        await reader.ReadAsync(new MemoryStream(_segment), "sample", Lease());
        reader.Finish();
        long bytes = 0;
        while (reader.Tracks[0].Take() is { } units)
        {
            bytes += units.Data.Length;
            units.Dispose();
        }

        return bytes;
    }

    private SampleAesKey Lease() => new(_ring.CreateDecryptor().LeaseFragment(), default, _vector);
}
