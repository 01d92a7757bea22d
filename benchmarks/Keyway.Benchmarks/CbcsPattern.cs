using BenchmarkDotNet.Attributes;
using Keyway.Decryption;

namespace Keyway.Benchmarks;

/// <summary><c>cbcs</c> 1:9 over one long range: one block in ten is encrypted.</summary>
public sealed unsafe class CbcsPattern : IDisposable
{
    private const int Turn = 160;

    private Material? _made;
    private byte[] _gathered = [];

    [Params(4 << 10, 64 << 10, 1 << 20)]
    public int Size { get; set; }

    [GlobalSetup]
    public void Setup() => _ = Here;

    [GlobalCleanup]
    public void Dispose() => _made?.Dispose();

    private Material Here
    {
        get
        {
            if (_made is null) (_made, _gathered) = (new Material(Size), new byte[Size / 10 + 16]);
            return _made;
        }
    }

    [Benchmark(Baseline = true)]
    public void EvpGatherDecryptScatter()
    {
        Material here = Here;
        fixed (byte* gathered = _gathered)
        {
            int count = 0;
            for (int at = 0; at + 16 <= Size; at += Turn, count += 16) Buffer.MemoryCopy(here.Data + at, gathered + count, 16, 16);
            Evp.Reset(Here.Cbc, Here.Vector);
            Evp.Run(Here.Cbc, gathered, count);
            count = 0;
            for (int at = 0; at + 16 <= Size; at += Turn, count += 16) Buffer.MemoryCopy(gathered + count, here.Data + at, 16, 16);
        }
    }

    [Benchmark]
    public void EvpBlockByBlock()
    {
        Evp.Reset(Here.Cbc, Here.Vector);
        for (int at = 0; at + 16 <= Size; at += Turn) Evp.Run(Here.Cbc, Here.Data + at, 16);
    }

    [Benchmark]
    public DecryptStatus Keyway() => Here.Decrypt(ProtectionScheme.Cbcs, Size, [], 1, 9);
}
