using System.Security.Cryptography;
using Keyway.Decryption;

namespace Keyway.Mp4;

/// <summary>
/// The four schemes once more, as plainly as the standard writes them (ISO/IEC 23001-7, 9 and 10), on the operating system's AES, block by block.
/// It shares nothing with the product's decryptor, and so can say which of the two rooms is wrong.
/// </summary>
internal sealed class ReferenceKeys(IReadOnlyDictionary<KeyId, byte[]> keys) : IMediaKeys
{
    public List<FragmentNeeds> Asked { get; } = [];

    public static ReferenceKeys None { get; } = new(new Dictionary<KeyId, byte[]>());

    public ValueTask<IFragmentDecryptor> LeaseAsync(FragmentNeeds needs, CancellationToken cancellationToken)
    {
        Asked.Add(needs);
        return ValueTask.FromResult<IFragmentDecryptor>(new Decryptor(keys));
    }

    private sealed class Decryptor(IReadOnlyDictionary<KeyId, byte[]> keys) : IFragmentDecryptor
    {
        private readonly Dictionary<KeyId, Aes> _ciphers = [];

        public void Dispose()
        {
            foreach (Aes aes in _ciphers.Values) aes.Dispose();
        }

        public DecryptStatus Decrypt(Span<byte> sample, in SampleProtection protection)
        {
            if (protection.Scheme == ProtectionScheme.None) return DecryptStatus.SchemeNotSupported;
            if (!_ciphers.TryGetValue(protection.KeyId, out Aes? aes))
            {
                if (!keys.TryGetValue(protection.KeyId, out byte[]? key)) return DecryptStatus.KeyNotFound;
                aes = Aes.Create();
                aes.Key = key;
                _ciphers.Add(protection.KeyId, aes);
            }

            byte[] iv = new byte[16];
            if (protection.InitializationVector.Length is not (8 or 16)) return DecryptStatus.MalformedSample;
            protection.InitializationVector.CopyTo(iv);

            // The bytes that are really encrypted, in order, in lists that the cipher runs through.
            List<List<int>> lists = [[]];
            int at = 0;
            Subsample[] map = protection.Subsamples.IsEmpty ? [new Subsample { ClearBytes = 0, ProtectedBytes = (uint)sample.Length }] : protection.Subsamples.ToArray();
            if (map.Sum(s => (long)s.ClearBytes + s.ProtectedBytes) != sample.Length) return DecryptStatus.MalformedSample;
            foreach (Subsample subsample in map)
            {
                at += (int)subsample.ClearBytes;
                if (protection.Scheme == ProtectionScheme.Cbcs) lists.Add([]);
                Mark(at, (int)subsample.ProtectedBytes, protection, lists[^1]);
                at += (int)subsample.ProtectedBytes;
            }

            foreach (List<int> list in lists)
            {
                byte[] bytes = new byte[list.Count];
                for (int i = 0; i < bytes.Length; i++) bytes[i] = sample[list[i]];
                byte[] clear = protection.Scheme is ProtectionScheme.Cenc or ProtectionScheme.Cens ? Ctr(aes, bytes, iv) : aes.DecryptCbc(bytes, iv, PaddingMode.None);
                for (int i = 0; i < bytes.Length; i++) sample[list[i]] = clear[i];
            }

            return DecryptStatus.Decrypted;
        }

        private static void Mark(int start, int length, in SampleProtection protection, List<int> into)
        {
            bool pattern = protection.Scheme is ProtectionScheme.Cens or ProtectionScheme.Cbcs;
            bool whole = pattern || protection.Scheme == ProtectionScheme.Cbc1;       // partial blocks stay clear
            int crypt = pattern ? protection.CryptBlocks : 0, skip = pattern ? protection.SkipBlocks : 0;
            if (crypt == 0 && skip == 0) (crypt, skip) = (1, 0);
            int blocks = length / 16;
            for (int b = 0; b < blocks; b++)
                if (b % (crypt + skip) < crypt)
                    for (int i = 0; i < 16; i++) into.Add(start + (16 * b) + i);
            if (!whole)
                for (int i = 16 * blocks; i < length; i++) into.Add(start + i);
        }

        private static byte[] Ctr(Aes aes, byte[] bytes, byte[] iv)
        {
            byte[] counter = [.. iv];
            byte[] result = new byte[bytes.Length];
            for (int at = 0; at < bytes.Length; at += 16)
            {
                byte[] stream = aes.EncryptEcb(counter, PaddingMode.None);
                for (int i = at; i < Math.Min(at + 16, bytes.Length); i++) result[i] = (byte)(bytes[i] ^ stream[i - at]);
                for (int i = 15; i >= 8 && ++counter[i] == 0; i--)
                {
                    // The low 64 bits count (23001-7, 9.4: the carry stays in the block counter).
                }
            }

            return result;
        }
    }
}
