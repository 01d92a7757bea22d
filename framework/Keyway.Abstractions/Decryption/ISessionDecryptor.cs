namespace Keyway.Decryption;

/// <summary>
/// Decrypts with keys that live in a licence session: in a CDM, another process, a device. It has two forms and implements one of them at least: what never waits takes
/// sample by sample, what has to wait takes many at once.
/// </summary>
/// <remarks>
/// The session says with <see cref="Licensing.ISessionHost.SetStatus(KeyId, Licensing.KeyStatus)"/> which keys it has, and the framework judges for each fragment whether status, policy
/// and sink allow one. Where it decrypts with a lease, it hands all samples of a fragment that need one key to <see cref="DecryptAsync"/>, in as few calls as
/// <see cref="BatchBytes"/> allows.
/// </remarks>
public interface ISessionDecryptor : ISampleDecryptor, ISessionCapability
{
    /// <summary>How many bytes one batch has at most, unless one sample alone has more.</summary>
    /// <value>4 MiB.</value>
    int BatchBytes => 4 << 20;

    /// <inheritdoc/>
    /// <remarks>Where it is not implemented, every sample is to be handed over by <see cref="DecryptAsync"/>.</remarks>
    DecryptStatus ISampleDecryptor.Decrypt(Span<byte> sample, in SampleProtection protection) => DecryptStatus.NotNow;

    /// <summary>Decrypts samples in place, in their order. May wait.</summary>
    /// <param name="batch">The samples. Its memory is the decryptor's until the task ends, and not afterwards.</param>
    /// <param name="cancellationToken">
    /// Cancelled when nobody waits for the samples any more, or when the session is being closed. The call then ends soon, with what is done so far or by throwing.
    /// </param>
    /// <returns>How far it came. Where it is not implemented, what <see cref="ISampleDecryptor.Decrypt"/> says of one sample after the other.</returns>
    /// <exception cref="Exception">Any: nobody knows then which samples are clear, and the fragment is lost.</exception>
    ValueTask<BatchResult> DecryptAsync(SampleBatch batch, CancellationToken cancellationToken) => new(batch.DecryptEach(this, cancellationToken));
}
