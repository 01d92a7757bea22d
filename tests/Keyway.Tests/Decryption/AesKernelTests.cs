using System.Security.Cryptography;

namespace Keyway.Decryption;

/// <summary>Every path over every length and alignment, against <see cref="Aes"/> of the platform.</summary>
public sealed unsafe class AesKernelTests
{
    // Enough for 8 blocks at once, twice, with every remainder, and for runs that cross the 256 blocks of one round 1.
    private static readonly int[] BlockCounts = [.. Enumerable.Range(0, 41), 64, 127, 255, 256, 257, 300, 513, 600];

    public static TheoryData<Acceleration, string> CounterStarts()
    {
        TheoryData<Acceleration, string> data = [];
        foreach (Acceleration acceleration in Enum.GetValues<Acceleration>())
        {
            data.Add(acceleration, "0000000000000000 0000000000000000");
            data.Add(acceleration, "0123456789abcdef 0000000000000005");
            data.Add(acceleration, "0123456789abcdef 00000000000000fa");    // carries out of the low byte
            data.Add(acceleration, "0123456789abcdef 000000000000fffe");    // out of 16 bits
            data.Add(acceleration, "0123456789abcdef 00000000ffffffff");    // out of 32 bits
            data.Add(acceleration, "ffffffffffffffff fffffffffffffffd");    // out of 64 bits: the prefix stays
            data.Add(acceleration, "0000000000000000 ffffffffffffffff");
            data.Add(acceleration, "0123456789abcdef ffffffffffffff03");    // out of 64 bits after 253 blocks
            data.Add(acceleration, "fedcba9876543210 8899aabbccddee37");
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(CounterStarts))]
    public void Counter_mode_equals_the_standard_for_every_block_count(Acceleration acceleration, string start)
    {
        using ContentKey key = ContentKey.Create(Bytes.Id(1), Bytes.Key, acceleration);
        foreach (int blocks in BlockCounts)
        {
            byte[] data = Bytes.Random(blocks * 16, blocks);
            byte[] expected = StandardSchemes.Decrypt(Bytes.Key, ProtectionScheme.Cenc, Bytes.Hex(start), data, [], 0, 0);
            CounterBlock counter = new(Bytes.Hex(start));
            ulong first = counter.Block;

            byte[] contiguous = [.. data];
            fixed (byte* at = contiguous) AesCtr.Xor(key, at, (nuint)blocks, ref counter);
            contiguous.AsSpan().SequenceEqual(expected).Should().BeTrue("of {0} blocks", blocks);
            counter.Block.Should().Be(unchecked(first + (ulong)blocks));

            // The same blocks in an order that jumps about, so that list and memory disagree.
            byte[] scattered = new byte[data.Length];
            byte*[] list = new byte*[blocks];
            fixed (byte* at = scattered)
            fixed (byte** places = list)
            {
                for (int i = 0; i < blocks; i++)
                {
                    list[i] = at + Jump(i, blocks) * 16;
                    data.AsSpan(i * 16, 16).CopyTo(new Span<byte>(list[i], 16));
                }

                counter = new CounterBlock(Bytes.Hex(start));
                AesCtr.XorList(key, places, (nuint)blocks, ref counter);
                for (int i = 0; i < blocks; i++)
                    new Span<byte>(list[i], 16).SequenceEqual(expected.AsSpan(i * 16, 16)).Should().BeTrue("of block {0} of {1}", i, blocks);
            }
        }
    }

    [Theory]
    [MemberData(nameof(CounterStarts))]
    public void Plain_counter_kernel_equals_the_tabulated_one(Acceleration acceleration, string start)
    {
        using ContentKey key = ContentKey.Create(Bytes.Id(1), Bytes.Key, acceleration);
        foreach (int blocks in BlockCounts)
        {
            byte[] data = Bytes.Random(blocks * 16, blocks);
            byte[] expected = [.. data];
            CounterBlock counter = new(Bytes.Hex(start));
            CounterBlock moved = counter;
            fixed (byte* at = expected) AesCtr.Xor(key, at, (nuint)blocks, ref moved);
            fixed (byte* at = data)
            {
                if (key.Path == AesPath.X86) AesCtr.X86.XorPlain(key.EncryptionKeys, at, (nuint)blocks, counter.Prefix, counter.Block);
                else AesCtr.Portable.Xor(key, at, (nuint)blocks, counter.Prefix, counter.Block);
            }

            data.AsSpan().SequenceEqual(expected).Should().BeTrue("of {0} blocks", blocks);
        }
    }

    [Fact]
    public void Kernels_of_the_first_blocks_equal_those_of_the_others()
    {
        using ContentKey key = ContentKey.Create(Bytes.Id(1), Bytes.Key, Acceleration.Auto);
        if (key.Path != AesPath.X86) Assert.Skip("only with AES-NI there are two of each");
        CounterBlock counter = new(Bytes.Hex("0102030405060708ffffffffffffff80"));
        foreach (int blocks in BlockCounts)
        {
            byte[] data = Bytes.Random(blocks * 16, blocks), first = [.. data], chain = Bytes.Random(16, 7), firstChain = [.. chain];
            byte*[] places = new byte*[blocks + 1], firstPlaces = new byte*[blocks + 1];
            fixed (byte* at = data, other = first, link = chain, otherLink = firstChain)
            fixed (byte** list = places, otherList = firstPlaces)
            {
                for (int i = 0; i < blocks; i++)
                {
                    list[i] = at + (16 * (blocks - 1 - i));
                    otherList[i] = other + (16 * (blocks - 1 - i));
                }

                AesCtr.X86.Xor(key.EncryptionKeys, key.Differences, at, (nuint)blocks, counter.Prefix, counter.Block);
                AesCtr.X86.FirstXor(key.EncryptionKeys, key.Differences, other, (nuint)blocks, counter.Prefix, counter.Block);
                first.Should().Equal(data, "of {0} blocks in counter mode", blocks);
                AesCtr.X86.XorList(key.EncryptionKeys, key.Differences, list, (nuint)blocks, counter.Prefix, counter.Block);
                AesCtr.X86.FirstXorList(key.EncryptionKeys, key.Differences, otherList, (nuint)blocks, counter.Prefix, counter.Block);
                first.Should().Equal(data, "of {0} scattered blocks in counter mode", blocks);
                AesCbc.X86.Decrypt(key.DecryptionKeys, at, (nuint)blocks, 16, link);
                AesCbc.X86.FirstDecrypt(key.DecryptionKeys, other, (nuint)blocks, 16, otherLink);
                first.Should().Equal(data, "of {0} chained blocks", blocks);
                AesCbc.X86.DecryptList(key.DecryptionKeys, list, (nuint)blocks, link);
                AesCbc.X86.FirstDecryptList(key.DecryptionKeys, otherList, (nuint)blocks, otherLink);
                first.Should().Equal(data, "of {0} scattered chained blocks", blocks);
                firstChain.Should().Equal(chain);
            }
        }
    }

    [Theory]
    [InlineData(Acceleration.Auto)]
    [InlineData(Acceleration.Portable)]
    public void Chained_mode_equals_the_platform_for_every_block_count(Acceleration acceleration)
    {
        using ContentKey key = ContentKey.Create(Bytes.Id(1), Bytes.Key, acceleration);
        using Aes aes = Aes.Create();
        aes.Key = Bytes.Key;
        byte[] vector = Bytes.Random(16, 9);
        foreach (int blocks in BlockCounts)
        {
            byte[] data = Bytes.Random(blocks * 16, blocks);
            byte[] expected = aes.DecryptCbc(data, vector, PaddingMode.None);
            byte[] follows = blocks == 0 ? vector : data[^16..];

            byte[] contiguous = [.. data];
            byte[] chain = [.. vector];
            fixed (byte* at = contiguous)
            fixed (byte* link = chain)
                AesCbc.Decrypt(key, at, (nuint)blocks, 16, link);
            contiguous.AsSpan().SequenceEqual(expected).Should().BeTrue("of {0} blocks", blocks);
            chain.Should().Equal(follows);

            byte[] scattered = new byte[data.Length];
            byte*[] list = new byte*[blocks];
            chain = [.. vector];
            fixed (byte* at = scattered)
            fixed (byte** places = list)
            fixed (byte* link = chain)
            {
                for (int i = 0; i < blocks; i++)
                {
                    list[i] = at + Jump(i, blocks) * 16;
                    data.AsSpan(i * 16, 16).CopyTo(new Span<byte>(list[i], 16));
                }

                AesCbc.DecryptList(key, places, (nuint)blocks, link);
                for (int i = 0; i < blocks; i++)
                    new Span<byte>(list[i], 16).SequenceEqual(expected.AsSpan(i * 16, 16)).Should().BeTrue("of block {0} of {1}", i, blocks);
            }

            chain.Should().Equal(follows);
        }
    }

    [Theory]
    [InlineData(Acceleration.Auto, 32)]
    [InlineData(Acceleration.Auto, 160)]
    [InlineData(Acceleration.Auto, 256)]
    [InlineData(Acceleration.Portable, 32)]
    [InlineData(Acceleration.Portable, 160)]
    [InlineData(Acceleration.Portable, 256)]
    public void Strided_chained_mode_skips_what_lies_between(Acceleration acceleration, int stride)
    {
        using ContentKey key = ContentKey.Create(Bytes.Id(1), Bytes.Key, acceleration);
        byte[] vector = Bytes.Random(16, 9);
        for (int blocks = 0; blocks < 41; blocks++)
        {
            byte[] data = Bytes.Random(blocks * stride, blocks);
            byte[] expected = StandardSchemes.Decrypt(Bytes.Key, ProtectionScheme.Cbcs, vector, data, [], 1, stride / 16 - 1);
            byte[] chain = [.. vector];
            fixed (byte* at = data)
            fixed (byte* link = chain)
                AesCbc.Decrypt(key, at, (nuint)blocks, (nuint)stride, link);
            data.AsSpan().SequenceEqual(expected).Should().BeTrue("of {0} blocks", blocks);
        }
    }

    /// <summary>A permutation: 7 has no factor in common with the counts that are not multiples of it.</summary>
    private static int Jump(int index, int count) => count % 7 == 0 ? count - 1 - index : index * 7 % count;
}
