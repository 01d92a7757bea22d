namespace Keyway.Decryption;

/// <summary>Decrypts samples of one track for one sink.</summary>
/// <remarks>
/// Threads: any, several at once, unless who made it says otherwise. The calls allocate nothing, take no lock and do not wait: what would have to wait answers
/// <see cref="DecryptStatus.NotNow"/>.
/// </remarks>
public interface ISampleDecryptor
{
    /// <summary>Decrypts in place. On any status but <see cref="DecryptStatus.Decrypted"/> the sample is untouched.</summary>
    /// <param name="sample">The whole sample.</param>
    /// <param name="protection">How it is protected.</param>
    /// <returns>The result.</returns>
    DecryptStatus Decrypt(Span<byte> sample, in SampleProtection protection);
}
