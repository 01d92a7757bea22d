using BenchmarkDotNet.Attributes;
using Keyway.Decryption;

namespace Keyway.Benchmarks;

/// <summary>AES-CBC decryption over one buffer, going on from call to call.</summary>
public unsafe class CbcKernels
{
    private Material _material = null!;

    [Params(1 << 10, 16 << 10, 64 << 10, 1 << 20)]
    public int Size { get; set; }

    [GlobalSetup]
    public void Setup() => _material = new Material(Size);

    [GlobalCleanup]
    public void Cleanup() => _material.Dispose();

    [Benchmark(Baseline = true)]
    public void EvpUpdate() => Evp.Run(_material.Cbc, _material.Data, Size);

    [Benchmark]
    public void Keyway() => AesCbc.Decrypt(_material.Key, _material.Data, (nuint)Size / 16, 16, _material.Chain);
}
