using Keyway.Decryption;

namespace Keyway.Containers.TransportStream.Decrypting;

/// <summary>What opens the protected units of a segment: METHOD=SAMPLE-AES is in force, with this key and this initialisation vector.</summary>
/// <remarks>
/// <para>Every NAL unit and every audio frame is a message of its own, and begins with the same vector.</para>
/// <para>Ownership: that of the reader that it is handed to, which gives the key back when the last unit that has begun under it is done. Threads: one at a time.</para>
/// </remarks>
internal sealed class SampleAesKey : IDisposable
{
    private readonly IFragmentDecryptor? _decryptor;
    private readonly byte[] _vector;
    private bool _isLeased;

    /// <param name="decryptor">The lease of the key.</param>
    /// <param name="id">The key.</param>
    /// <param name="initializationVector">16 bytes.</param>
    /// <exception cref="ArgumentException"><paramref name="initializationVector"/> has another length.</exception>
    public SampleAesKey(IFragmentDecryptor decryptor, KeyId id, ReadOnlySpan<byte> initializationVector)
    {
        ArgumentNullException.ThrowIfNull(decryptor);
        if (initializationVector.Length != 16) throw new ArgumentException("an initialisation vector of SAMPLE-AES is 16 bytes long", nameof(initializationVector));
        _decryptor = decryptor;
        Id = id;
        _vector = initializationVector.ToArray();
    }

    private SampleAesKey(byte[] vector) => _vector = vector;

    /// <summary>A key that opens nothing: units are found and unescaped, and stay protected. Whoever reads them opens them.</summary>
    /// <param name="initializationVector">16 bytes.</param>
    public static SampleAesKey Deferred(ReadOnlySpan<byte> initializationVector) => new(initializationVector.ToArray());

    /// <summary>Whether units stay protected.</summary>
    public bool IsDeferred => _decryptor is null;

    public KeyId Id { get; }

    /// <summary>The vector that each unit begins with.</summary>
    public ReadOnlySpan<byte> Vector => _vector;

    /// <summary>Whether streams whose types do not say that they are protected are taken for protected where their program marks none. <see langword="false"/>: the types alone decide.</summary>
    public bool OpensUnmarked { get; init; } = true;

    /// <summary>Whether it has been given back.</summary>
    public bool IsDisposed { get; private set; }

    /// <summary>Decrypts whole blocks that follow one another.</summary>
    public void OpenBlocks(Span<byte> blocks, in UnitPlace place) =>
        Open(blocks, new SampleProtection { Scheme = ProtectionScheme.Cbc1, KeyId = Id, InitializationVector = _vector }, place);

    /// <summary>Decrypts one block of ten, beginning with the first.</summary>
    public void OpenPattern(Span<byte> bytes, in UnitPlace place) =>
        Open(bytes, new SampleProtection { Scheme = ProtectionScheme.Cbcs, KeyId = Id, InitializationVector = _vector, CryptBlocks = 1, SkipBlocks = 9 }, place);

    public void Dispose()
    {
        IsDisposed = true;
        _decryptor?.Dispose();
    }

    private void Open(Span<byte> bytes, in SampleProtection protection, in UnitPlace place)
    {
        if (_decryptor is null) return;
        if (!_isLeased)
        {
            // Such a session wants to be waited for, and to see whole samples of Common Encryption.
            if (_decryptor.BatchBytes(Id) > 0) throw new UnitDecryptionException(place, Id, DecryptStatus.SchemeNotSupported);
            _isLeased = true;
        }

        DecryptStatus status = _decryptor.Decrypt(bytes, protection);
        if (status != DecryptStatus.Decrypted) throw new UnitDecryptionException(place, Id, status);
    }
}
