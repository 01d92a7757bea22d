using System.Buffers;
using System.Security.Cryptography;
using Keyway.Plugins;
using Keyway.Sessions;

namespace Keyway.Hosting;

/// <summary>Keeps licences in a folder, a file each, encrypted under a key that only this user has.</summary>
/// <remarks>
/// <para>
/// Threads: any. Several processes may use one folder: a file <c>.lock</c> lets one at a time in. A file is written beside its name, flushed to the
/// disk and renamed, so that a crash leaves the old one or the new one and nothing between.
/// </para>
/// <para>
/// What it cannot know: that somebody put an older copy of a file back. Whoever can write the folder can do that; it is the user's own.
/// </para>
/// <para>Ownership: who creates it disposes it, after the engine that uses it. Then the key is zeroed.</para>
/// </remarks>
public sealed partial class FileLicenseStore : ILicenseStore, IDisposable
{
    /// <summary>The name of the secret that the files are encrypted under, in a host's configuration.</summary>
    public const string SecretName = "license-store";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Func<CancellationToken, ValueTask<IMemoryOwner<byte>>> _secret;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private LicenseFile? _format;
    private bool _disposed;

    /// <summary>Makes a store. Neither the folder nor the key is touched yet.</summary>
    /// <param name="folder">The folder. It is made, for this user only, when the first licence comes; one that others may enter is refused.</param>
    /// <param name="secret">
    /// Reads the key: 32 bytes, as they are, in hexadecimal digits or in base64. It is asked once, at the first call that needs it.
    /// </param>
    public FileLicenseStore(string folder, Func<CancellationToken, ValueTask<IMemoryOwner<byte>>> secret)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(secret);
        Folder = Path.GetFullPath(folder);
        _secret = secret;
    }

    /// <summary>The folder.</summary>
    public string Folder { get; }

    /// <inheritdoc/>
    public ValueTask<StoredLicenseList> ListAsync(CancellationToken cancellationToken) => WithLockAsync(mayMake: false, format =>
    {
        List<StoredLicense> licenses = [];
        List<StoredLicenseProblem> problems = [];
        foreach (string path in Directory.EnumerateFileSystemEntries(Folder).Order(StringComparer.Ordinal))
        {
            string name = Path.GetFileName(path);
            if (name == LockName) continue;
            if (IsUnfinished(name))
            {
                // Under the lock nobody is writing: its writer has crashed.
                File.Delete(path);
                continue;
            }

            if (!TryParseName(name, out StoredLicenseId id)) problems.Add(new StoredLicenseProblem(path, "it is no stored licence"));
            else if (TryRead(format!, id, path, out StoredLicenseContent? content, out string? problem))
            {
                using (content) licenses.Add(content!.License);
            }
            else problems.Add(new StoredLicenseProblem(path, problem!));
        }

        licenses.Sort(static (left, right) => right.Created.CompareTo(left.Created));
        return new StoredLicenseList(licenses, problems);
    }, new StoredLicenseList([], []), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<StoredLicenseContent?> ReadAsync(StoredLicenseId id, CancellationToken cancellationToken) =>
        WithLockAsync(mayMake: false, format => Read(format!, id), null, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask AddAsync(StoredLicense license, ReadOnlyMemory<byte> saved, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(license);
        await WithLockAsync(mayMake: true, format =>
        {
            string path = PathOf(license.Id);
            bool isNew = !File.Exists(path);
            try
            {
                Write(format!, license, saved.Span);
            }
            catch (IOException) when (isNew)
            {
                // A licence that nobody is told of as stored must not be found there the next time.
                PrivateFolder.Discard(path);
                throw;
            }

            return true;
        }, absent: false, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask<StoredLicense?> ChangeAsync(
        StoredLicenseId id, Func<StoredLicense, StoredLicense> change, ReadOnlyMemory<byte> saved, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(change);
        return WithLockAsync(mayMake: false, format =>
        {
            using StoredLicenseContent? content = Read(format!, id);
            if (content is null) return null;
            StoredLicense changed = change(content.License);
            if (!ReferenceEquals(changed, content.License) || !saved.IsEmpty) Write(format!, changed, saved.IsEmpty ? content.Saved.Span : saved.Span);
            return changed;
        }, null, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<bool> RemoveAsync(StoredLicenseId id, CancellationToken cancellationToken) => WithLockAsync(mayMake: false, _ =>
    {
        string path = PathOf(id);
        if (!File.Exists(path)) return false;
        File.Delete(path);
        DiskSync.FlushFolder(Folder);
        return true;
    }, absent: false, cancellationToken);

    /// <summary>Zeroes the key.</summary>
    public void Dispose()
    {
        _gate.Wait();
        try
        {
            _disposed = true;
            _format?.Dispose();
            _format = null;
        }
        finally
        {
            _gate.Release();
        }
    }

    private string PathOf(StoredLicenseId id) => Path.Combine(Folder, $"{id}{Extension}");

    private StoredLicenseContent? Read(LicenseFile format, StoredLicenseId id)
    {
        string path = PathOf(id);
        if (!File.Exists(path)) return null;
        return TryRead(format, id, path, out StoredLicenseContent? content, out string? problem) ? content : throw new LicenseStoreException($"{path}: {problem}");
    }

    private static bool TryRead(LicenseFile format, StoredLicenseId id, string path, out StoredLicenseContent? content, out string? problem)
    {
        content = null;
        try
        {
            FileInfo file = new(path);
            if (!file.Exists) problem = "it is no file";
            else if (file.LinkTarget is not null) problem = "it is a link";
            else if (file.Length > LicenseFile.MaximumLength) problem = $"it is longer than {LicenseFile.MaximumLength} bytes";
            else return format.TryOpen(File.ReadAllBytes(path), id, out content, out problem);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            problem = $"it cannot be read ({exception.GetType().Name})";
        }

        return false;
    }

    private void Write(LicenseFile format, StoredLicense license, ReadOnlySpan<byte> saved) => PrivateFolder.Write(Folder, $"{license.Id}{Extension}", format.Seal(license, saved));

    /// <summary>Reads the key, once.</summary>
    private async ValueTask<LicenseFile> FormatAsync(CancellationToken cancellationToken)
    {
        if (_format is not null) return _format;
        using IMemoryOwner<byte> secret = await ReadSecretAsync(cancellationToken).ConfigureAwait(false);
        byte[] key = GC.AllocateUninitializedArray<byte>(LicenseFile.KeyLength, pinned: true);
        try
        {
            if (!LicenseFile.TryReadKey(secret.Memory.Span, key))
                throw new LicenseStoreException($"the secret '{SecretName}' is not {LicenseFile.KeyLength} bytes, {2 * LicenseFile.KeyLength} hexadecimal digits or their base64");
            return _format = new LicenseFile(key);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    private async ValueTask<IMemoryOwner<byte>> ReadSecretAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _secret(cancellationToken).ConfigureAwait(false);
        }
        catch (SecretException exception)
        {
            throw new LicenseStoreException($"there is no key for them: {exception.Message}", exception);
        }
    }
}
