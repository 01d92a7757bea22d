using System.Runtime.CompilerServices;

namespace Keyway.Decryption;

/// <summary>The leases of one fragment: at most one for each key.</summary>
/// <remarks>
/// Not pooled: a stale second Dispose of a pooled one could free keys that somebody else decrypts with. It is one small object a fragment.
/// </remarks>
internal sealed class FragmentDecryptor(SampleDecryptor owner) : IFragmentDecryptor
{
    private const int Inline = 4;

    private Entries _few;
    private Entry[] _more = [];
    private int _count;
    private bool _disposed;

    /// <summary>A leaked one still releases its keys.</summary>
    ~FragmentDecryptor() => Release();

    /// <inheritdoc/>
    public DecryptStatus Decrypt(Span<byte> sample, in SampleProtection protection)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        DecryptStatus refusal = SampleDecryptor.Check(sample, protection, out SampleMap map);
        if (refusal != DecryptStatus.None) return refusal;
        int index = IndexOf(protection.KeyId);
        return index < 0 ? DecryptStatus.KeyNotFound : Use(At(index), sample, protection, map);
    }

    /// <inheritdoc/>
    public int BatchBytes(KeyId id)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        int index = IndexOf(id);
        return index < 0 ? 0 : At(index).Lease.Loan?.BatchBytes ?? 0;
    }

    /// <inheritdoc/>
    public async ValueTask<BatchResult> DecryptAsync(SampleBatch batch, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (batch.Count == 0) return new BatchResult { Status = DecryptStatus.Decrypted, Done = 0 };
        int index = IndexOf(batch.KeyId);
        if (index < 0) return new BatchResult { Status = DecryptStatus.KeyNotFound, Done = 0 };
        if (At(index) is not { Status: DecryptStatus.Decrypted, Lease.Loan: { } loan }) return batch.DecryptEach(this, cancellationToken);
        for (int i = 0; i < batch.Count; i++)
        {
            DecryptStatus refusal = SampleDecryptor.Check(batch.SampleAt(i), batch.ProtectionAt(i), out _);
            if (refusal != DecryptStatus.None) return new BatchResult { Status = refusal, Done = 0 };
        }

        BatchResult result = await loan.DecryptAsync(batch, cancellationToken).ConfigureAwait(false);

        // A wait before asking again keeps no session from closing, and takes the key from whichever has it then.
        if (result.Status is DecryptStatus.NotNow or DecryptStatus.KeyNotFound) Forget(batch.KeyId);
        GC.KeepAlive(this);
        return result;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
    }

    /// <summary>Where a key stands, which is leased now if it was not.</summary>
    private int IndexOf(KeyId id)
    {
        for (int i = 0; i < _count; i++)
            if (At(i).Id == id) return i;
        DecryptStatus status = owner.TryLease(id, out KeyLease lease);

        // A key that is not there may come; anything else stays as it is for this fragment.
        if (status == DecryptStatus.KeyNotFound) return -1;
        Add(new Entry { Id = id, Status = status, Lease = lease });
        return _count - 1;
    }

    private void Forget(KeyId id)
    {
        int index = 0;
        while (index < _count && At(index).Id != id) index++;
        if (index == _count) return;
        At(index).Lease.Release();
        At(index) = At(--_count);
    }

    private DecryptStatus Use(in Entry entry, Span<byte> sample, in SampleProtection protection, in SampleMap map)
    {
        if (entry.Status != DecryptStatus.Decrypted) return entry.Status;
        DecryptStatus status = entry.Lease.Decrypt(sample, protection, map);

        // The finalizer must not give the key back while it is at work.
        GC.KeepAlive(this);
        return status;
    }

    private ref Entry At(int index)
    {
        if (index < Inline) return ref _few[index];
        return ref _more[index - Inline];
    }

    private void Add(Entry entry)
    {
        if (_count >= Inline && _count - Inline == _more.Length) Array.Resize(ref _more, Math.Max(4, _more.Length * 2));
        _count++;
        At(_count - 1) = entry;
    }

    private void Release()
    {
        if (_disposed) return;
        _disposed = true;
        for (int i = 0; i < _count; i++) At(i).Lease.Release();
        _count = 0;
    }

    private struct Entry
    {
        public KeyId Id;
        public DecryptStatus Status;
        public KeyLease Lease;
    }

    [InlineArray(Inline)]
    private struct Entries
    {
        private Entry _first;
    }
}
