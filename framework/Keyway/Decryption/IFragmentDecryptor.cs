namespace Keyway.Decryption;

/// <summary>Decrypts the samples of one fragment. A key is leased at its first sample and given back by disposing.</summary>
/// <remarks>
/// <para>Threads: one at a time, disposing included. Decrypting allocates nothing, takes no lock and reads no clock but for the first sample of each key.</para>
/// <para>A key that is revoked or expires meanwhile still serves the rest of this fragment, and not the next.</para>
/// </remarks>
public interface IFragmentDecryptor : ISampleDecryptor, IDisposable
{
    /// <summary>How many bytes of samples of a key are handed over by one <see cref="DecryptAsync"/>, because the key lives in its session.</summary>
    /// <param name="id">The key. It is leased now, if it was not.</param>
    /// <returns>How many; 0 where <see cref="ISampleDecryptor.Decrypt"/> opens sample by sample, as with every key of the framework's own.</returns>
    int BatchBytes(KeyId id) => 0;

    /// <summary>Decrypts samples in place. Waits for a decryptor that has to wait, and while it says <em>not now</em>.</summary>
    /// <param name="batch">The samples. They are lent until the task ends.</param>
    /// <param name="cancellationToken">Asks for the end of the wait.</param>
    /// <returns>How far it came.</returns>
    /// <exception cref="KeywayException">It said <em>not now</em> for longer than a key is waited for, or there will be no key any more.</exception>
    ValueTask<BatchResult> DecryptAsync(SampleBatch batch, CancellationToken cancellationToken) => new(batch.DecryptEach(this, cancellationToken));
}
