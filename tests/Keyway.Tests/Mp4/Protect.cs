using System.Security.Cryptography;
using Keyway.Decryption;

namespace Keyway.Mp4;

/// <summary>Encrypts samples as the standard says (ISO/IEC 23001-7, 9 and 10), on the operating system's AES and with nothing of the product.</summary>
internal static class Protect
{
    /// <summary>Encrypts a sample.</summary>
    /// <param name="scheme">The scheme.</param>
    /// <param name="sample">The clear sample.</param>
    /// <param name="iv">8 or 16 bytes.</param>
    /// <param name="clear">How many bytes at its beginning stay clear: a map of one subsample; 0 for the whole sample.</param>
    /// <param name="key">The key.</param>
    /// <param name="crypt">Encrypted blocks of the pattern.</param>
    /// <param name="skip">Clear blocks of the pattern.</param>
    public static byte[] Sample(ProtectionScheme scheme, byte[] sample, byte[] iv, int clear, byte[] key, int crypt, int skip)
    {
        bool pattern = scheme is ProtectionScheme.Cens or ProtectionScheme.Cbcs;
        List<int> places = [];
        for (int at = clear; at < sample.Length; at++)
        {
            int block = (at - clear) / 16;
            bool whole = clear + (16 * (block + 1)) <= sample.Length;
            if (!whole && scheme != ProtectionScheme.Cenc) continue;
            if (pattern && block % (crypt + skip) >= crypt) continue;
            places.Add(at);
        }

        byte[] hidden = [.. places.Select(at => sample[at])], vector = [.. iv, .. new byte[16 - iv.Length]];
        using Aes aes = Aes.Create();
        aes.Key = key;
        if (scheme is ProtectionScheme.Cbc1 or ProtectionScheme.Cbcs)
        {
            hidden = hidden.Length == 0 ? hidden : aes.EncryptCbc(hidden, vector, PaddingMode.None);
        }
        else
        {
            for (int at = 0; at < hidden.Length; at += 16)
            {
                byte[] stream = aes.EncryptEcb(vector, PaddingMode.None);
                for (int i = at; i < Math.Min(hidden.Length, at + 16); i++) hidden[i] ^= stream[i - at];
                for (int i = 15; i >= 8 && ++vector[i] == 0; i--)
                {
                }
            }
        }

        byte[] result = [.. sample];
        for (int i = 0; i < places.Count; i++) result[places[i]] = hidden[i];
        return result;
    }
}
