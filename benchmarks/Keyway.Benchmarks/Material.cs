using System.Runtime.InteropServices;
using Keyway.Decryption;
using Keyway.Mp4;

namespace Keyway.Benchmarks;

/// <summary>A key, a vector, aligned memory full of something, and EVP contexts of the same key.</summary>
internal sealed unsafe class Material : IDisposable
{
    private readonly RawMediaKeys _keys = new();

    public Material(int size)
    {
        Size = size;
        Data = (byte*)NativeMemory.AlignedAlloc((nuint)size + 4096, 4096);
        new Random(1).NextBytes(new Span<byte>(Data, size + 4096));
        Vector = (byte*)NativeMemory.AlignedAlloc(64, 64);
        Chain = Vector + 16;
        new Span<byte>(Vector, 64).Clear();
        new Random(2).NextBytes(new Span<byte>(Vector, 8));
        byte[] key = [.. Enumerable.Range(1, 16).Select(static i => (byte)i)];
        Key = ContentKey.Create(new KeyId(1), key);
        Key.TryAddReference();
        _keys.Add(new KeyId(1), key);
        Decryptor = _keys.LeaseAsync(new FragmentNeeds { Track = Track, Scheme = ProtectionScheme.Cenc, KeyIds = [new KeyId(1)] }, default).AsTask().GetAwaiter().GetResult();
        Ctr = Evp.Create("EVP_aes_128_ctr", key, new ReadOnlySpan<byte>(Vector, 16));
        Cbc = Evp.Create("EVP_aes_128_cbc", key, new ReadOnlySpan<byte>(Vector, 16));
    }

    public static Mp4Track Track { get; } = new() { Id = 1, Handler = "vide", Language = "und", Timescale = 1, Duration = 0, Width = 0, Height = 0, SampleEntries = [] };

    public int Size { get; }

    public byte* Data { get; }

    public byte* Vector { get; }

    /// <summary>Another vector, which kernels write to.</summary>
    public byte* Chain { get; }

    public ContentKey Key { get; }

    /// <summary>The public path with its lease.</summary>
    public IFragmentDecryptor Decryptor { get; }

    public nint Ctr { get; }

    public nint Cbc { get; }

    public CounterBlock Counter => new(new ReadOnlySpan<byte>(Vector, 16));

    public DecryptStatus Decrypt(ProtectionScheme scheme, int length, ReadOnlySpan<Subsample> map, int crypt = 0, int skip = 0) => Decryptor.Decrypt(new Span<byte>(Data, length), new SampleProtection
    {
        Scheme = scheme,
        KeyId = new KeyId(1),
        InitializationVector = new ReadOnlySpan<byte>(Vector, 16),
        Subsamples = map,
        CryptBlocks = (byte)crypt,
        SkipBlocks = (byte)skip,
    });

    public void Dispose()
    {
        Decryptor.Dispose();
        _keys.Dispose();
        Key.ReleaseReference();
        Key.Dispose();
        NativeMemory.AlignedFree(Data);
        NativeMemory.AlignedFree(Vector);
    }
}
