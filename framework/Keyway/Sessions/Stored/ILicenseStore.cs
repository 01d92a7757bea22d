namespace Keyway.Sessions;

/// <summary>Keeps licences beyond their sessions. What it is given to keep is secret, and it keeps it so.</summary>
/// <remarks>
/// <para>Threads: any, several at once; several processes may share what is behind it.</para>
/// <para>What is written is there to stay when a call returns: also after a crash. A caller that is about to use a key for the first time relies on that.</para>
/// <para>A store holds what one viewer on one device may use. What is behind it must not be shared by several.</para>
/// </remarks>
public interface ILicenseStore
{
    /// <summary>Lists what is stored. What is damaged or belongs to somebody else is reported and passed over.</summary>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The licences, the newest first, and what cannot be used.</returns>
    /// <exception cref="LicenseStoreException">The store cannot be read at all.</exception>
    ValueTask<StoredLicenseList> ListAsync(CancellationToken cancellationToken);

    /// <summary>Reads a licence with what its key system needs to take it up.</summary>
    /// <param name="id">The licence.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The licence; <see langword="null"/> when it is not there. Ownership: the caller's, who disposes it.</returns>
    /// <exception cref="LicenseStoreException">It cannot be read, or is damaged.</exception>
    ValueTask<StoredLicenseContent?> ReadAsync(StoredLicenseId id, CancellationToken cancellationToken);

    /// <summary>Adds a licence.</summary>
    /// <param name="license">What may be known about it. Its identifier is new.</param>
    /// <param name="saved">What the key system wrote. A secret. Ownership: the caller's, who clears it after the call.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>A task that ends when it is there to stay.</returns>
    /// <exception cref="LicenseStoreException">It cannot be written.</exception>
    ValueTask AddAsync(StoredLicense license, ReadOnlyMemory<byte> saved, CancellationToken cancellationToken);

    /// <summary>Changes a licence. Nobody else changes it between reading and writing, in this process or in another.</summary>
    /// <param name="id">The licence.</param>
    /// <param name="change">Makes the new one of the one that is there. It returns its argument where nothing is to change.</param>
    /// <param name="saved">What the key system wrote now; empty: what is there stays.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The licence as it is now, there to stay; <see langword="null"/> when it is not there.</returns>
    /// <exception cref="LicenseStoreException">It cannot be read or written, or is damaged.</exception>
    ValueTask<StoredLicense?> ChangeAsync(
        StoredLicenseId id, Func<StoredLicense, StoredLicense> change, ReadOnlyMemory<byte> saved, CancellationToken cancellationToken);

    /// <summary>Removes a licence.</summary>
    /// <param name="id">The licence.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns><see langword="false"/> when it was not there.</returns>
    /// <exception cref="LicenseStoreException">It cannot be removed.</exception>
    ValueTask<bool> RemoveAsync(StoredLicenseId id, CancellationToken cancellationToken);
}
