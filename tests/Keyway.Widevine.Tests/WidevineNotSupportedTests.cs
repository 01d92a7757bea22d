using System.Security.Cryptography;
using Keyway.Licensing;
using Keyway.Widevine.Issuing;

namespace Keyway.Widevine;

/// <summary>What this key system does not do, each refused or skipped by name. <c>docs/widevine.md#not-supported</c> is the same list.</summary>
public sealed class WidevineNotSupportedTests
{
    private readonly Bench _bench = new();

    [Fact]
    public async Task Verified_media_path_is_left_out_of_the_client_id()
    {
        _bench.SecretValues["client"] = TestPki.Client(TestPki.DeviceCertificate, more: client => client.Bytes(7, "vmp"u8));
        (ILicenseSession session, _) = await _bench.OpenAsync();
        Proto.Read(_bench.Issuer.Read((await session.AskAsync()).Bytes).ClientId!).Should().NotContain(field => field.Id == 7);
        _bench.Logger.Lines.Should().Contain(line => line.Contains("vmp_data", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Remote_attestation_is_refused_in_a_credential_and_ignored_in_an_answer()
    {
        (ILicenseSession session, RecordingHost host) = await _bench.OpenAsync();
        byte[] answer = _bench.Issuer.Issue((await session.AskAsync()).Bytes, new IssuedLicense { More = license => license.Number(5, 1) });
        await session.GiveAsync([.. answer, .. new Proto().Bytes(5, "attestation"u8).ToArray()]);
        host.Keys.Should().HaveCount(1);

        _bench.SecretValues["client"] = TestPki.Client(TestPki.DeviceCertificate, type: 2);
        (await CredentialRefusedAsync()).Message.Should().Contain("REMOTE_ATTESTATION_CERTIFICATE").And.Contain("not supported");
    }

    [Fact]
    public async Task Provisioning_is_refused()
    {
        (ILicenseSession session, _) = await _bench.OpenAsync();
        (await FluentActions.Awaiting(() => session.AskAsync(ChallengeKind.Individualization)).Should().ThrowAsync<LicenseServiceException>())
            .Which.Message.Should().Contain("provisioning is not supported");
    }

    [Theory]
    [InlineData("3")]
    [InlineData("5")]
    public void Hardware_levels_cannot_be_configured(string level)
    {
        _bench.Settings["SecurityLevel"] = level;
        FluentActions.Invoking(_bench.Create).Should().Throw<LicenseServiceException>().WithMessage("*SecurityLevel*hardware levels 3 to 5 are not supported*");
    }

    [Fact]
    public async Task Provider_client_tokens_are_neither_kept_nor_sent()
    {
        _bench.SecretValues["client"] = TestPki.Client(TestPki.DeviceCertificate, more: client =>
            client.Bytes(4, "token"u8).Number(5, 3).Bytes(6, new Proto().Number(1, 1).Number(3, 1).ToArray()));
        (ILicenseSession session, RecordingHost host) = await _bench.OpenAsync();
        Challenge challenge = _bench.Issuer.Read((await session.AskAsync()).Bytes);
        IReadOnlyList<Field> client = Proto.Read(challenge.ClientId!);
        client.Should().NotContain(field => field.Id == 4 || field.Id == 5);
        client.Message(6).Value(1).Should().Be(0);
        client.Message(6).Value(3).Should().Be(1);

        await session.GiveAsync(_bench.Issuer.Issue(challenge, new IssuedLicense { More = license => license.Bytes(6, "fresh"u8), Policy = new Dictionary<int, long> { [1] = 1, [3] = 1, [12] = 1 } }));
        host.Keys.Should().HaveCount(1);
        (await session.AskAsync(ChallengeKind.Renewal)).Bytes.AsSpan().IndexOf("fresh"u8).Should().Be(-1);
        _bench.Logger.Lines.Where(line => line.Contains("provider_client_token", StringComparison.Ordinal)).Should().HaveCount(2);
    }

    [Fact]
    public async Task Automatic_licence_is_refused()
    {
        (ILicenseSession session, RecordingHost host) = await _bench.OpenAsync();
        byte[] challenge = (await session.AskAsync()).Bytes;
        LicenseServiceException refused = await session.RefusedAsync(_bench.Issuer.Issue(challenge, new IssuedLicense { Type = 3 }));
        (refused.Kind, refused.Message).Should().Match<(LicenseErrorKind Kind, string Message)>(pair =>
            pair.Kind == LicenseErrorKind.PolicyInvalid && pair.Message.Contains("AUTOMATIC", StringComparison.Ordinal));
        host.Calls.Should().Be(0);
    }

    [Fact]
    public async Task Group_bundles_are_shown_skipped_and_refused()
    {
        byte[] pssh = new Proto().Bytes(4, "channel"u8).Bytes(8, [1, 2]).Number(11, 1).Bytes(13, "bundle"u8);
        _bench.Create().ParseHeader(new InitializationData { Kind = InitializationDataKind.Pssh, System = WidevineConstants.System, Payload = pssh })
            .Facts.Where(fact => fact.Value.Contains("group bundles are not supported", StringComparison.Ordinal)).Select(fact => fact.Name).Should().Equal("grouped_license", "group_id");

        (ILicenseSession session, RecordingHost host) = await _bench.OpenAsync(Bench.Request(pssh));
        await session.LicenseAsync(_bench.Issuer, new IssuedLicense { More = license => license.Bytes(11, "bundle"u8) });
        host.Keys.Should().HaveCount(1);
        _bench.Logger.Lines.Should().Contain(line => line.Contains("group_ids", StringComparison.Ordinal));

        (await session.RefusedAsync(new Proto().Number(1, 6).Bytes(2, [1]))).Message.Should().Contain("SUB_LICENSE");
    }

    [Fact]
    public async Task Elliptic_credentials_and_session_keys_are_refused()
    {
        (ILicenseSession session, RecordingHost host) = await _bench.OpenAsync();
        byte[] challenge = (await session.AskAsync()).Bytes;
        LicenseServiceException refused = await session.RefusedAsync(_bench.Issuer.Issue(challenge, new IssuedLicense { SessionKeyType = 2 }));
        (refused.Kind, refused.Message.Contains("ECC", StringComparison.Ordinal)).Should().Be((LicenseErrorKind.LicenseMalformed, true));
        host.Calls.Should().Be(0);

        byte[] leaf = TestPki.Certificate(2, TestPki.Device, TestPki.SystemId, algorithm: 2);
        _bench.SecretValues["client"] = TestPki.Client(TestPki.Sign(TestPki.Model, leaf, TestPki.ModelCertificate));
        (await CredentialRefusedAsync()).Message.Should().Contain("ECC credentials are not supported");

        using ECDsa elliptic = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        foreach (byte[] key in new[] { elliptic.ExportPkcs8PrivateKey(), System.Text.Encoding.ASCII.GetBytes(elliptic.ExportECPrivateKeyPem()) })
        {
            _bench.SecretValues["key"] = key;
            (await CredentialRefusedAsync()).Message.Should().Contain("not supported");
        }
    }

    [Fact]
    public async Task Device_with_a_second_key_is_refused()
    {
        byte[] leaf = TestPki.Certificate(2, TestPki.Device, TestPki.SystemId, encryptionKey: new Proto().Bytes(1, TestPki.Service.ExportRSAPublicKey().AsSpan()));
        _bench.SecretValues["client"] = TestPki.Client(TestPki.Sign(TestPki.Model, leaf, TestPki.ModelCertificate));
        (await CredentialRefusedAsync()).Message.Should().Contain("second key");
    }

    [Fact]
    public async Task Contents_of_a_key_control_are_skipped()
    {
        (ILicenseSession session, RecordingHost host) = await _bench.OpenAsync();
        byte[] block = [.. "kc18"u8, 0, 0, 0, 1, 1, 2, 3, 4, 0x80, 0, 0, 8];   // would end after a second
        await session.LicenseAsync(_bench.Issuer, new IssuedLicense
        {
            Keys = [new IssuedKey { KeyControl = new Proto().Bytes(1, block) }, new IssuedKey { Type = 3, Id = null, Key = null, KeyControl = new Proto().Bytes(1, block) }],
        });
        host.Policies.Values.Single().NotAfter.Should().BeNull();
        _bench.Logger.Lines.Should().Contain(line => line.Contains("KEY_CONTROL", StringComparison.Ordinal));
    }

    [Fact]
    public void WebM_initialisation_data_is_refused() => FluentActions.Invoking(() => _bench.Create().ParseHeader(new InitializationData
    {
        Kind = InitializationDataKind.WebM,
        System = WidevineConstants.System,
        Payload = Bench.Kid,
    })).Should().Throw<ProtectionHeaderException>().WithMessage("*webm*not supported*");

    private async Task<LicenseServiceException> CredentialRefusedAsync()
    {
        LicenseServiceException refused = (await FluentActions.Awaiting(_bench.StartAsync).Should().ThrowAsync<LicenseServiceException>()).Which;
        refused.Kind.Should().Be(LicenseErrorKind.CredentialInvalid);
        return refused;
    }
}
