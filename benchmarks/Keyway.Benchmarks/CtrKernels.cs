using BenchmarkDotNet.Attributes;
using Keyway.Decryption;

namespace Keyway.Benchmarks;

/// <summary>AES-CTR over one buffer, going on from call to call.</summary>
public unsafe class CtrKernels
{
    private Material _material = null!;

    [Params(256, 1 << 10, 16 << 10, 64 << 10, 1 << 20)]
    public int Size { get; set; }

    [GlobalSetup]
    public void Setup() => _material = new Material(Size);

    [GlobalCleanup]
    public void Cleanup() => _material.Dispose();

    [Benchmark(Baseline = true)]
    public void EvpUpdate() => Evp.Run(_material.Ctr, _material.Data, Size);

    [Benchmark]
    public void Keyway()
    {
        CounterBlock counter = _material.Counter;
        AesCtr.Xor(_material.Key, _material.Data, (nuint)Size / 16, ref counter);
    }

    [Benchmark]
    public void KeywayTenInstructions()
    {
        if (_material.Key.Path != AesPath.X86) return;
        CounterBlock counter = _material.Counter;
        AesCtr.X86.XorPlain(_material.Key.EncryptionKeys, _material.Data, (nuint)Size / 16, counter.Prefix, counter.Block);
    }
}
