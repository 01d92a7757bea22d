using System.Globalization;
using Keyway.Decryption;
using static Keyway.Testing.ConformanceFinding;

namespace Keyway.Testing;

/// <summary>
/// What every decryptor of samples promises, as checks that need no test framework: call <see cref="CheckAsync"/> once for each of <see cref="Promises"/>.
/// What is right comes from the system's AES, block by block. Decryptors that live in a session have more to promise: <see cref="SessionDecryptorConformance"/>.
/// </summary>
/// <param name="create">Makes a decryptor; called once a check.</param>
public sealed class SampleDecryptorConformance(Func<SampleDecryptorUnderTest> create)
{
    // Shorter than a block, whole blocks, what kernels take at once and what they leave over.
    private static readonly int[] Lengths = [0, 1, 15, 16, 17, 31, 32, 63, 64, 127, 128, 255, 256, 333, 1024, 4099];

    private static readonly Dictionary<string, Action<SampleDecryptorUnderTest>> Checks = new(StringComparer.Ordinal)
    {
        ["Whole samples of every scheme and many lengths are decrypted right"] = static subject => ForEach(subject, static (subject, scheme) =>
        {
            // Of cens the standard knows whole blocks only.
            foreach (int length in Lengths.Where(length => scheme != ProtectionScheme.Cens || length % 16 == 0)) Check(subject, new Sample(subject, scheme, length, [], 16, 0, 0));
        }),
        ["Mapped samples of every scheme are decrypted right, and their clear bytes are untouched"] = static subject => ForEach(subject, static (subject, scheme) =>
        {
            foreach (Subsample[] map in Maps()) Check(subject, new Sample(subject, scheme, map.Sum(static part => (int)(part.ClearBytes + part.ProtectedBytes)), map, 16, 0, 0));
        }),
        ["Patterns of every length are kept"] = static subject => ForEach(subject, static (subject, scheme) =>
        {
            if (scheme is not (ProtectionScheme.Cens or ProtectionScheme.Cbcs)) return;
            foreach ((int crypt, int skip) in ((int, int)[])[(1, 9), (2, 8), (5, 5), (1, 1), (10, 0), (3, 2)])
                foreach (Subsample[] map in Maps()) Check(subject, new Sample(subject, scheme, map.Sum(static part => (int)(part.ClearBytes + part.ProtectedBytes)), map, 16, crypt, skip));
        }),
        ["An initialisation vector of 8 bytes is followed by zeros, and counters that are full begin again"] = static subject => ForEach(subject, static (subject, scheme) =>
        {
            Check(subject, new Sample(subject, scheme, 4096, [], 8, 0, 0));
            if (scheme is ProtectionScheme.Cenc or ProtectionScheme.Cens) Check(subject, new Sample(subject, scheme, 4096, [], 16, 0, 0, lastCounter: true));
        }),
        ["A sample for a key that it does not have is untouched, and said to be"] = static subject => ForEach(subject, static (subject, scheme) =>
            Refuse(subject, new Sample(subject, scheme, 333, [], 16, 0, 0) { KeyId = new KeyId(subject.KeyId.Value ^ 1) }, "a key that it does not have", DecryptStatus.KeyNotFound)),
        ["A map that does not fit its sample leaves it untouched"] = static subject => ForEach(subject, static (subject, scheme) =>
        {
            foreach (Subsample[] map in (Subsample[][])
            [
                [new Subsample { ClearBytes = 0, ProtectedBytes = 352 }], [new Subsample { ClearBytes = 5, ProtectedBytes = 160 }], [new Subsample { ClearBytes = uint.MaxValue, ProtectedBytes = uint.MaxValue }],
                [new Subsample { ClearBytes = 16, ProtectedBytes = 320 }, new Subsample { ClearBytes = 0, ProtectedBytes = uint.MaxValue }],
            ]) Refuse(subject, new Sample(subject, scheme, 336, [], 16, 0, 0) { Map = map }, "a map that does not fit", DecryptStatus.MalformedSample);
        }),
        ["An initialisation vector of another length leaves the sample untouched"] = static subject => ForEach(subject, static (subject, scheme) =>
        {
            foreach (int length in (int[])[0, 1, 7, 9, 15, 17, 32]) Refuse(subject, new Sample(subject, scheme, 336, [], 16, 0, 0) { Vector = new byte[length] }, string.Create(CultureInfo.InvariantCulture, $"a vector of {length} bytes"), DecryptStatus.MalformedSample);
        }),
        ["A scheme that it does not open leaves the sample untouched"] = static subject =>
        {
            foreach (ProtectionScheme scheme in Enum.GetValues<ProtectionScheme>().Append((ProtectionScheme)99).Where(scheme => !subject.Schemes.Contains(scheme)))
                Refuse(subject, new Sample(subject, subject.Schemes[0], 336, [], 16, 0, 0) { Scheme = scheme }, $"the scheme {scheme}");
        },
        ["Calls from several threads are right"] = FromThreads,
        ["Decrypting allocates nothing"] = AllocatesNothing,
    };

    /// <summary>The promises, each a sentence.</summary>
    public static IReadOnlyCollection<string> Promises => Checks.Keys;

    /// <summary>Checks one promise on a fresh decryptor.</summary>
    /// <param name="promise">One of <see cref="Promises"/>.</param>
    /// <returns>A task that ends when the promise has been checked.</returns>
    /// <exception cref="ConformanceException">The decryptor does not keep it; the text says what was seen.</exception>
    public Task CheckAsync(string promise) => OfAsync(promise, () =>
    {
        SampleDecryptorUnderTest subject = create();
        Unless(subject.Schemes.Count > 0 && subject.Key.Length == 16, "the suite was given no scheme, or no key of 16 bytes");
        Checks[promise](subject);
        return Task.CompletedTask;
    });

    private static void ForEach(SampleDecryptorUnderTest subject, Action<SampleDecryptorUnderTest, ProtectionScheme> check)
    {
        foreach (ProtectionScheme scheme in subject.Schemes) check(subject, scheme);
    }

    private static IEnumerable<Subsample[]> Maps() =>
    [
        [new Subsample { ClearBytes = 5, ProtectedBytes = 160 }],
        [new Subsample { ClearBytes = 0, ProtectedBytes = 16 }, new Subsample { ClearBytes = 65535, ProtectedBytes = 0 }, new Subsample { ClearBytes = 1, ProtectedBytes = 4096 }],
        [new Subsample { ClearBytes = 333, ProtectedBytes = 0 }],
        [.. Enumerable.Range(1, 20).Select(static i => new Subsample { ClearBytes = (ushort)i, ProtectedBytes = (uint)(16 * i) })],
    ];

    private static void Check(SampleDecryptorUnderTest subject, Sample sample)
    {
        DecryptStatus status = sample.Decrypt(subject.Decryptor);
        Unless(status == DecryptStatus.Decrypted, $"{sample}: it said {status}");
        Unless(sample.Bytes.AsSpan().SequenceEqual(sample.Clear), string.Create(CultureInfo.InvariantCulture, $"{sample}: byte {sample.Bytes.AsSpan().CommonPrefixLength(sample.Clear)} is not what it should be"));
    }

    private static void Refuse(SampleDecryptorUnderTest subject, Sample sample, string what, DecryptStatus? expected = null)
    {
        byte[] before = [.. sample.Bytes];
        DecryptStatus status = sample.Decrypt(subject.Decryptor);
        Unless(status is not (DecryptStatus.Decrypted or DecryptStatus.None), $"{sample}, {what}: it said {status}");
        Unless(expected is null || status == expected || status == DecryptStatus.Failed, $"{sample}, {what}: it said {status}, and not {expected}");
        Unless(sample.Bytes.AsSpan().SequenceEqual(before), $"{sample}, {what}: it said {status}, and the sample is not as it was");
    }

    private static void FromThreads(SampleDecryptorUnderTest subject)
    {
        if (!subject.AnyThread) return;
        Exception? wrong = null;
        Parallel.For(0, 8, number =>
        {
            try
            {
                for (int i = 0; i < 40; i++) Check(subject, new Sample(subject, subject.Schemes[(number + i) % subject.Schemes.Count], 1024 + (16 * number), [], 16, 0, 0));
            }
            catch (ConformanceFinding finding)
            {
                wrong = finding;
            }
        });
        Unless(wrong is null, $"several at once: {wrong?.Message}");
    }

    private static void AllocatesNothing(SampleDecryptorUnderTest subject)
    {
        if (!subject.AllocatesNothing) return;
        foreach (ProtectionScheme scheme in subject.Schemes)
        {
            Sample sample = new(subject, scheme, 4096, [], 16, 0, 0);
            // What is made once is made in the first rounds, and the runtime makes things of its own: the least of several rounds counts.
            long allocated = long.MaxValue;
            for (int round = 0; round < 8 && allocated > 0; round++)
            {
                long before = GC.GetAllocatedBytesForCurrentThread();
                for (int i = 0; i < 64; i++) sample.Decrypt(subject.Decryptor);
                allocated = Math.Min(allocated, GC.GetAllocatedBytesForCurrentThread() - before);
            }

            Unless(allocated == 0, string.Create(CultureInfo.InvariantCulture, $"64 samples of {scheme} took {allocated} bytes of memory"));
        }
    }

    /// <summary>A sample, and what it is when it is clear. Bytes are the same each time.</summary>
    private sealed class Sample
    {
        private readonly int _crypt;
        private readonly int _skip;

        public Sample(SampleDecryptorUnderTest subject, ProtectionScheme scheme, int length, Subsample[] map, int vector, int crypt, int skip, bool lastCounter = false)
        {
            (Scheme, Map, KeyId, _crypt, _skip) = (scheme, map, subject.KeyId, crypt, skip);
            Clear = new byte[length];
            for (int i = 0; i < length; i++) Clear[i] = (byte)(((uint)i + (uint)length) * 2654435761u >> 24);
            Vector = new byte[vector];
            for (int i = 0; i < vector; i++) Vector[i] = (byte)(0x30 + (i * 7));
            if (lastCounter) Array.Fill(Vector, (byte)0xff, 8, 8);
            Bytes = [.. Clear];
            ReferenceCipher.Encrypt(subject.Key.Span, Bytes, scheme, Vector, map, crypt, skip);
        }

        public ProtectionScheme Scheme { get; init; }

        public KeyId KeyId { get; init; }

        public Subsample[] Map { get; init; }

        public byte[] Vector { get; init; }

        public byte[] Bytes { get; }

        public byte[] Clear { get; }

        public DecryptStatus Decrypt(ISampleDecryptor decryptor) => decryptor.Decrypt(Bytes, new SampleProtection
        {
            Scheme = Scheme,
            KeyId = KeyId,
            InitializationVector = Vector,
            Subsamples = Map,
            CryptBlocks = (byte)_crypt,
            SkipBlocks = (byte)_skip,
        });

        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture, $"{Scheme}, {Bytes.Length} bytes{(Map.Length > 0 ? $" in {Map.Length} parts" : "")}{(_crypt + _skip > 0 ? $", pattern {_crypt}:{_skip}" : "")}, vector of {Vector.Length}");
    }
}
