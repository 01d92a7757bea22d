using Keyway.Decryption;
using Keyway.Mp4.Samples;

namespace Keyway.Mp4.Decrypting;

/// <summary>What opens the samples of one track in one fragment: their table, and the lease of their keys.</summary>
/// <remarks>Threads: one at a time. Its fragment's batches are opened one after the other; those of other fragments beside them.</remarks>
internal sealed class FragmentOpener(SampleTable table, IFragmentDecryptor decryptor, FragmentNeeds needs, string name) : IDisposable
{
    private bool _disposed;

    /// <summary>Whether its keys live in a session, which has to be waited for.</summary>
    public bool MayWait { get; } = SampleOpener.MayWait(decryptor, needs);

    public SampleTable Table => table;

    /// <summary>The first sample that is in no batch yet.</summary>
    public int Next { get; set; }

    /// <summary>Who decrypts its latest samples.</summary>
    public Task? Work { get; set; }

    /// <summary>Decrypts samples where they lie.</summary>
    /// <param name="bytes">What their offsets point into.</param>
    /// <param name="shift">How much further in than their offsets say.</param>
    /// <param name="first">The first of them.</param>
    /// <param name="count">How many.</param>
    /// <exception cref="SampleDecryptionException">One cannot be decrypted.</exception>
    public void Open(Span<byte> bytes, int shift, int first, int count)
    {
        int failed = SampleOpener.Decrypt(table, first, count, bytes, shift, decryptor, out DecryptStatus status);
        if (failed >= 0) throw SampleOpener.Failure(table, failed, status, name);
    }

    /// <summary>Decrypts samples where they lie, and waits where that takes waiting.</summary>
    /// <inheritdoc cref="Open"/>
    public ValueTask OpenAsync(Memory<byte> bytes, int shift, int first, int count, CancellationToken cancellationToken)
    {
        if (MayWait) return SampleOpener.DecryptAsync(table, first, count, bytes, shift, decryptor, name, cancellationToken);
        Open(bytes.Span, shift, first, count);
        return ValueTask.CompletedTask;
    }

    /// <summary>Gives the keys back, once.</summary>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        decryptor.Dispose();
    }
}
