using Keyway.Testing;

namespace Keyway.Decryption;

/// <summary>The conformance suite of decryptors: the fake keeps every promise, and each way of breaking one is seen.</summary>
public sealed class SessionDecryptorConformanceTests
{
    private static readonly KeyId Kid = new(0x1234);
    private static readonly byte[] Key = Bytes.Random(16, 3);

    public static TheoryData<string, CallRule> Promises
    {
        get
        {
            TheoryData<string, CallRule> promises = [];
            foreach (string promise in SessionDecryptorConformance.Promises)
                foreach (CallRule rule in (CallRule[])[CallRule.OneAtATime, CallRule.AnyThread]) promises.Add(promise, rule);
            return promises;
        }
    }

    [Theory]
    [MemberData(nameof(Promises))]
    public Task The_fake_keeps(string promise, CallRule rule) => new SessionDecryptorConformance(() => Subject(Fake(rule))).CheckAsync(promise);

    [Theory]
    [InlineData("It says how", "rule")]
    [InlineData("Every batch", "neighbours")]
    [InlineData("Every batch", "lies")]
    [InlineData("A sample alone", "sample")]
    [InlineData("What it does not call", "touches")]
    [InlineData("It tells how many", "counts")]
    [InlineData("An empty batch", "empty")]
    [InlineData("Whose call", "cancelled")]
    public async Task A_decryptor_that_breaks_a_promise_is_seen(string promise, string fault)
    {
        string sentence = SessionDecryptorConformance.Promises.Single(each => each.StartsWith(promise, StringComparison.Ordinal));
        Func<Task> check = () => new SessionDecryptorConformance(() => Subject(new Broken(Fake(CallRule.AnyThread), fault))).CheckAsync(sentence);
        await check.Should().ThrowAsync<InvalidOperationException>();
    }

    [Fact]
    public async Task One_form_alone_is_enough()
    {
        foreach (ISessionDecryptor decryptor in (ISessionDecryptor[])[new OnlySamples(Fake(CallRule.OneAtATime)), new OnlyBatches(Fake(CallRule.OneAtATime))])
            foreach (string promise in SessionDecryptorConformance.Promises) await new SessionDecryptorConformance(() => Subject(decryptor)).CheckAsync(promise);
    }

    private static SessionDecryptorUnderTest Subject(ISessionDecryptor decryptor) => new() { Decryptor = decryptor, KeyId = Kid, Key = Key };

    private static FakeDecryptor Fake(CallRule rule)
    {
        FakeDecryptor fake = new() { Calls = rule };
        fake.Add(Kid, Key);
        return fake;
    }

    private sealed class OnlySamples(FakeDecryptor inner) : ISessionDecryptor
    {
        public CallRule Calls => inner.Calls;

        public DecryptStatus Decrypt(Span<byte> sample, in SampleProtection protection) => inner.Decrypt(sample, protection);
    }

    private sealed class OnlyBatches(FakeDecryptor inner) : ISessionDecryptor
    {
        public CallRule Calls => inner.Calls;

        public ValueTask<BatchResult> DecryptAsync(SampleBatch batch, CancellationToken cancellationToken) => inner.DecryptAsync(batch, cancellationToken);
    }

    private sealed class Broken(FakeDecryptor inner, string fault) : ISessionDecryptor
    {
        private int _asked;

        public CallRule Calls => fault == "rule" && _asked++ > 0 ? CallRule.OneAtATime : CallRule.AnyThread;

        public DecryptStatus Decrypt(Span<byte> sample, in SampleProtection protection)
        {
            DecryptStatus status = inner.Decrypt(sample, protection);
            if (fault == "sample" || (fault == "touches" && status != DecryptStatus.Decrypted)) sample[0] ^= 1;
            return status;
        }

        public async ValueTask<BatchResult> DecryptAsync(SampleBatch batch, CancellationToken cancellationToken)
        {
            if (fault == "empty" && batch.Count == 0) return new BatchResult { Status = DecryptStatus.Failed, Done = 0 };
            if (fault == "lies") return new BatchResult { Status = DecryptStatus.Decrypted, Done = batch.Count };
            BatchResult result = await inner.DecryptAsync(batch, CancellationToken.None);
            if (fault == "neighbours") batch.Bytes.Span[0] ^= 1;
            if (fault == "touches" && result.Status != DecryptStatus.Decrypted) batch.SampleAt(0)[0] ^= 1;
            if (fault is "counts" or "cancelled" && result.Done > 0) return result with { Done = result.Done - 1 };
            return result;
        }
    }
}
