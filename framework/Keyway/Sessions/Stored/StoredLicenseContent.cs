using System.Security.Cryptography;

namespace Keyway.Sessions;

/// <summary>A stored licence with what its key system needs to take it up again.</summary>
/// <remarks>Ownership: the reader's; disposing it zeroes what was saved. Threads: one at a time.</remarks>
public sealed class StoredLicenseContent : IDisposable
{
    private readonly byte[] _saved;

    /// <summary>Makes one.</summary>
    /// <param name="license">What may be known about it.</param>
    /// <param name="saved">What the key system wrote. It is copied.</param>
    public StoredLicenseContent(StoredLicense license, ReadOnlySpan<byte> saved)
    {
        ArgumentNullException.ThrowIfNull(license);
        License = license;
        // Pinned: the collector leaves no copies behind.
        _saved = GC.AllocateUninitializedArray<byte>(saved.Length, pinned: true);
        saved.CopyTo(_saved);
    }

    /// <summary>What may be known about it.</summary>
    public StoredLicense License { get; }

    /// <summary>What <see cref="Licensing.ILicenseSession.SaveAsync"/> wrote. A secret; zeroes once it was disposed.</summary>
    public ReadOnlyMemory<byte> Saved => _saved;

    /// <summary>Zeroes what was saved.</summary>
    public void Dispose() => CryptographicOperations.ZeroMemory(_saved);
}
