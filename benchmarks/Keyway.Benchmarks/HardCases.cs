using BenchmarkDotNet.Attributes;
using Keyway.Decryption;

namespace Keyway.Benchmarks;

/// <summary>Samples of 32 short protected ranges, as coders with many slices make them, through the public path with its lease.</summary>
public sealed unsafe class HardCases : IDisposable
{
    private const int Ranges = 32;

    private Material _material = null!;
    private Subsample[] _map = [];
    private int _length;

    /// <summary>How long the protected ranges are.</summary>
    public enum Layout
    {
        /// <summary>5 clear bytes, then 16 to 192 in whole blocks.</summary>
        WholeBlocks,

        /// <summary>5 clear bytes, then 16 to 200.</summary>
        AnyLength,

        /// <summary>100 clear bytes, then 160 to 3000 in whole blocks.</summary>
        Longer,
    }

    /// <summary>How many bytes are protected.</summary>
    public int ProtectedBytes => (int)_map.Sum(static range => (long)range.ProtectedBytes);

    [Params(Layout.WholeBlocks, Layout.AnyLength, Layout.Longer)]
    public Layout Case { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        Random random = new(7);
        _map = [.. Enumerable.Range(0, Ranges).Select(_ => Case switch
        {
            Layout.WholeBlocks => new Subsample { ClearBytes = 5, ProtectedBytes = (uint)random.Next(1, 13) * 16 },
            Layout.AnyLength => new Subsample { ClearBytes = 5, ProtectedBytes = (uint)random.Next(16, 201) },
            _ => new Subsample { ClearBytes = 100, ProtectedBytes = (uint)random.Next(10, 188) * 16 },
        })];
        _length = (int)_map.Sum(static range => range.ClearBytes + (long)range.ProtectedBytes);
        _material = new Material(_length);
    }

    [GlobalCleanup]
    public void Dispose() => _material.Dispose();

    [Benchmark(Baseline = true)]
    public void EvpCallPerRange()
    {
        Evp.Reset(_material.Ctr, _material.Vector);
        byte* at = _material.Data;
        foreach (Subsample range in _map)
        {
            at += range.ClearBytes;
            Evp.Run(_material.Ctr, at, (int)range.ProtectedBytes);
            at += range.ProtectedBytes;
        }
    }

    [Benchmark]
    public DecryptStatus Cenc() => _material.Decrypt(ProtectionScheme.Cenc, _length, _map);

    [Benchmark]
    public DecryptStatus Cbcs() => _material.Decrypt(ProtectionScheme.Cbcs, _length, _map, 1, 9);
}
