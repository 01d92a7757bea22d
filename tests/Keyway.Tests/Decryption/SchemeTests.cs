using CsCheck;

namespace Keyway.Decryption;

/// <summary>The four schemes against <see cref="StandardSchemes"/>, on both paths.</summary>
public sealed class SchemeTests
{
    private static readonly ProtectionScheme[] Schemes = [ProtectionScheme.Cenc, ProtectionScheme.Cens, ProtectionScheme.Cbc1, ProtectionScheme.Cbcs];

    // Real ones, degenerate ones, and ones whose runs are as long as eight blocks and longer.
    private static readonly (int Crypt, int Skip)[] Patterns =
        [(0, 0), (1, 9), (5, 5), (10, 0), (1, 0), (1, 1), (2, 1), (3, 7), (8, 2), (9, 1), (15, 15), (12, 3), (255, 255)];

    public static TheoryData<Acceleration, ProtectionScheme, int> EveryScheme()
    {
        TheoryData<Acceleration, ProtectionScheme, int> data = [];
        foreach (Acceleration acceleration in Enum.GetValues<Acceleration>())
        {
            foreach (ProtectionScheme scheme in Schemes)
            {
                data.Add(acceleration, scheme, 8);
                data.Add(acceleration, scheme, 16);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(EveryScheme))]
    public void Whole_samples_of_every_length_at_every_alignment_equal_the_standard(Acceleration acceleration, ProtectionScheme scheme, int vectorSize)
    {
        using RawKeyRing ring = Ring(acceleration);
        using IFragmentDecryptor decryptor = ring.CreateDecryptor().LeaseFragment();
        byte[] vector = Bytes.Random(vectorSize, 3);
        byte[] memory = GC.AllocateArray<byte>(512, pinned: true);
        foreach ((int crypt, int skip) in scheme is ProtectionScheme.Cens or ProtectionScheme.Cbcs ? Patterns[..4] : Patterns[..1])
        {
            for (int length = 0; length <= 300; length++)
            {
                byte[] encrypted = Bytes.Random(length, length);
                byte[] expected = StandardSchemes.Decrypt(Bytes.Key, scheme, vector, encrypted, [], crypt, skip);
                for (int alignment = 0; alignment < 16; alignment++)
                {
                    memory.AsSpan().Fill(0xA5);
                    Span<byte> sample = memory.AsSpan(32 + alignment, length);
                    encrypted.CopyTo(sample);
                    DecryptStatus status = Decrypt(decryptor, scheme, vector, sample, [], crypt, skip);
                    bool beside = memory.AsSpan(0, 32 + alignment).ContainsAnyExcept((byte)0xA5) || memory.AsSpan(32 + alignment + length).ContainsAnyExcept((byte)0xA5);
                    if (status != DecryptStatus.Decrypted || beside || !sample.SequenceEqual(expected))
                        Assert.Fail($"{length} bytes at {alignment}, {crypt}:{skip}: {status}, touched what lies beside: {beside}");
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(EveryScheme))]
    public void Random_layouts_equal_the_standard(Acceleration acceleration, ProtectionScheme scheme, int vectorSize)
    {
        using RawKeyRing ring = Ring(acceleration);
        SampleDecryptor decryptor = ring.CreateDecryptor();
        Gen<Subsample> small = Gen.Select(Gen.UInt[0, 40], Gen.UInt[0, 200], (clear, bytes) => new Subsample { ClearBytes = clear, ProtectedBytes = bytes });
        Gen<Subsample> blocks = Gen.Select(Gen.UInt[0, 40], Gen.UInt[0, 40], (clear, count) => new Subsample { ClearBytes = clear, ProtectedBytes = count * 16 });
        Gen<Subsample> large = Gen.Select(Gen.UInt[0, 300], Gen.UInt[0, 5000], (clear, bytes) => new Subsample { ClearBytes = clear, ProtectedBytes = bytes });
        Gen<Subsample[]> layouts = Gen.OneOf(
            small.Array[1, 40], blocks.Array[1, 40], large.Array[1, 4], Gen.OneOf(small, blocks, large).Array[1, 8], small.Array[0]);
        Gen<byte[]> vectors = Gen.Frequency(
            (3, Gen.Byte.Array[vectorSize]),
            (1, Gen.Byte.Array[vectorSize].Select(bytes => (byte[])[.. bytes[..(vectorSize - 4)], 0xff, 0xff, 0xff, bytes[^1]])),
            (1, Gen.Byte.Array[vectorSize].Select(bytes => (byte[])[.. bytes[..(vectorSize - 8)], 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, bytes[^1]])));
        Gen.Select(layouts, vectors, Gen.Int[0, Patterns.Length - 1], Gen.Int[0, 3000], Gen.Int)
            .Sample(
                (layout, vector, pattern, whole, seed) =>
                {
                    (int crypt, int skip) = Patterns[pattern];
                    int length = layout.Length == 0 ? whole : layout.Sum(range => (int)(range.ClearBytes + range.ProtectedBytes));
                    byte[] sample = Bytes.Random(length, seed);
                    byte[] expected = StandardSchemes.Decrypt(Bytes.Key, scheme, vector, sample, layout, crypt, skip);
                    DecryptStatus status = Decrypt(decryptor, scheme, vector, sample, layout, crypt, skip);
                    return status == DecryptStatus.Decrypted && sample.AsSpan().SequenceEqual(expected);
                },
                iter: 200,
                print: input => $"{Convert.ToHexString(input.Item2)} {Patterns[input.Item3]} {Bytes.Show(input.Item1)} whole {input.Item4}");
    }

    /// <summary>What of one protected range changes, drawn: █ encrypted block, ─ clear block, ╴ clear partial block.</summary>
    [Theory]
    [InlineData(ProtectionScheme.Cbcs, 1, 9, 160, "█─────────")]
    [InlineData(ProtectionScheme.Cbcs, 1, 9, 168, "█─────────╴")]               // a partial block where the pattern would encrypt
    [InlineData(ProtectionScheme.Cbcs, 1, 9, 176, "█─────────█")]
    [InlineData(ProtectionScheme.Cbcs, 1, 9, 15, "╴")]                          // less than a block
    [InlineData(ProtectionScheme.Cbcs, 1, 9, 16, "█")]
    [InlineData(ProtectionScheme.Cbcs, 10, 0, 11 * 16 + 3, "███████████╴")]     // the run of fewer than ten blocks is encrypted too
    [InlineData(ProtectionScheme.Cbcs, 0, 0, 11 * 16 + 3, "███████████╴")]
    [InlineData(ProtectionScheme.Cbcs, 5, 5, 13 * 16, "█████─────███")]         // a partial pattern is followed until the range ends
    [InlineData(ProtectionScheme.Cbcs, 5, 5, 13 * 16 + 1, "█████─────███╴")]
    [InlineData(ProtectionScheme.Cens, 1, 9, 168, "█─────────╴")]
    [InlineData(ProtectionScheme.Cens, 5, 5, 13 * 16 + 1, "█████─────███╴")]
    [InlineData(ProtectionScheme.Cens, 0, 0, 37, "██╴")]                        // no pattern, still whole blocks only
    [InlineData(ProtectionScheme.Cbc1, 1, 9, 37, "██╴")]                        // cbc1 has no pattern, whatever the box says
    [InlineData(ProtectionScheme.Cenc, 1, 9, 37, "██▒")]                        // nor has cenc, and its last partial block is encrypted
    public void Pattern_is_followed_until_the_range_ends(ProtectionScheme scheme, int crypt, int skip, int length, string drawing)
    {
        using RawKeyRing ring = Ring(Acceleration.Auto);
        byte[] encrypted = Bytes.Random(length, length);
        byte[] sample = [.. encrypted];
        Decrypt(ring.CreateDecryptor(), scheme, Bytes.Random(16, 1), sample, [], crypt, skip).Should().Be(DecryptStatus.Decrypted);
        string changed = "";
        for (int at = 0; at < length; at += 16)
        {
            int size = Math.Min(16, length - at);
            bool same = sample.AsSpan(at, size).SequenceEqual(encrypted.AsSpan(at, size));
            changed += (size, same) switch { (16, true) => '─', (16, false) => '█', (_, true) => '╴', _ => '▒' };
        }

        changed.Should().Be(drawing);
    }

    [Fact]
    public void Vector_restarts_at_each_range_in_cbcs_and_chains_on_in_cbc1()
    {
        using RawKeyRing ring = Ring(Acceleration.Auto);
        byte[] vector = Bytes.Random(16, 1);
        byte[] block = Bytes.Random(16, 2);
        Subsample[] layout = [new Subsample { ClearBytes = 2, ProtectedBytes = 16 }, new Subsample { ClearBytes = 2, ProtectedBytes = 16 }];
        byte[] Sample() => [1, 2, .. block, 3, 4, .. block];

        byte[] restarted = Sample();
        Decrypt(ring.CreateDecryptor(), ProtectionScheme.Cbcs, vector, restarted, layout, 0, 0);
        restarted[2..18].Should().Equal(restarted[20..36]);

        byte[] chained = Sample();
        Decrypt(ring.CreateDecryptor(), ProtectionScheme.Cbc1, vector, chained, layout, 0, 0);
        chained[2..18].Should().Equal(restarted[2..18]);
        chained[20..36].Should().Equal(block.Zip(vector, (left, right) => left ^ right).Zip(chained[2..18], (left, right) => (byte)(left ^ right)));
    }

    [Fact]
    public void Short_vectors_are_followed_by_zeros()
    {
        using RawKeyRing ring = Ring(Acceleration.Auto);
        byte[] vector = Bytes.Random(8, 1);
        foreach (ProtectionScheme scheme in Schemes)
        {
            byte[] left = Bytes.Random(100, 5);
            byte[] right = Bytes.Random(100, 5);
            Decrypt(ring.CreateDecryptor(), scheme, vector, left, [], 1, 1);
            Decrypt(ring.CreateDecryptor(), scheme, [.. vector, 0, 0, 0, 0, 0, 0, 0, 0], right, [], 1, 1);
            left.Should().Equal(right);
        }
    }

    internal static RawKeyRing Ring(Acceleration acceleration)
    {
        RawKeyRing ring = new(acceleration);
        ring.Add(Bytes.Id(1), Bytes.Key);
        return ring;
    }

    internal static DecryptStatus Decrypt(
        ISampleDecryptor decryptor, ProtectionScheme scheme, ReadOnlySpan<byte> vector, Span<byte> sample, ReadOnlySpan<Subsample> layout, int crypt, int skip) =>
        decryptor.Decrypt(sample, new SampleProtection
        {
            Scheme = scheme,
            KeyId = Bytes.Id(1),
            InitializationVector = vector,
            Subsamples = layout,
            CryptBlocks = (byte)crypt,
            SkipBlocks = (byte)skip,
        });
}
