using BenchmarkDotNet.Attributes;
using Keyway.Decryption;

namespace Keyway.Benchmarks;

/// <summary>One sample of 4 KB through what callers have: with a lease for the fragment, and as a fragment of its own.</summary>
public class PublicPath
{
    private readonly byte[] _sample = new byte[4096];
    private readonly byte[] _vector = new byte[16];
    private RawKeyRing _ring = null!;
    private SampleDecryptor _decryptor = null!;
    private IFragmentDecryptor _fragment = null!;

    [GlobalSetup]
    public void Setup()
    {
        _ring = new RawKeyRing();
        _ring.Add(new KeyId(1), new byte[16]);
        _decryptor = _ring.CreateDecryptor();
        _fragment = _decryptor.LeaseFragment();
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _fragment.Dispose();
        _ring.Dispose();
    }

    [Benchmark(Baseline = true)]
    public DecryptStatus UnderAFragmentsLease() => _fragment.Decrypt(_sample, Protection);

    [Benchmark]
    public DecryptStatus WithALeaseOfItsOwn() => _decryptor.Decrypt(_sample, Protection);

    [Benchmark]
    public DecryptStatus LeaseSampleRelease()
    {
        using IFragmentDecryptor fragment = _decryptor.LeaseFragment();
        return fragment.Decrypt(_sample, Protection);
    }

    private SampleProtection Protection => new() { Scheme = ProtectionScheme.Cenc, KeyId = new KeyId(1), InitializationVector = _vector };
}
