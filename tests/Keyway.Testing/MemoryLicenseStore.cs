using System.Collections.Concurrent;
using Keyway.Sessions;

namespace Keyway.Testing;

/// <summary>A store of licences in memory. One that several engines are given, one after the other, is the disk that survives them.</summary>
/// <remarks>Threads: any.</remarks>
public sealed class MemoryLicenseStore : ILicenseStore
{
    private readonly Lock _gate = new();
    private readonly Dictionary<StoredLicenseId, (StoredLicense License, byte[] Saved)> _stored = [];
    private readonly ConcurrentQueue<string> _calls = new();

    /// <summary>Called before each call does its work, with the method's name without <c>Async</c>. What it throws, the call throws.</summary>
    public Func<string, CancellationToken, Task>? Before { get; set; }

    /// <summary>The calls so far: the methods' names without <c>Async</c>.</summary>
    public IReadOnlyList<string> Calls => [.. _calls];

    /// <summary>What is stored, the oldest first.</summary>
    public IReadOnlyList<StoredLicense> Licenses
    {
        get
        {
            lock (_gate) return [.. _stored.Values.Select(static stored => stored.License).OrderBy(static license => license.Created)];
        }
    }

    /// <summary>What was saved of a licence.</summary>
    /// <param name="id">The licence.</param>
    /// <returns>The bytes.</returns>
    public ReadOnlyMemory<byte> SavedOf(StoredLicenseId id)
    {
        lock (_gate) return _stored[id].Saved;
    }

    /// <inheritdoc/>
    public async ValueTask<StoredLicenseList> ListAsync(CancellationToken cancellationToken)
    {
        await EnterAsync("List", cancellationToken).ConfigureAwait(false);
        return new StoredLicenseList([.. Licenses.Reverse()], []);
    }

    /// <inheritdoc/>
    public async ValueTask<StoredLicenseContent?> ReadAsync(StoredLicenseId id, CancellationToken cancellationToken)
    {
        await EnterAsync("Read", cancellationToken).ConfigureAwait(false);
        lock (_gate) return _stored.TryGetValue(id, out (StoredLicense License, byte[] Saved) found) ? new StoredLicenseContent(found.License, found.Saved) : null;
    }

    /// <inheritdoc/>
    public async ValueTask AddAsync(StoredLicense license, ReadOnlyMemory<byte> saved, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(license);
        await EnterAsync("Add", cancellationToken).ConfigureAwait(false);
        lock (_gate) _stored.Add(license.Id, (license, saved.ToArray()));
    }

    /// <inheritdoc/>
    public async ValueTask<StoredLicense?> ChangeAsync(
        StoredLicenseId id, Func<StoredLicense, StoredLicense> change, ReadOnlyMemory<byte> saved, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(change);
        await EnterAsync("Change", cancellationToken).ConfigureAwait(false);
        lock (_gate)
        {
            if (!_stored.TryGetValue(id, out (StoredLicense License, byte[] Saved) found)) return null;
            StoredLicense changed = change(found.License);
            _stored[id] = (changed, saved.IsEmpty ? found.Saved : saved.ToArray());
            return changed;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<bool> RemoveAsync(StoredLicenseId id, CancellationToken cancellationToken)
    {
        await EnterAsync("Remove", cancellationToken).ConfigureAwait(false);
        lock (_gate) return _stored.Remove(id);
    }

    private async ValueTask EnterAsync(string name, CancellationToken cancellationToken)
    {
        _calls.Enqueue(name);
        if (Before is { } before) await before(name, cancellationToken).ConfigureAwait(false);
    }
}
