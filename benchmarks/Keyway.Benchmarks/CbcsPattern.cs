using BenchmarkDotNet.Attributes;
using Keyway.Decryption;

namespace Keyway.Benchmarks;

/// <summary><c>cbcs</c> 1:9 over one long range: one block in ten is encrypted.</summary>
public unsafe class CbcsPattern
{
    private const int Turn = 160;

    private Material _material = null!;
    private byte[] _gathered = [];

    [Params(4 << 10, 64 << 10, 1 << 20)]
    public int Size { get; set; }

    [GlobalSetup]
    public void Setup() => (_material, _gathered) = (new Material(Size), new byte[Size / 10 + 16]);

    [GlobalCleanup]
    public void Cleanup() => _material.Dispose();

    [Benchmark(Baseline = true)]
    public void EvpGatherDecryptScatter()
    {
        fixed (byte* gathered = _gathered)
        {
            int count = 0;
            for (int at = 0; at + 16 <= Size; at += Turn, count += 16) Buffer.MemoryCopy(_material.Data + at, gathered + count, 16, 16);
            Evp.Reset(_material.Cbc, _material.Vector);
            Evp.Run(_material.Cbc, gathered, count);
            count = 0;
            for (int at = 0; at + 16 <= Size; at += Turn, count += 16) Buffer.MemoryCopy(gathered + count, _material.Data + at, 16, 16);
        }
    }

    [Benchmark]
    public void EvpBlockByBlock()
    {
        Evp.Reset(_material.Cbc, _material.Vector);
        for (int at = 0; at + 16 <= Size; at += Turn) Evp.Run(_material.Cbc, _material.Data + at, 16);
    }

    [Benchmark]
    public DecryptStatus Keyway() => _material.Decrypt(ProtectionScheme.Cbcs, Size, [], 1, 9);
}
