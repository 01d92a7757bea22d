using Keyway.Containers.TransportStream.Decrypting;
using Keyway.Decryption;

namespace Keyway.Containers.TransportStream;

/// <summary>Keys of these tests, leased as an engine leases them.</summary>
internal static class TestKeys
{
    public static readonly KeyId Id = KeyId.FromOpaque("a key of these tests"u8);

    public static readonly byte[] Key = "a key of 16 byte"u8.ToArray();

    public static readonly byte[] Vector = "a vector so long"u8.ToArray();

    public static SampleAesKey Lease() => Lease(Key, Vector);

    public static SampleAesKey Lease(ReadOnlySpan<byte> key, ReadOnlySpan<byte> vector, bool opensUnmarked = true) => new(Holder(key), Id, vector) { OpensUnmarked = opensUnmarked };

    private static OwnedLease Holder(ReadOnlySpan<byte> key)
    {
        RawKeyRing ring = new();
        if (!key.IsEmpty) ring.Add(Id, key);
        return new OwnedLease(ring);
    }

    /// <summary>A lease with which its ring ends.</summary>
    private sealed class OwnedLease(RawKeyRing ring) : IFragmentDecryptor
    {
        private readonly IFragmentDecryptor _inner = ring.CreateDecryptor().LeaseFragment();

        public DecryptStatus Decrypt(Span<byte> sample, in SampleProtection protection) => _inner.Decrypt(sample, protection);

        public void Dispose()
        {
            _inner.Dispose();
            ring.Dispose();
        }
    }
}
