using System.Buffers;
using System.Text;
using Keyway.Licensing;
using Keyway.PlayReady.Issuer;
using Keyway.Plugins;
using Microsoft.Extensions.Logging.Abstractions;

namespace Keyway.PlayReady;

public sealed class PlayReadyCredentialTests
{
    private static readonly DateTimeOffset Now = TestClient.Today;

    [Fact]
    public void Credential_of_three_parts_is_taken_in_every_allowed_text_form()
    {
        TestWorld world = new();
        PlayReadyOptions options = world.Options();
        foreach (byte[] chain in (byte[][])[world.DeviceChain, Ascii(Convert.ToBase64String(world.DeviceChain) + "\n")])
        {
            foreach ((byte[] sign, byte[] encrypt) in ((byte[], byte[])[])
                [(world.SignKey.Pkcs8(), world.EncryptKey.Pkcs8()), (Ascii(world.SignKey.Pkcs8Pem()), Ascii(world.EncryptKey.Pkcs8Pem() + "\n")),
                (Ascii(Convert.ToBase64String(world.SignKey.Pkcs8())), Ascii(Convert.ToHexString(world.EncryptKey.Pkcs8())))])
            {
                using PlayReadyCredential credential = PlayReadyCredential.Load(chain, sign, encrypt, options, Now);
                credential.SecurityLevel.Should().Be(150);
                credential.ClearExport.Should().BeTrue();
                credential.HasClock.Should().BeTrue();
                credential.SignPublicKey.ToArray().Should().Equal(world.SignKey.PublicKey);
                credential.EncryptPublicKey.ToArray().Should().Equal(world.EncryptKey.PublicKey);
            }
        }
    }

    [Theory]
    [InlineData(2000u, "2000", true)]
    [InlineData(2000u, "3000", true)]
    [InlineData(2000u, "150", false)]
    [InlineData(3000u, "2000", false)]
    [InlineData(3000u, "3000", true)]
    [InlineData(1500u, "3000", false)]
    public void Levels_are_taken_only_where_the_host_declares_the_robustness(uint level, string robustness, bool taken)
    {
        TestWorld world = new(level);
        Action load = () => world.Credential(world.Options(("Robustness", robustness))).Dispose();
        if (taken) load.Should().NotThrow();
        else load.Should().Throw<LicenseServiceException>().Where(refusal => refusal.Kind == LicenseErrorKind.CredentialInvalid);
    }

    [Theory]
    [InlineData(150u, false, true)]
    [InlineData(2000u, false, false)]
    [InlineData(2000u, true, true)]
    public void Clear_export_is_for_development_only(uint level, bool development, bool export)
    {
        TestWorld world = new(level);
        using PlayReadyCredential credential = world.Credential(world.Options(("Roots:test:Development", development ? "true" : "false")));
        credential.ClearExport.Should().Be(export);
    }

    public static TheoryData<string, string> Others => new()
    {
        { "PRD", "PRD" }, { "SEC 1", "SEC 1" }, { "encrypted", "encrypted" }, { "raw", "raw key" }, { "96", "raw key" }, { "PKCS#12", "PKCS#12" },
        { "X.509", "X.509" }, { "chain as key", "certificate chain" }, { "empty", "empty" }, { "other curve", "P-256" }, { "zip", "ZIP" }, { "rubbish", "PKCS#8" },
    };

    [Theory]
    [MemberData(nameof(Others))]
    public void Other_containers_are_refused_by_name(string what, string named)
    {
        TestWorld world = new();
        byte[] bytes = what switch
        {
            "PRD" => [.. "PRD"u8, 3, .. new byte[288]],
            "SEC 1" => Ascii(world.SignKey.Sec1Pem()),
            "encrypted" => Ascii("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----"),
            "raw" => [.. Enumerable.Range(128, 32).Select(number => (byte)number)],
            "96" => [.. Enumerable.Range(128, 96).Select(number => (byte)number)],
            "PKCS#12" => [0x30, 0x82, 1, 0, 2, 1, 3, .. new byte[300]],
            "X.509" => Ascii("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"),
            "chain as key" => world.DeviceChain,
            "empty" => [],
            "other curve" => OtherCurve(),
            "zip" => [.. "PK"u8, 3, 4, .. new byte[40]],
            _ => [0xFF, 0xFE, 0xFD, 1, 2, 3, 4, 5],
        };
        Action load = () => PlayReadyCredential.Load(world.DeviceChain, bytes, world.EncryptKey.Pkcs8(), world.Options(), Now);
        load.Should().Throw<LicenseServiceException>().WithMessage($"*SignKey*{named}*").Where(refusal => refusal.Kind == LicenseErrorKind.CredentialInvalid);
    }

    [Fact]
    public void Group_certificates_are_refused_by_name()
    {
        TestKey root = new();
        TestKey group = new();
        byte[] chain = TestCertificate.Chain(new TestCertificate { Type = 4, Keys = [(group, [6])] }.Issue(root));
        TestWorld world = new();
        Action load = () => PlayReadyCredential.Load(chain, group.Pkcs8(), group.Pkcs8(), world.Options(), Now);
        load.Should().Throw<LicenseServiceException>().WithMessage("*group*manufacturing*");
    }

    [Fact]
    public void Keys_of_another_device_are_refused()
    {
        TestWorld world = new();
        Action swapped = () => PlayReadyCredential.Load(world.DeviceChain, world.EncryptKey.Pkcs8(), world.SignKey.Pkcs8(), world.Options(), Now);
        swapped.Should().Throw<LicenseServiceException>().WithMessage("*SignKey*does not belong*");
        Action foreign = () => PlayReadyCredential.Load(world.DeviceChain, world.SignKey.Pkcs8(), new TestKey().Pkcs8(), world.Options(), Now);
        foreign.Should().Throw<LicenseServiceException>().WithMessage("*EncryptKey*does not belong*");
    }

    [Fact]
    public async Task Start_reads_three_secrets_and_without_them_says_so()
    {
        TestWorld world = new();
        Secrets secrets = new(new() { ["chain"] = world.DeviceChain, ["sign"] = world.SignKey.Pkcs8(), ["encrypt"] = world.EncryptKey.Pkcs8() });
        await using PlayReadyKeySystem system = new(world.Options(), secrets, new StandingClock(Now), NullLogger.Instance);
        await system.StartAsync(TestContext.Current.CancellationToken);
        secrets.Open.Should().Be(0, "every secret is given back, and so zeroed");

        await using PlayReadyKeySystem without = new(TestWorld.Read(), secrets, new StandingClock(Now), NullLogger.Instance);
        Func<Task> start = async () => await without.StartAsync(TestContext.Current.CancellationToken);
        (await start.Should().ThrowAsync<LicenseServiceException>()).Which.Kind.Should().Be(LicenseErrorKind.CredentialInvalid);
        without.ParseHeader(PlayReadyHeaderTests.Pssh(PlayReadyHeaderTests.Pro(PlayReadyHeader.Write([default], HeaderAlgorithm.AesCtr).Markup))).KeyIds.Should().ContainSingle("headers are read without a credential");

        await using PlayReadyKeySystem missing = new(world.Options(("Chain", "secret:nobody")), secrets, new StandingClock(Now), NullLogger.Instance);
        Func<Task> miss = async () => await missing.StartAsync(TestContext.Current.CancellationToken);
        (await miss.Should().ThrowAsync<LicenseServiceException>()).Which.Message.Should().Contain("nobody");
    }

    private static byte[] Ascii(string text) => Encoding.ASCII.GetBytes(text);

    private static byte[] OtherCurve()
    {
        using System.Security.Cryptography.ECDsa key = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP384);
        return key.ExportPkcs8PrivateKey();
    }

    private sealed class Secrets(Dictionary<string, byte[]> values) : ISecretReader
    {
        public int Open { get; private set; }

        public ValueTask<IMemoryOwner<byte>> ReadAsync(string name, CancellationToken cancellationToken)
        {
            if (!values.TryGetValue(name, out byte[]? value)) throw new SecretException(name, "there is none");
            Open++;
            return new(new Owner(this, [.. value]));
        }

        private sealed class Owner(Secrets secrets, byte[] bytes) : IMemoryOwner<byte>
        {
            public Memory<byte> Memory => bytes;

            public void Dispose() => secrets.Open--;
        }
    }
}
