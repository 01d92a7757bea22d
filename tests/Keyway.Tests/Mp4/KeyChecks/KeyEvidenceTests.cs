using Keyway.Decryption;
using Keyway.Mp4.Boxes;
using static Keyway.Mp4.BoxBytes;

namespace Keyway.Mp4.KeyChecks;

/// <summary>The models of docs/key-check.md against data made by other rules than theirs: how high right keys come, and how soon wrong ones are known.</summary>
public sealed class KeyEvidenceTests
{
    private static readonly SampleSyntax Avc = default(SampleSyntax).With(Parse(Box("avcC", Hex("01 64 00 1F FF E0 00"))));

    private delegate byte Last(Random random, int number);

    /// <summary>Last bytes as encoders write them, and as none does. Where it is a wrong key's the answer is null.</summary>
    private static readonly Dictionary<string, Last?> Ends = new()
    {
        ["one bit and zeros"] = static (random, _) => EndOf(random),
        ["x264's with a bit at random"] = static (random, _) => (byte)(EndOf(random) | random.Next(2)),
        ["always the same"] = static (_, _) => 0x9F,
        ["zeros behind every unit"] = static (_, _) => 0,
        ["zeros behind every fourth unit"] = static (random, number) => number % 4 == 0 ? (byte)0 : EndOf(random),
        ["five values"] = static (random, _) => (byte)(1 + (2 * random.Next(5))),
        ["always odd"] = static (random, _) => (byte)(random.Next(256) | 1),
        ["cabac_zero_words behind every third"] = static (random, number) => number % 3 == 0 ? (byte)3 : EndOf(random),
        ["anything"] = null,
    };

    public static TheoryData<string> EveryEnd => [.. Ends.Keys];

    [Theory]
    [MemberData(nameof(EveryEnd))]
    public void Last_bytes_of_units_tell_a_wrong_key_and_no_right_one(string what)
    {
        double highest = double.MinValue;
        int latest = 0;
        for (int run = 0; run < LongRun.Times(200, 50); run++)
        {
            Random random = new(run);
            EndEvidence evidence = default;
            int n = 0;
            for (; n < 2000 && evidence.Bits < KeyEvidence.Refuting; n++)
            {
                evidence.Note(Ends[what]?.Invoke(random, n) ?? (byte)random.Next(256));
                highest = Math.Max(highest, evidence.Bits);
            }

            latest = Math.Max(latest, n);
        }

        if (Ends[what] is null) latest.Should().BeLessThan(250);
        else highest.Should().BeLessThan(25, "a right key stays well below {0}", KeyEvidence.Refuting);
    }

    [Theory]
    [InlineData(7, 2.0, 1, 20)]
    [InlineData(7, 2.0, 4, 20)]
    [InlineData(8, 16.0, 24, 20)]
    public void Few_values_at_the_beginning_are_a_right_key(int bits, double unknown, int values, double below)
    {
        for (int run = 0; run < LongRun.Times(200, 50); run++)
        {
            Random random = new(run);
            byte[] known = new byte[values];
            random.NextBytes(known);
            HeadEvidence evidence = new(unknown);
            for (int i = 0; i < 1000; i++)
            {
                evidence.Note(known[random.Next(values)], bits);
                evidence.Bits.Should().BeLessThan(below);
            }

            evidence.Bits.Should().BeLessThan(-KeyEvidence.Settling);
        }
    }

    [Theory]
    [InlineData(7, 2.0, 60)]
    [InlineData(8, 16.0, 90)]
    public void All_values_at_the_beginning_are_a_wrong_key(int bits, double unknown, int within)
    {
        for (int run = 0; run < LongRun.Times(200, 50); run++)
        {
            Random random = new(run);
            HeadEvidence evidence = new(unknown);
            int n = 0;
            for (; n < 1000 && evidence.Bits < KeyEvidence.Refuting; n++) evidence.Note((byte)random.Next(256), bits);
            n.Should().BeLessThan(within);
        }
    }

    /// <summary>Sequences as the standards define them, counted one place at a time.</summary>
    [Fact]
    public void What_is_forbidden_is_found_wherever_a_byte_of_it_was_decrypted()
    {
        Random random = new(11);
        int met = 0, escapes = 0;
        for (int run = 0; run < LongRun.Times(4000, 1000); run++)
        {
            byte[] unit = new byte[random.Next(2, 120)];
            for (int i = 0; i < unit.Length; i++) unit[i] = random.Next(4) == 0 ? (byte)0 : random.Next(8) == 0 ? (byte)random.Next(5) : (byte)random.Next(5, 256);
            int clear = random.Next(unit.Length);
            Subsample[] map = [new Subsample { ClearBytes = (ushort)(4 + clear), ProtectedBytes = (uint)(unit.Length - clear) }];
            bool pattern = run % 2 == 0;
            SampleProtection protection = new()
            {
                Scheme = pattern ? ProtectionScheme.Cbcs : ProtectionScheme.Cenc,
                KeyId = Made.Kid,
                InitializationVector = Made.Iv(1, 16),
                Subsamples = map,
                CryptBlocks = pattern ? (byte)1 : (byte)0,
                SkipBlocks = pattern ? (byte)2 : (byte)0,
            };
            bool[] decrypted = new bool[unit.Length];
            for (int i = clear; i < unit.Length; i++)
                decrypted[i] = !pattern || ((i - clear) / 16 % 3 == 0 && clear + ((((i - clear) / 16) + 1) * 16) <= unit.Length);

            UnitEvidence evidence = new();
            evidence.Note(Join(U32((uint)unit.Length), unit), Avc, protection);
            (int forbidden, int escaped) = Count(unit, decrypted);
            (evidence.Forbidden, evidence.Escapes).Should().Be((forbidden, escaped), $"run {run}: {Convert.ToHexString(unit)}, {clear} clear");
            met += forbidden;
            escapes += escaped;
        }

        met.Should().BeGreaterThan(LongRun.Times(100, 25));
        escapes.Should().BeGreaterThan(LongRun.Times(10, 2));
    }

    [Fact]
    public void Megabytes_tell_where_no_end_is_protected()
    {
        // A pattern of one block in ten that never reaches a unit's end, under a wrong key: every byte alike.
        Random random = new(3);
        byte[] sample = new byte[4 + (1 << 20)];
        Subsample[] map = [new Subsample { ClearBytes = 100, ProtectedBytes = (uint)sample.Length - 200 }, new Subsample { ClearBytes = 100, ProtectedBytes = 0 }];
        SampleProtection protection = Pattern(map);
        UnitEvidence evidence = new();
        while (evidence.Bits < KeyEvidence.Refuting && evidence.Scanned < Mp4Limits.KeyCheckBytes)
        {
            random.NextBytes(sample);
            U32(1 << 20).CopyTo(sample, 0);
            evidence.Note(sample, Avc, protection);
            evidence.Bits.Should().BeGreaterThan(-KeyEvidence.Settling);
        }

        evidence.Bits.Should().BeGreaterThan(KeyEvidence.Refuting);
        evidence.Scanned.Should().BeLessThan(64 << 20);
    }

    /// <summary>The same bytes with emulation prevention, as an encoder writes them, and with defects of writers that are not so careful.</summary>
    [Theory]
    [InlineData("none")]
    [InlineData("a start code in one sample of ten")]
    [InlineData("a start code in each of the first six samples")]
    [InlineData("zeros at every end")]
    [InlineData("a long run of zeros in every sample")]
    public void Defects_of_a_file_are_not_taken_for_a_wrong_key(string defect)
    {
        Random random = new(4);
        UnitEvidence evidence = new();
        for (int number = 0; number < LongRun.Times(500, 250); number++)
        {
            byte[] unit = Escaped(random, 200_000);
            if ((defect.StartsWith("a start code in one", StringComparison.Ordinal) && number % 10 == 3) || (defect.StartsWith("a start code in each", StringComparison.Ordinal) && number < 6)) Hex("00 00 00 01 09").CopyTo(unit, 40_000);
            if (defect.StartsWith("zeros", StringComparison.Ordinal)) Zeros(9).CopyTo(unit, unit.Length - 9);
            if (defect.StartsWith("a long", StringComparison.Ordinal)) Zeros(900).CopyTo(unit, 70_000);
            byte[] sample = Join(U32((uint)unit.Length), unit);
            evidence.Note(sample, Avc, Pattern([new Subsample { ClearBytes = 40, ProtectedBytes = (uint)sample.Length - 40 }]));
            evidence.Bits.Should().BeLessThan(20, $"sample {number}");
        }

        evidence.Bits.Should().BeLessThan(0);
    }

    [Fact]
    public void Lengths_that_were_protected_tell_at_once()
    {
        Random random = new(6);
        SampleProtection whole = new() { Scheme = ProtectionScheme.Cenc, KeyId = Made.Kid, InitializationVector = Made.Iv(1) };
        UnitEvidence wrong = new(), right = new(), annexB = new();
        for (int i = 0; i < 4; i++)
        {
            byte[] unit = Escaped(random, 5000);
            byte[] sample = Join(U32(5000), unit);
            right.Note(sample, Avc, whole);
            annexB.Note(Join(U32(1), unit), Avc, whole).Should().BeFalse("start codes instead of lengths are no wrong key");
            random.NextBytes(sample);
            wrong.Note(sample, Avc, whole);
        }

        wrong.Bits.Should().BeGreaterThan(KeyEvidence.Refuting);
        right.Bits.Should().BeLessThan(-KeyEvidence.Settling);
        annexB.Bits.Should().Be(0);
    }

    [Fact]
    public void Lengths_in_the_clear_that_do_not_add_up_are_not_the_key_s_fault()
    {
        Random random = new(7);
        UnitEvidence evidence = new();
        for (int i = 0; i < 500; i++)
        {
            byte[] sample = new byte[3000];
            random.NextBytes(sample);
            U32(5000).CopyTo(sample, 0);
            evidence.Note(sample, Avc, new SampleProtection { Scheme = ProtectionScheme.Cenc, KeyId = Made.Kid, InitializationVector = Made.Iv(1), Subsamples = (Subsample[])[new Subsample { ClearBytes = 8, ProtectedBytes = 2992 }] });
        }

        evidence.Bits.Should().Be(0);
    }

    private static SampleProtection Pattern(Subsample[] map) =>
        new() { Scheme = ProtectionScheme.Cbcs, KeyId = Made.Kid, InitializationVector = Made.Iv(1, 16), Subsamples = map, CryptBlocks = 1, SkipBlocks = 9 };

    /// <summary>Bits at random up to one that ends them, as after arithmetic coding.</summary>
    private static byte EndOf(Random random)
    {
        int zeros = random.Next(8);
        return (byte)(((random.Next(256) << 1) | 1) << zeros);
    }

    private static byte[] Escaped(Random random, int length)
    {
        byte[] unit = new byte[length];
        random.NextBytes(unit);
        for (int i = 2; i < length; i++)
            if (unit[i - 2] == 0 && unit[i - 1] == 0 && unit[i] < 4) (unit[i], unit[Math.Min(length - 1, i + 1)]) = (3, (byte)(unit[Math.Min(length - 1, i + 1)] & 3));
        unit[^1] |= 1;
        return unit;
    }

    private static (int Forbidden, int Escapes) Count(byte[] unit, bool[] decrypted)
    {
        int end = unit.Length, escapes = 0;
        while (end > 0 && unit[end - 1] == 0) end--;
        for (int i = 0; i + 2 < end; i++)
        {
            if (unit[i] != 0 || unit[i + 1] != 0 || unit[i + 2] > 3) continue;
            if (!decrypted[i] && !decrypted[i + 1] && !decrypted[i + 2]) continue;
            if (unit[i + 2] == 3)
            {
                if (i + 3 == end) continue;
                if (unit[i + 3] <= 3)
                {
                    escapes++;
                    i += 2;
                    continue;
                }
            }

            return i + 4 < end && unit[i + 2] == 0 && unit[i + 3] == 0 && unit[i + 4] == 0 ? (0, escapes) : (1, escapes);
        }

        return (0, escapes);
    }
}
