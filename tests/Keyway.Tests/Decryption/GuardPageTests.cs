namespace Keyway.Decryption;

/// <summary>Kernels read and write the sample and nothing beside it, even where the next byte is an unreadable page.</summary>
public sealed class GuardPageTests
{
    [Theory]
    [InlineData(Acceleration.Auto)]
    [InlineData(Acceleration.Portable)]
    public void Samples_that_end_or_begin_at_a_guard_page_are_decrypted(Acceleration acceleration)
    {
        if (!OperatingSystem.IsLinux()) Assert.Skip("guard pages are made with Linux's mmap and mprotect");
        using GuardedMemory memory = new(4096);
        using RawKeyRing ring = SchemeTests.Ring(acceleration);
        using IFragmentDecryptor decryptor = ring.CreateDecryptor().LeaseFragment();
        byte[] vector = Bytes.Random(16, 1);
        foreach (ProtectionScheme scheme in new[] { ProtectionScheme.Cenc, ProtectionScheme.Cens, ProtectionScheme.Cbc1, ProtectionScheme.Cbcs })
        {
            foreach ((int crypt, int skip) in new[] { (0, 0), (1, 9), (5, 5) })
            {
                for (int length = 0; length <= 600; length++)
                {
                    byte[] encrypted = Bytes.Random(length, length);
                    byte[] expected = StandardSchemes.Decrypt(Bytes.Key, scheme, vector, encrypted, [], crypt, skip);
                    Subsample[] layout = length < 40 ? [] : [new Subsample { ClearBytes = 3, ProtectedBytes = 18 }, new Subsample { ClearBytes = 0, ProtectedBytes = (uint)length - 21 }];
                    byte[] expectedOfLayout = StandardSchemes.Decrypt(Bytes.Key, scheme, vector, encrypted, layout, crypt, skip);
                    foreach (bool end in new[] { true, false })
                    {
                        Span<byte> sample = end ? memory.AtEnd(length) : memory.AtStart(length);
                        encrypted.CopyTo(sample);
                        SchemeTests.Decrypt(decryptor, scheme, vector, sample, [], crypt, skip);
                        sample.SequenceEqual(expected).Should().BeTrue("of {0} bytes", length);
                        encrypted.CopyTo(sample);
                        SchemeTests.Decrypt(decryptor, scheme, vector, sample, layout, crypt, skip);
                        sample.SequenceEqual(expectedOfLayout).Should().BeTrue("of {0} bytes in two ranges", length);
                    }
                }
            }
        }
    }
}
