using System.Buffers;

namespace Keyway.Decryption;

/// <summary>More ways to hand a sample to an <see cref="ISampleDecryptor"/>.</summary>
public static class SampleDecryptorExtensions
{
    /// <summary>Copies a sample once, into the writer's own memory, and decrypts it there.</summary>
    /// <param name="decryptor">The decryptor.</param>
    /// <param name="sample">The whole sample, in as many pieces as it came.</param>
    /// <param name="destination">Where the clear sample goes. On any status but <see cref="DecryptStatus.Decrypted"/> nothing is written.</param>
    /// <param name="protection">How the sample is protected.</param>
    /// <returns>The result.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="sample"/> is longer than a span can be.</exception>
    public static DecryptStatus Decrypt(
        this ISampleDecryptor decryptor, in ReadOnlySequence<byte> sample, IBufferWriter<byte> destination, in SampleProtection protection)
    {
        ArgumentNullException.ThrowIfNull(decryptor);
        ArgumentNullException.ThrowIfNull(destination);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sample.Length, Array.MaxLength, nameof(sample));
        int length = (int)sample.Length;
        Span<byte> clear = length == 0 ? [] : destination.GetSpan(length)[..length];
        sample.CopyTo(clear);
        DecryptStatus status = decryptor.Decrypt(clear, protection);
        if (status == DecryptStatus.Decrypted) destination.Advance(length);
        return status;
    }
}
