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

    /// <summary>A leaked one still lets its keys go.</summary>
    ~FragmentDecryptor() => Release();

    /// <inheritdoc/>
    public DecryptStatus Decrypt(Span<byte> sample, in SampleProtection protection)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        DecryptStatus refusal = SampleDecryptor.Check(sample, protection, out SampleMap map);
        if (refusal != DecryptStatus.None) return refusal;

        for (int i = 0; i < _count; i++)
        {
            ref Entry known = ref At(i);
            if (known.Id == protection.KeyId) return Use(known, sample, protection, map);
        }

        DecryptStatus status = owner.TryLease(protection.KeyId, out KeyLease lease);

        // A key that is not there may come; anything else stays as it is for this fragment.
        if (status == DecryptStatus.KeyNotFound) return status;
        Entry entry = new() { Id = protection.KeyId, Status = status, Lease = lease };
        Add(entry);
        return Use(entry, sample, protection, map);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
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
