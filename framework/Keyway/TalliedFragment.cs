using Keyway.Decryption;

namespace Keyway;

/// <summary>Opens and counts the samples of one fragment, with a key that needs no waiting.</summary>
/// <param name="inner">What has the key. Ownership: this object's.</param>
/// <param name="id">The key that is said beside the fragment, whichever the samples name; <see langword="null"/>: those that they name.</param>
/// <param name="tally">What counts.</param>
internal sealed class TalliedFragment(IFragmentDecryptor inner, KeyId? id, FragmentTally tally) : IFragmentDecryptor
{
    public DecryptStatus Decrypt(Span<byte> sample, in SampleProtection protection) => tally.Note(
        inner.Decrypt(sample, new SampleProtection
        {
            Scheme = protection.Scheme,
            KeyId = id ?? protection.KeyId,
            InitializationVector = protection.InitializationVector,
            Subsamples = protection.Subsamples,
            CryptBlocks = protection.CryptBlocks,
            SkipBlocks = protection.SkipBlocks,
        }),
        sample.Length);

    public void Dispose()
    {
        inner.Dispose();
        tally.Tell();
    }
}
