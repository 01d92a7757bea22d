using System.Text;
using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.PlayReady.Issuer;
using Keyway.PlayReady.Xmr;
using Microsoft.Extensions.Logging.Abstractions;

namespace Keyway.PlayReady;

/// <summary>What is not public, or not built: refused or passed over by name, never guessed.</summary>
public sealed class NotSupportedTests
{
    private static readonly KeyId Id = SharedVectors.Id("6f651ae1-dbe4-4434-bcb4-690d1564c41c");

    private static TestLicense Good => new() { KeyId = Id, Key = new byte[16] };

    [Fact]
    public async Task Revocation_lists_in_an_answer_are_passed_over()
    {
        TestWorld world = new();
        TestClient client = Client(world);
        await client.AcceptAsync(world.Answer(await client.AskAsync(), [Good], more: "<RevInfo><Revocation><ListID>Ef/RUojT3U6Ct2jqTCChbA==</ListID><ListData>AAAA</ListData></Revocation></RevInfo>"));
        client.Host.Keys.Should().ContainKey(Id);
        (await client.AskAsync()).SignedData.Should().NotContain("<Version>2", "nothing of it was stored").And.Contain("<ListID>Ef/RUojT3U6Ct2jqTCChbA==</ListID><Version>0</Version>");
    }

    [Fact]
    public async Task Newer_revocation_information_is_refused_with_its_code() => (await Client().RefusedAsync(Good with { RevocationInfo = 30 })).ProviderCode.Should().Be("0x8004C0C4");

    [Fact]
    public async Task Acknowledgements_are_not_sent()
    {
        TestWorld world = new();
        TestClient client = Client(world);
        LicenseOutcome outcome = await client.AcceptAsync(world.Answer(await client.AskAsync(), [Good], more: "<Acknowledgement><TransactionID>265e4a30-72f9-4f46-b41e-102a21ac4bc9</TransactionID></Acknowledgement>"));
        outcome.Should().Be(LicenseOutcome.Complete, "no further exchange is asked for");
        client.Host.Keys.Should().ContainKey(Id);
    }

    [Fact]
    public async Task Domain_licences_are_refused_by_name()
    {
        LicenseServiceException refusal = await Client().RefusedAsync(Good with { KeyMore = TestLicense.Object(0, 0x29, new byte[20]) });
        refusal.ProviderCode.Should().Be("0x8004C056");
        refusal.Message.Should().Contain("domain");
    }

    [Fact]
    public void Domain_faults_are_refused_by_name()
    {
        LicenseServiceException refusal = Client().Session.ReadRefusal(TestWorld.Http(TestWorld.Fault("0x8004C605", "<ServiceId>AAAA</ServiceId>"), 500))!;
        refusal.Retryable.Should().BeFalse();
        refusal.Message.Should().Contain("domains are not supported");
    }

    [Theory]
    [InlineData(0x16, "Metering")]
    [InlineData(0x5A, "SecureStop")]
    [InlineData(0x5C, "SecureStop2")]
    [InlineData(0x22, "SourceId")]
    [InlineData(0x28, "RestrictedSourceId")]
    [InlineData(0x2C, "PolicyMetadata")]
    [InlineData(0x54, "ApplicationIds")]
    [InlineData(0x03, "MinimumEnvironment")]
    public async Task Metering_secure_stop_and_others_are_refused_when_they_must_be_understood_and_else_passed_over(int type, string name)
    {
        LicenseServiceException refusal = await Client().RefusedAsync(Good with { GlobalMore = TestLicense.Object(1, type, new byte[16]) });
        refusal.ProviderCode.Should().Be("0x8004C0E3");
        refusal.Message.Should().Contain(name);

        TestClient client = Client();
        await client.ExchangeAsync(Good with { GlobalMore = TestLicense.Object(0, type, new byte[16]) });
        client.Host.Keys.Should().ContainKey(Id);
    }

    [Theory]
    [InlineData(0x3B, 1, "UplinkKeyId")]
    [InlineData(0x3B, 0, "UplinkKeyId")]
    [InlineData(0x52, 0, "UplinkX")]
    [InlineData(0x51, 0, "auxiliary")]
    [InlineData(0x2D, 0, "OptimizedContentKey")]
    [InlineData(0x5D, 1, "OptimizedContentKey2")]
    public async Task Chained_scalable_and_optimised_licences_are_refused_by_name(int type, int flags, string name)
    {
        LicenseServiceException refusal = await Client().RefusedAsync(Good with { KeyMore = TestLicense.Object(flags, type, new byte[24]) });
        refusal.ProviderCode.Should().Be("0x8004C0E3");
        refusal.Message.Should().Contain(name);

        LicenseDescription shown = XmrFacts.Describe((Good with { KeyMore = TestLicense.Object(flags, type, new byte[24]) }).Issue(new TestKey().PublicKey, new byte[16]));
        shown.Facts.Should().Contain(fact => fact.Name.EndsWith($"(0x{type:X4})", StringComparison.Ordinal));
        shown.Refusal.Should().Match<LicenseServiceException>(told => told.ProviderCode == refusal.ProviderCode && told.Message == refusal.Message);
    }

    [Theory]
    [InlineData(1, "cipher type 1")]
    [InlineData(2, "chained")]
    [InlineData(4, "KZ")]
    [InlineData(5, "cipher type 5")]
    [InlineData(6, "scalable")]
    [InlineData(7, "cipher type 7")]
    public async Task Other_cipher_types_are_refused_by_name_and_shown(int cipher, string name)
    {
        TestLicense license = Good with { CipherType = cipher };
        LicenseServiceException refusal = await Client().RefusedAsync(license);
        refusal.ProviderCode.Should().Be("0x8004C054");
        refusal.Message.Should().Contain(name);

        LicenseDescription shown = XmrFacts.Describe(license.Issue(new TestKey().PublicKey, new byte[16]));
        shown.Facts.Should().Contain(fact => fact.Name == "CipherType" && fact.Value.StartsWith($"{cipher} ", StringComparison.Ordinal));
        shown.Refusal.Should().Match<LicenseServiceException>(told => told.ProviderCode == refusal.ProviderCode && told.Message == refusal.Message);
    }

    [Fact]
    public async Task Optimised_keys_alone_are_refused_by_name()
    {
        TestLicense license = Good with { BeforeMac = bytes => bytes[bytes.AsSpan().IndexOf((ReadOnlySpan<byte>)[0, 1, 0, 0x0A, 0, 0]) + 3] = 0x2D };
        LicenseServiceException refusal = await Client().RefusedAsync(license);
        refusal.ProviderCode.Should().Be("0x8004C0E3");
        refusal.Message.Should().Contain("OptimizedContentKey");

        LicenseDescription shown = XmrFacts.Describe(license.Issue(new TestKey().PublicKey, new byte[16]));
        shown.KeyIds.Should().BeEmpty();
        shown.Facts.Should().Contain(fact => fact.Name.EndsWith("OptimizedContentKey (0x002D)", StringComparison.Ordinal));
        shown.Refusal!.ProviderCode.Should().Be("0x8004C0E3");
    }

    [Theory]
    [InlineData(0x3F)]
    [InlineData(0x41)]
    public async Task Execute_and_read_containers_are_refused(int type) =>
        (await Client().RefusedAsync(Good with { OuterMore = TestLicense.Object(2, type, []) })).ProviderCode.Should().Be("0x8004C0E3");

    [Fact]
    public void Embedded_licence_stores_stay_closed()
    {
        byte[] pro = [20, 0, 0, 0, 1, 0, 3, 0, 10, 0, .. new byte[10]];
        ProtectionHeader header = PlayReadyHeader.Read(PlayReadyHeaderTests.Pssh(pro));
        header.KeyIds.Should().BeEmpty();
        header.Facts.Should().Contain(fact => fact.Name == "EmbeddedLicenseStore" && fact.Value.Contains("not opened", StringComparison.Ordinal));
        Action open = () => _ = new TestClient(new TestWorld(), new SessionRequest { Headers = [header] }).Session;
        open.Should().Throw<LicenseServiceException>().WithMessage("*embedded licence store*").Where(refusal => refusal.ProviderCode == "0x8004C03C");
    }

    [Theory]
    [InlineData(ChallengeKind.Release)]
    [InlineData(ChallengeKind.Individualization)]
    [InlineData(ChallengeKind.ServerCertificate)]
    public async Task Other_challenges_are_refused_by_name(ChallengeKind kind)
    {
        Func<Task> write = async () => await Client().Session.WriteChallengeAsync(new ChallengeRequest { Kind = kind }, new System.Buffers.ArrayBufferWriter<byte>(), TestContext.Current.CancellationToken);
        (await write.Should().ThrowAsync<LicenseServiceException>()).WithMessage($"*{kind}*not supported*");
    }

    [Fact]
    public async Task Server_deployment_certificates_are_refused_by_name()
    {
        TestWorld world = new();
        Dictionary<string, byte[]> secrets = new() { ["chain"] = world.DeviceChain, ["sign"] = world.SignKey.Pkcs8(), ["encrypt"] = world.EncryptKey.Pkcs8() };
        await using PlayReadyKeySystem system = new(world.Options(), new Secrets(secrets), new StandingClock(TestClient.Today), NullLogger.Instance);
        await system.StartAsync(TestContext.Current.CancellationToken);
        Func<Task> open = async () => await system.OpenSessionAsync(TestClient.Wanting((Id, ProtectionScheme.Cenc)) with { ServerCertificate = Encoding.UTF8.GetBytes("x") }, new RecordingHost(), TestContext.Current.CancellationToken);
        (await open.Should().ThrowAsync<LicenseServiceException>()).WithMessage("*deployment certificate*");
    }

    private static TestClient Client(TestWorld? world = null) => new(world ?? new TestWorld(), TestClient.Wanting((Id, ProtectionScheme.Cenc)));

    private sealed class Secrets(Dictionary<string, byte[]> values) : Plugins.ISecretReader
    {
        public ValueTask<System.Buffers.IMemoryOwner<byte>> ReadAsync(string name, CancellationToken cancellationToken) => new(new Owner(values[name]));

        private sealed class Owner(byte[] bytes) : System.Buffers.IMemoryOwner<byte>
        {
            public Memory<byte> Memory => bytes;

            public void Dispose()
            {
            }
        }
    }
}
