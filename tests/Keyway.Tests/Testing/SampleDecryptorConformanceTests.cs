using Keyway.Decryption;

namespace Keyway.Testing;

/// <summary>Our kernels keep what every decryptor of samples promises, and the suite finds those that do not.</summary>
public sealed class SampleDecryptorConformanceTests
{
    private static readonly KeyId Id = new(0x1234);
    private static readonly byte[] Key = Convert.FromHexString("2b7e151628aed2a6abf7158809cf4f3c");

    public static TheoryData<string, Acceleration> Promises
    {
        get
        {
            TheoryData<string, Acceleration> data = [];
            foreach (string promise in SampleDecryptorConformance.Promises) data.Add(promise, Acceleration.Auto);
            foreach (string promise in SampleDecryptorConformance.Promises) data.Add(promise, Acceleration.Portable);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Promises))]
    public async Task Kernels_keep(string promise, Acceleration acceleration)
    {
        using RawKeyRing keys = new(acceleration);
        keys.Add(Id, Key);
        await new SampleDecryptorConformance(() => Subject(keys.CreateDecryptor())).CheckAsync(promise);
    }

    [Theory]
    [InlineData("touches", "A sample for a key that it does not have*")]
    [InlineData("takes-any-key", "A sample for a key that it does not have*")]
    [InlineData("takes-any-map", "A map that does not fit its sample*")]
    [InlineData("takes-any-vector", "An initialisation vector of another length*")]
    [InlineData("takes-any-scheme", "A scheme that it does not open*")]
    [InlineData("loses-tail", "Whole samples of every scheme*")]
    [InlineData("loses-map", "Mapped samples of every scheme*")]
    [InlineData("loses-pattern", "Patterns of every length are kept")]
    [InlineData("long-vector", "An initialisation vector of 8 bytes*")]
    [InlineData("one-thread", "Calls from several threads are right")]
    [InlineData("allocates", "Decrypting allocates nothing")]
    public async Task Flaw_breaks_its_promise(string flaw, string promise)
    {
        using RawKeyRing keys = new();
        keys.Add(Id, Key);
        SampleDecryptor sound = keys.CreateDecryptor();
        string named = SampleDecryptorConformance.Promises.Single(each => each.StartsWith(promise.TrimEnd('*'), StringComparison.Ordinal));
        Func<Task> check = () => new SampleDecryptorConformance(() => Subject(new Flawed(sound, flaw)) with { Schemes = flaw == "takes-any-scheme" ? [ProtectionScheme.Cenc] : Subject(sound).Schemes }).CheckAsync(named);
        (await check.Should().ThrowAsync<ConformanceException>()).Which.Promise.Should().Be(named);
    }

    private static SampleDecryptorUnderTest Subject(ISampleDecryptor decryptor) => new() { Decryptor = decryptor, KeyId = Id, Key = Key };

    private sealed class Flawed(SampleDecryptor sound, string flaw) : ISampleDecryptor
    {
        private int _inside;

        public DecryptStatus Decrypt(Span<byte> sample, in SampleProtection protection)
        {
            SampleProtection asked = protection;
            if (flaw == "allocates") GC.KeepAlive(new byte[100]);
            if (flaw == "takes-any-key") asked = Copy(asked, Id, asked.InitializationVector, asked.Subsamples, asked.CryptBlocks, asked.SkipBlocks);
            if (flaw == "takes-any-map" && asked.Subsamples.Length > 0) asked = Copy(asked, Id, asked.InitializationVector, [], 0, 0);
            if (flaw == "loses-map") asked = Copy(asked, Id, asked.InitializationVector, [], asked.CryptBlocks, asked.SkipBlocks);
            if (flaw == "loses-pattern") asked = Copy(asked, Id, asked.InitializationVector, asked.Subsamples, 0, 0);
            if (flaw == "takes-any-vector") asked = Copy(asked, Id, asked.InitializationVector.Length is 8 or 16 ? asked.InitializationVector : new byte[16], asked.Subsamples, asked.CryptBlocks, asked.SkipBlocks);
            if (flaw == "long-vector") asked = Copy(asked, Id, asked.InitializationVector.Length == 8 ? (byte[])[.. new byte[8], .. asked.InitializationVector] : asked.InitializationVector, asked.Subsamples, asked.CryptBlocks, asked.SkipBlocks);
            if (flaw == "loses-tail" && sample.Length % 16 != 0 && protection.Subsamples.IsEmpty) sample = sample[..(sample.Length / 16 * 16)];
            if (flaw == "one-thread")
            {
                // Whoever comes while somebody is inside gets somebody else's bytes.
                int inside = Interlocked.Increment(ref _inside);
                Thread.Sleep(1);
                DecryptStatus mixed = sound.Decrypt(sample, asked);
                if (inside > 1) sample[0] ^= 1;
                Interlocked.Decrement(ref _inside);
                return mixed;
            }

            DecryptStatus status = sound.Decrypt(sample, asked);
            if (flaw == "touches" && status != DecryptStatus.Decrypted && sample.Length > 0) sample[0] ^= 1;
            return status;
        }

        private static SampleProtection Copy(SampleProtection protection, KeyId id, ReadOnlySpan<byte> vector, ReadOnlySpan<Subsample> map, byte crypt, byte skip) => new()
        {
            Scheme = protection.Scheme,
            KeyId = id,
            InitializationVector = vector,
            Subsamples = map,
            CryptBlocks = crypt,
            SkipBlocks = skip,
        };
    }
}
