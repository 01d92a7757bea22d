using BenchmarkDotNet.Attributes;
using Keyway.Decryption;

namespace Keyway.Benchmarks;

/// <summary>Whole samples in AES-CTR, each with a vector of its own, through the public path with its lease.</summary>
public unsafe class CtrSamples
{
    private Material _material = null!;

    [Params(256, 512, 4 << 10)]
    public int Size { get; set; }

    [GlobalSetup]
    public void Setup() => _material = new Material(Size);

    [GlobalCleanup]
    public void Cleanup() => _material.Dispose();

    [Benchmark(Baseline = true)]
    public void EvpWithReset()
    {
        Evp.Reset(_material.Ctr, _material.Vector);
        Evp.Run(_material.Ctr, _material.Data, Size);
    }

    [Benchmark]
    public DecryptStatus Keyway() => _material.Decrypt(ProtectionScheme.Cenc, Size, []);

    [Benchmark]
    public void KeywayKernel()
    {
        CounterBlock counter = _material.Counter;
        AesCtr.Xor(_material.Key, _material.Data, (nuint)Size / 16, ref counter);
    }
}
