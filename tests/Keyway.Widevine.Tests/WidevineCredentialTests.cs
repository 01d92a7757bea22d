using System.Security.Cryptography;
using System.Text;
using Keyway.Licensing;
using Keyway.Widevine.Issuing;

namespace Keyway.Widevine;

public sealed class WidevineCredentialTests
{
    private readonly Bench _bench = new();

    public static TheoryData<string> KeyForms => ["pkcs8 der", "pkcs8 pem", "pkcs1 der", "pkcs1 pem", "base64"];

    [Theory]
    [MemberData(nameof(KeyForms))]
    public async Task Private_key_is_read_in_its_forms(string form)
    {
        _bench.SecretValues["key"] = form switch
        {
            "pkcs8 der" => TestPki.Device.ExportPkcs8PrivateKey(),
            "pkcs8 pem" => Encoding.ASCII.GetBytes(TestPki.Device.ExportPkcs8PrivateKeyPem() + "\n"),
            "pkcs1 der" => TestPki.Device.ExportRSAPrivateKey(),
            "pkcs1 pem" => Encoding.ASCII.GetBytes(TestPki.Device.ExportRSAPrivateKeyPem()),
            _ => Encoding.ASCII.GetBytes(Convert.ToBase64String(TestPki.Device.ExportPkcs8PrivateKey())),
        };
        await using WidevineKeySystem system = await _bench.StartAsync();
        system.Credential.SystemId.Should().Be(TestPki.SystemId);
        system.Credential.Root.Name.Should().Be("test");
    }

    [Fact]
    public async Task Client_id_may_be_base64()
    {
        _bench.SecretValues["client"] = Encoding.ASCII.GetBytes(Convert.ToBase64String(TestPki.ClientId));
        await using WidevineKeySystem system = await _bench.StartAsync();
        system.Credential.Client.Token.ToByteArray().Should().Equal(TestPki.DeviceCertificate);
    }

    [Fact]
    public async Task Device_with_3072_bits_is_accepted()
    {
        using RSA key = RSA.Create(3072);
        Use(key, TestPki.Sign(TestPki.Model, TestPki.Certificate(2, key, TestPki.SystemId), TestPki.ModelCertificate));
        await using WidevineKeySystem system = await _bench.StartAsync();
        system.Credential.SystemId.Should().Be(TestPki.SystemId);
    }

    [Fact]
    public async Task Chain_signed_with_a_named_hash_is_accepted()
    {
        byte[] model = TestPki.Sign(TestPki.Root, TestPki.Certificate(1, TestPki.Model, TestPki.SystemId), hash: 2);
        Use(TestPki.Device, TestPki.Sign(TestPki.Model, TestPki.Certificate(2, TestPki.Device, TestPki.SystemId), model, hash: 1));
        await using WidevineKeySystem system = await _bench.StartAsync();
        system.Credential.SystemId.Should().Be(TestPki.SystemId);
    }

    [Fact]
    public async Task Nothing_configured_says_where_to_configure_it()
    {
        _bench.Settings.Remove("PrivateKey");
        _bench.Settings.Remove("ClientId");
        LicenseServiceException refused = await RefusedAsync();
        refused.Message.Should().Contain("none is configured");
        refused.Advice.Should().Contain("docs/widevine.md#configuration");
    }

    [Fact]
    public async Task Secret_that_is_not_there_is_named()
    {
        _bench.SecretValues.Remove("client");
        (await RefusedAsync()).Message.Should().Contain("'client'");
    }

    [Fact]
    public async Task Session_without_a_started_key_system_is_refused() =>
        (await FluentActions.Awaiting(() => _bench.OpenAsync(system: _bench.Create())).Should().ThrowAsync<LicenseServiceException>())
            .Which.Kind.Should().Be(LicenseErrorKind.CredentialInvalid);

    [Fact]
    public async Task Key_that_does_not_belong_to_the_certificate_is_refused()
    {
        using RSA other = RSA.Create(2048);
        _bench.SecretValues["key"] = other.ExportPkcs8PrivateKey();
        (await RefusedAsync()).Message.Should().Contain("does not belong");
    }

    public static TheoryData<string, string> BadChains => new()
    {
        { "no root", "no root is configured" },
        { "other root", "not signed by a configured root" },
        { "no model", "without its model" },
        { "model signed by another", "not signed by a configured root" },
        { "leaf signed by another", "not signed by its model" },
        { "leaf is a model", "device certificate is of another type" },
        { "model is a service", "model certificate is of another type" },
        { "other system", "different systems" },
        { "device expired", "device certificate has expired" },
        { "model expired", "model certificate has expired" },
        { "small key", "2048 and 3072" },
        { "small key in the certificate", "not an RSA key" },
        { "garbage token", "cannot be read" },
    };

    [Theory]
    [MemberData(nameof(BadChains))]
    public async Task Bad_chain_is_refused(string how, string reason)
    {
        using RSA small = RSA.Create(1024);
        byte[] model = TestPki.Certificate(1, TestPki.Model, TestPki.SystemId), leaf = TestPki.Certificate(2, TestPki.Device, TestPki.SystemId);
        long past = _bench.Clock.Now.ToUnixTimeSeconds() - 1;
        switch (how)
        {
            case "no root": _bench.Settings.Remove("Roots:test:PublicKey"); _bench.Settings.Remove("Roots:test:Development"); break;
            case "other root": _bench.Settings["Roots:test:PublicKey"] = Convert.ToBase64String(TestPki.OtherRoot.ExportRSAPublicKey()); break;
            case "no model": Use(TestPki.Device, TestPki.Sign(TestPki.Model, leaf)); break;
            case "model signed by another": Use(TestPki.Device, TestPki.Sign(TestPki.Model, leaf, TestPki.Sign(TestPki.OtherRoot, model))); break;
            case "leaf signed by another": Use(TestPki.Device, TestPki.Sign(TestPki.Root, leaf, TestPki.ModelCertificate)); break;
            case "leaf is a model": Use(TestPki.Device, TestPki.Sign(TestPki.Model, TestPki.Certificate(1, TestPki.Device, TestPki.SystemId), TestPki.ModelCertificate)); break;
            case "model is a service": Use(TestPki.Device, TestPki.Sign(TestPki.Model, leaf, TestPki.Sign(TestPki.Root, TestPki.Certificate(3, TestPki.Model, TestPki.SystemId)))); break;
            case "other system": Use(TestPki.Device, TestPki.Sign(TestPki.Model, TestPki.Certificate(2, TestPki.Device, 1), TestPki.ModelCertificate)); break;
            case "device expired": Use(TestPki.Device, TestPki.Sign(TestPki.Model, TestPki.Certificate(2, TestPki.Device, TestPki.SystemId, expires: past), TestPki.ModelCertificate)); break;
            case "model expired": Use(TestPki.Device, TestPki.Sign(TestPki.Model, leaf, TestPki.Sign(TestPki.Root, TestPki.Certificate(1, TestPki.Model, TestPki.SystemId, expires: past)))); break;
            case "small key": _bench.SecretValues["key"] = small.ExportPkcs8PrivateKey(); break;
            case "small key in the certificate": Use(TestPki.Device, TestPki.Sign(TestPki.Model, TestPki.Certificate(2, small, TestPki.SystemId), TestPki.ModelCertificate)); break;
            default: Use(TestPki.Device, [0xFF, 0xFF]); break;
        }

        LicenseServiceException refused = await RefusedAsync();
        refused.Kind.Should().Be(LicenseErrorKind.CredentialInvalid);
        refused.Message.Should().Contain(reason);
    }

    public static TheoryData<string, string> Containers => new()
    {
        { "wvd", ".wvd file" },
        { "zip", "ZIP archive" },
        { "json", "JSON" },
        { "xml", "XML" },
        { "pfx", "PKCS#12" },
        { "empty", "empty" },
        { "encrypted", "encrypted with a password" },
        { "certificate", "'CERTIFICATE'" },
        { "public", "'PUBLIC KEY'" },
        { "garbage", "not PKCS#8" },
    };

    [Theory]
    [MemberData(nameof(Containers))]
    public async Task Another_container_is_refused_by_name_with_the_page(string what, string name)
    {
        _bench.SecretValues["key"] = what switch
        {
            "wvd" => [.. "WVD"u8, 2, 2, 3, 0, 0],
            "zip" => [.. "PK\u0003\u0004"u8, 0, 0],
            "json" => "\n{\"private_key\":\"…\"}"u8.ToArray(),
            "xml" => "<Keybox/>"u8.ToArray(),
            "pfx" => new System.Security.Cryptography.X509Certificates.CertificateRequest("CN=nobody", TestPki.Device, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
                .CreateSelfSigned(_bench.Clock.Now, _bench.Clock.Now.AddDays(1)).Export(System.Security.Cryptography.X509Certificates.X509ContentType.Pkcs12, "x"),
            "empty" => [],
            "encrypted" => Encoding.ASCII.GetBytes(TestPki.Device.ExportEncryptedPkcs8PrivateKeyPem("x", new PbeParameters(PbeEncryptionAlgorithm.Aes128Cbc, HashAlgorithmName.SHA256, 10))),
            "certificate" => Encoding.ASCII.GetBytes(PemEncoding.WriteString("CERTIFICATE", [1, 2, 3])),
            "public" => Encoding.ASCII.GetBytes(TestPki.Device.ExportSubjectPublicKeyInfoPem()),
            _ => [0xFF, .. RandomNumberGenerator.GetBytes(200)],
        };
        LicenseServiceException refused = await RefusedAsync();
        refused.Kind.Should().Be(LicenseErrorKind.CredentialInvalid);
        refused.Message.Should().Contain(name);
        refused.Advice.Should().Contain("docs/widevine.md#credential");
    }

    [Theory]
    [InlineData(0, "KEYBOX")]
    [InlineData(3, "OEM_DEVICE_CERTIFICATE")]
    [InlineData(9, "not known")]
    public async Task Another_type_of_client_id_is_refused_by_name(int type, string name)
    {
        _bench.SecretValues["client"] = TestPki.Client(TestPki.DeviceCertificate, type);
        (await RefusedAsync()).Message.Should().Contain(name);
    }

    [Fact]
    public async Task Secrets_are_cleared_once_read()
    {
        Secrets secrets = new(_bench.SecretValues);
        WidevineKeySystem system = new(_bench.Create().Options, _bench.Context(secrets));
        await system.StartAsync(CancellationToken.None);
        secrets.Given.Should().HaveCount(2).And.OnlyContain(secret => secret.All(value => value == 0));
    }

    [Fact]
    public async Task Client_info_of_configuration_replaces_and_follows_the_provisioned_one()
    {
        _bench.Settings["ClientInfo:device_name"] = "studio";
        _bench.Settings["ClientInfo:application_name"] = "keyway";
        (ILicenseSession session, _) = await _bench.OpenAsync();
        Challenge challenge = _bench.Issuer.Read((await session.AskAsync()).Bytes);
        Proto.Read(challenge.ClientId!).Where(field => field.Id == 3).Select(field => Proto.Read(field.Data!))
            .Select(pair => $"{Encoding.UTF8.GetString(pair.Data(1)!)}={Encoding.UTF8.GetString(pair.Data(2)!)}")
            .Should().Equal("company_name=Nobody", "device_name=studio", "application_name=keyway");
    }

    private void Use(RSA key, byte[] token)
    {
        _bench.SecretValues["key"] = key.ExportPkcs8PrivateKey();
        _bench.SecretValues["client"] = TestPki.Client(token);
    }

    private async Task<LicenseServiceException> RefusedAsync() =>
        (await FluentActions.Awaiting(_bench.StartAsync).Should().ThrowAsync<LicenseServiceException>()).Which;
}
