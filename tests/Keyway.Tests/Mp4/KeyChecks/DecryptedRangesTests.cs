using Keyway.Decryption;

namespace Keyway.Mp4.KeyChecks;

/// <summary>The ranges are those that decrypting changes, whatever scheme, map and pattern.</summary>
public sealed class DecryptedRangesTests
{
    [Fact]
    public void They_are_the_bytes_that_another_key_changes()
    {
        Random random = new(5);
        foreach (ProtectionScheme scheme in (ProtectionScheme[])[ProtectionScheme.Cenc, ProtectionScheme.Cens, ProtectionScheme.Cbc1, ProtectionScheme.Cbcs])
        {
            for (int run = 0; run < 60; run++)
            {
                int count = random.Next(4);
                Subsample[] map = [.. Enumerable.Range(0, count).Select(_ => new Subsample { ClearBytes = (ushort)random.Next(40), ProtectedBytes = (uint)(scheme == ProtectionScheme.Cbc1 ? random.Next(9) * 16 : random.Next(400)) })];
                byte[] sample = new byte[count == 0 ? random.Next(1, 500) : map.Sum(each => each.ClearBytes + (int)each.ProtectedBytes)];
                if (sample.Length == 0) continue;
                random.NextBytes(sample);
                SampleProtection protection = new()
                {
                    Scheme = scheme,
                    KeyId = Made.Kid,
                    InitializationVector = Made.Iv(run, 16),
                    Subsamples = map,
                    CryptBlocks = run % 3 == 0 ? (byte)0 : (byte)random.Next(1, 5),
                    SkipBlocks = run % 3 == 0 ? (byte)0 : (byte)random.Next(10),
                };

                // One byte in 256 stays the same under a key, and hardly any under six.
                bool[] changed = new bool[sample.Length];
                for (int k = 0; k < 6; k++)
                {
                    byte[] other = [.. sample];
                    Decrypt(other, protection, random);
                    for (int i = 0; i < other.Length; i++) changed[i] |= other[i] != sample[i];
                }

                bool[] said = new bool[sample.Length];
                DecryptedRanges ranges = new(sample.Length, protection);
                while (ranges.MoveNext()) said.AsSpan(ranges.Start..ranges.End).Fill(true);
                said.Should().Equal(changed, $"run {run} of {scheme}");
            }
        }
    }

    private static void Decrypt(byte[] sample, in SampleProtection protection, Random random)
    {
        byte[] key = new byte[16];
        random.NextBytes(key);
        using RawKeyRing ring = new();
        ring.Add(Made.Kid, key);
        ring.CreateDecryptor().Decrypt(sample, protection).Should().Be(DecryptStatus.Decrypted);
    }
}
