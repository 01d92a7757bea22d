using Keyway.Decryption;

namespace Keyway.Testing;

/// <summary>
/// What every decryptor that lives in a licence session promises, as checks that need no test framework: call <see cref="CheckAsync"/> once for each of <see cref="Promises"/>.
/// </summary>
/// <param name="create">Makes a decryptor; called once a check.</param>
public sealed class SessionDecryptorConformance(Func<SessionDecryptorUnderTest> create)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly Dictionary<string, Func<SessionDecryptorUnderTest, Task>> Checks = new(StringComparer.Ordinal)
    {
        ["It says how it may be called, and always the same"] = SaysItsRuleAsync,
        ["Every batch of every scheme is decrypted right, and what lies between its samples is untouched"] = DecryptsRightAsync,
        ["A sample alone is decrypted right, or untouched and refused with 'not now' by what has to wait"] = DecryptsOneRightAsync,
        ["What it does not call decrypted is untouched: another key, another length"] = LeavesUntouchedAsync,
        ["It tells how many samples are clear, and the rest is untouched"] = CountsWhatIsClearAsync,
        ["An empty batch is decrypted"] = TakesNothingAsync,
        ["Whose call is cancelled comes back, and what it says is clear is"] = ComesBackAsync,
        ["What may be called from any thread is right when several call"] = IsRightForSeveralAsync,
    };

    /// <summary>The promises, each a sentence.</summary>
    public static IReadOnlyCollection<string> Promises => Checks.Keys;

    /// <summary>Checks one promise on a fresh decryptor.</summary>
    /// <param name="promise">One of <see cref="Promises"/>.</param>
    /// <returns>A task that ends when the promise has been checked.</returns>
    /// <exception cref="InvalidOperationException">The decryptor does not keep it; the text says what was seen.</exception>
    public Task CheckAsync(string promise) => Checks[promise](create());

    private static Task SaysItsRuleAsync(SessionDecryptorUnderTest subject)
    {
        CallRule rule = subject.Decryptor.Calls;
        Check(Enum.IsDefined(rule), $"its rule {rule} is none");
        for (int i = 0; i < 3; i++) Check(subject.Decryptor.Calls == rule, "its rule changes");
        Check(subject.Decryptor.BatchBytes > 0, "a batch has no bytes");
        return Task.CompletedTask;
    }

    private static async Task DecryptsRightAsync(SessionDecryptorUnderTest subject)
    {
        Check(subject.Schemes.Count > 0, "it opens no scheme");
        foreach (ProtectionScheme scheme in subject.Schemes)
        {
            Material material = new(subject, scheme);
            await material.CheckAsync(subject.Decryptor, scheme.ToString()).ConfigureAwait(false);
        }
    }

    private static Task DecryptsOneRightAsync(SessionDecryptorUnderTest subject)
    {
        foreach (ProtectionScheme scheme in subject.Schemes)
        {
            Material material = new(subject, scheme);
            DecryptStatus status = subject.Decryptor.Decrypt(material.Batch.SampleAt(0), material.Batch.ProtectionAt(0));
            Check(status is DecryptStatus.Decrypted or DecryptStatus.NotNow, $"{scheme}: it answered {status}");
            material.CheckBytes(status == DecryptStatus.Decrypted ? 1 : 0, $"{scheme}, one sample");
        }

        return Task.CompletedTask;
    }

    private static async Task LeavesUntouchedAsync(SessionDecryptorUnderTest subject)
    {
        ProtectionScheme scheme = subject.Schemes[0];
        Material material = new(subject, scheme);
        KeyId other = new(subject.KeyId.Value ^ 1);
        SampleBatch wrongKey = material.Batch with { KeyId = other };
        BatchResult result = await subject.Decryptor.DecryptAsync(wrongKey, CancellationToken.None).ConfigureAwait(false);
        Check(result.Status != DecryptStatus.Decrypted && result.Done == 0, $"with a key that it does not have it answered {result}");
        material.CheckBytes(0, "another key");
        DecryptStatus status = subject.Decryptor.Decrypt(wrongKey.SampleAt(0), wrongKey.ProtectionAt(0));
        Check(status != DecryptStatus.Decrypted, "it decrypted a sample with a key that it does not have");
        material.CheckBytes(0, "another key, one sample");

        // A map that promises more than the sample has.
        SampleBatch tooLong = material.Batch with { Subsamples = new[] { new Subsample { ClearBytes = 5, ProtectedBytes = 1_000_000 } }, Samples = new[] { material.Batch.Samples.Span[0] with { FirstSubsample = 0, SubsampleCount = 1 } } };
        result = await subject.Decryptor.DecryptAsync(tooLong, CancellationToken.None).ConfigureAwait(false);
        Check(result.Status != DecryptStatus.Decrypted && result.Done == 0, $"of a map that does not fit its sample it said {result}");
        material.CheckBytes(0, "a map that does not fit");
    }

    private static async Task CountsWhatIsClearAsync(SessionDecryptorUnderTest subject)
    {
        Material material = new(subject, subject.Schemes[0]);
        BatchSample[] samples = material.Batch.Samples.ToArray();
        samples[2] = samples[2] with { VectorLength = 7 };
        BatchResult result = await subject.Decryptor.DecryptAsync(material.Batch with { Samples = samples }, CancellationToken.None).ConfigureAwait(false);
        Check(result.Status is not (DecryptStatus.Decrypted or DecryptStatus.None) && result.Done is >= 0 and <= 2, $"of a batch whose third sample has no initialisation vector it said {result}");
        material.CheckBytes(result.Done, "a bad sample among good ones");
    }

    private static async Task TakesNothingAsync(SessionDecryptorUnderTest subject)
    {
        Material material = new(subject, subject.Schemes[0]);
        BatchResult result = await subject.Decryptor.DecryptAsync(material.Batch with { Samples = default }, CancellationToken.None).ConfigureAwait(false);
        Check(result is { Status: DecryptStatus.Decrypted, Done: 0 }, $"it said {result}");
        material.CheckBytes(0, "nothing");
    }

    private static async Task ComesBackAsync(SessionDecryptorUnderTest subject)
    {
        Material material = new(subject, subject.Schemes[0]);
        using CancellationTokenSource cancelled = new();
        Task<BatchResult> call = subject.Decryptor.DecryptAsync(material.Batch, cancelled.Token).AsTask();
        await cancelled.CancelAsync().ConfigureAwait(false);
        try
        {
            BatchResult result = await call.WaitAsync(Patience).ConfigureAwait(false);
            material.CheckBytes(result.Done, "a cancelled batch");
        }
        catch (OperationCanceledException)
        {
            // Then nobody uses the samples.
        }
        catch (TimeoutException)
        {
            throw new InvalidOperationException($"it has not come back {Patience.TotalSeconds:0} s after its call was cancelled");
        }
    }

    private static async Task IsRightForSeveralAsync(SessionDecryptorUnderTest subject)
    {
        if (subject.Decryptor.Calls != CallRule.AnyThread) return;
        await Task.WhenAll(Enumerable.Range(0, 8).Select(number => Task.Run(async () =>
        {
            for (int i = 0; i < 20; i++)
            {
                Material material = new(subject, subject.Schemes[(number + i) % subject.Schemes.Count]);
                await material.CheckAsync(subject.Decryptor, "several at once").ConfigureAwait(false);
            }
        }))).ConfigureAwait(false);
    }

    private static void Check(bool kept, string otherwise)
    {
        if (!kept) throw new InvalidOperationException(otherwise);
    }

    /// <summary>A batch of five samples with bytes around them, and what is right of each. Bytes are random and the same each time.</summary>
    private sealed class Material
    {
        private readonly byte[] _encrypted;
        private readonly byte[] _clear;
        private readonly byte[] _bytes;

        public Material(SessionDecryptorUnderTest subject, ProtectionScheme scheme)
        {
            int[] lengths = [1008, 16, 4000, 64, 333];
            bool hasPattern = scheme is ProtectionScheme.Cens or ProtectionScheme.Cbcs;
            List<BatchSample> samples = [];
            List<Subsample> maps = [];
            int at = 11;
            for (int i = 0; i < lengths.Length; i++)
            {
                int first = maps.Count;
                // Whole blocks in each protected range, so that the map is one of every scheme.
                if (i != 1) maps.AddRange([new Subsample { ClearBytes = 5, ProtectedBytes = 16 }, new Subsample { ClearBytes = (uint)((lengths[i] - 21) % 16), ProtectedBytes = (uint)((lengths[i] - 21) / 16 * 16) }]);
                samples.Add(new BatchSample { Offset = at, Length = lengths[i], VectorOffset = 16 * i, VectorLength = 16, FirstSubsample = first, SubsampleCount = maps.Count - first });
                at += lengths[i] + (i * 3);
            }

            _encrypted = new byte[at + 9];
            Fill(_encrypted, 1);
            byte[] vectors = new byte[16 * lengths.Length];
            Fill(vectors, 2);
            _bytes = [.. _encrypted];
            _clear = [.. _encrypted];
            Batch = new SampleBatch
            {
                Bytes = _bytes,
                Samples = samples.ToArray(),
                Subsamples = maps.ToArray(),
                InitializationVectors = vectors,
                Scheme = scheme,
                KeyId = subject.KeyId,
                CryptBlocks = (byte)(hasPattern ? 1 : 0),
                SkipBlocks = (byte)(hasPattern ? 9 : 0),
            };
            using RawKeyRing keys = new(Acceleration.Portable);
            keys.Add(subject.KeyId, subject.Key.Span);
            BatchResult right = (Batch with { Bytes = _clear }).DecryptEach(keys.CreateDecryptor());
            Check(right.Status == DecryptStatus.Decrypted, $"the material is wrong: {right}");
        }

        public SampleBatch Batch { get; }

        public async Task CheckAsync(ISessionDecryptor decryptor, string what)
        {
            BatchResult result = await decryptor.DecryptAsync(Batch, CancellationToken.None).ConfigureAwait(false);
            Check(result.Status == DecryptStatus.Decrypted && result.Done == Batch.Count, $"{what}: it said {result}");
            CheckBytes(Batch.Count, what);
        }

        private static void Fill(Span<byte> bytes, uint seed)
        {
            for (int i = 0; i < bytes.Length; i++) bytes[i] = (byte)(((uint)i + seed) * 2654435761u >> 24);
        }

        /// <summary>Checks that so many samples are clear, and all else as it was.</summary>
        public void CheckBytes(int clear, string what)
        {
            byte[] expected = [.. _encrypted];
            foreach (BatchSample sample in Batch.Samples.Span[..clear]) _clear.AsSpan(sample.Offset, sample.Length).CopyTo(expected.AsSpan(sample.Offset));
            Check(_bytes.AsSpan().SequenceEqual(expected), $"{what}: byte {_bytes.AsSpan().CommonPrefixLength(expected)} is not what it should be");
        }
    }
}
