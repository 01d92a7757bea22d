using System.Security.Cryptography;
using Google.Protobuf;
using Keyway.Sandbox.Widevine.Wire;
using CertificateType = Keyway.Sandbox.Widevine.Wire.DrmCertificate.Types.Type;

namespace Keyway.Sandbox.Widevine;

/// <summary>Certificates that no sandbox issues. Each differs from a right one in one thing.</summary>
public sealed class DeviceTests(DeviceTests.Keys keys) : IClassFixture<DeviceTests.Keys>
{
    private const uint SystemId = 7;

    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);

    private readonly RSA _root = keys.Root, _model = keys.Model, _device = keys.Device;

    [Fact]
    public void Right_chain_is_a_device()
    {
        using Device device = Verify();
        device.Serial.Should().Be("0203");
        byte[] message = [1, 2, 3], wrapped = device.Wrap(message);
        _device.Decrypt(wrapped, RSAEncryptionPadding.OaepSHA1).Should().Equal(message);
        device.HasSigned(message, _device.SignData(message, HashAlgorithmName.SHA1, RSASignaturePadding.Pss)).Should().BeTrue();
        device.HasSigned(message, _device.SignData(message, HashAlgorithmName.SHA1, RSASignaturePadding.Pkcs1)).Should().BeFalse();
        device.HasSigned(message, _device.SignData(message, HashAlgorithmName.SHA256, RSASignaturePadding.Pss)).Should().BeFalse();
        device.HasSigned(message, []).Should().BeFalse();
    }

    [Theory]
    [InlineData((int)CertificateType.Root)]
    [InlineData((int)CertificateType.Device)]
    [InlineData((int)CertificateType.Service)]
    [InlineData((int)CertificateType.Provisioner)]
    public void Model_of_another_type_is_refused(int type) => Refuses("bad-chain", model: facts => facts.Type = (CertificateType)type);

    [Theory]
    [InlineData((int)CertificateType.Root)]
    [InlineData((int)CertificateType.DeviceModel)]
    [InlineData((int)CertificateType.Service)]
    [InlineData((int)CertificateType.Provisioner)]
    public void Device_of_another_type_is_refused(int type) => Refuses("bad-chain", device: facts => facts.Type = (CertificateType)type);

    [Fact]
    public void Certificate_without_what_it_needs_is_refused()
    {
        Refuses("bad-chain", device: facts => facts.ClearType());
        Refuses("bad-chain", device: facts => facts.ClearSerialNumber());
        Refuses("bad-chain", device: facts => facts.ClearSystemId());
        Refuses("bad-chain", device: facts => facts.SystemId++);
        Refuses("bad-chain", model: facts => facts.SystemId++);
        Refuses("bad-chain", device: facts => facts.ClearPublicKey());
        Refuses("bad-chain", model: facts => facts.ClearPublicKey());
    }

    [Fact]
    public void Certificate_that_is_over_is_refused_and_one_that_will_be_is_not()
    {
        uint now = (uint)Now.ToUnixTimeSeconds();
        Refuses("expired-certificate", device: facts => facts.ExpirationTimeSeconds = now);
        Refuses("expired-certificate", model: facts => facts.ExpirationTimeSeconds = now);
        Verify(device: facts => facts.ExpirationTimeSeconds = now + 1, model: facts => facts.ExpirationTimeSeconds = uint.MaxValue).Dispose();
    }

    [Fact]
    public void Key_of_another_kind_is_refused()
    {
        using RSA small = RSA.Create(1024);
        Refuses("bad-chain", device: facts => facts.PublicKey = ByteString.CopyFrom(small.ExportRSAPublicKey()));
        Refuses("bad-chain", device: facts => facts.PublicKey = ByteString.CopyFrom(_device.ExportSubjectPublicKeyInfo()));
        Refuses("bad-chain", device: facts => facts.PublicKey = ByteString.CopyFrom([.. _device.ExportRSAPublicKey(), 0]));
        Refuses("unsupported-client", device: facts => facts.Algorithm = DrmCertificate.Types.Algorithm.EccSecp256R1);
        Refuses("unsupported-client", model: facts => facts.Algorithm = DrmCertificate.Types.Algorithm.EccSecp384R1);
    }

    [Fact]
    public void Separate_encryption_key_receives_the_session_key()
    {
        using RSA other = RSA.Create(2048);
        using Device device = Verify(device: facts => facts.EncryptionKey = new DrmCertificate.Types.EncryptionKey { PublicKey = ByteString.CopyFrom(other.ExportRSAPublicKey()) });
        byte[] session = RandomNumberGenerator.GetBytes(16);
        other.Decrypt(device.Wrap(session), RSAEncryptionPadding.OaepSHA1).Should().Equal(session);
        device.HasSigned(session, _device.SignData(session, HashAlgorithmName.SHA1, RSASignaturePadding.Pss)).Should().BeTrue();
    }

    [Theory]
    [InlineData(1, "SHA1")]
    [InlineData(2, "SHA256")]
    [InlineData(3, "SHA384")]
    public void Hash_that_is_named_is_the_one_that_counts(int number, string hash)
    {
        SignedDrmCertificate.Types.HashAlgorithm named = (SignedDrmCertificate.Types.HashAlgorithm)number;
        SignedDrmCertificate chain = Chain();
        chain.HashAlgorithm = named;
        chain.Signature = ByteString.CopyFrom(_model.SignData(chain.DrmCertificate.ToByteArray(), new HashAlgorithmName(hash), RSASignaturePadding.Pss));
        Verify(chain).Dispose();
        chain.HashAlgorithm = named == SignedDrmCertificate.Types.HashAlgorithm.Sha256 ? SignedDrmCertificate.Types.HashAlgorithm.Unspecified : SignedDrmCertificate.Types.HashAlgorithm.Sha256;
        this.Invoking(test => test.Verify(chain)).Should().Throw<RefusedException>().Which.Code.Should().Be("bad-chain");
        chain.HashAlgorithm = (SignedDrmCertificate.Types.HashAlgorithm)9;
        this.Invoking(test => test.Verify(chain)).Should().Throw<RefusedException>().Which.Code.Should().Be("bad-chain");
    }

    [Fact]
    public void Device_that_the_root_or_another_model_signed_is_refused()
    {
        SignedDrmCertificate chain = Chain();
        this.Invoking(test => test.Verify(Certificates.Sign(Certificates.Read(chain)!, _root, chain.Signer))).Should().Throw<RefusedException>().Which.Code.Should().Be("bad-chain");
        using RSA other = RSA.Create(2048);
        this.Invoking(test => test.Verify(Certificates.Sign(Certificates.Read(chain)!, other, chain.Signer))).Should().Throw<RefusedException>().Which.Code.Should().Be("bad-chain");
        this.Invoking(test => test.Verify(Certificates.Sign(Certificates.Read(chain)!, _model, Certificates.Sign(Certificates.Read(chain.Signer)!, other)))).Should().Throw<RefusedException>().Which.Code.Should().Be("bad-chain");
    }

    private void Refuses(string code, Action<DrmCertificate>? device = null, Action<DrmCertificate>? model = null) =>
        this.Invoking(test => test.Verify(device, model)).Should().Throw<RefusedException>().Which.Code.Should().Be(code);

    private Device Verify(Action<DrmCertificate>? device = null, Action<DrmCertificate>? model = null) => Verify(Chain(device, model));

    private Device Verify(SignedDrmCertificate chain) => Device.Verify(
        new ClientIdentification { Type = ClientIdentification.Types.TokenType.DrmDeviceCertificate, Token = chain.ToByteString() },
        _root.ExportRSAPublicKey(),
        Now);

    private SignedDrmCertificate Chain(Action<DrmCertificate>? device = null, Action<DrmCertificate>? model = null)
    {
        DrmCertificate modelFacts = AuthorityKeys.Certificate(CertificateType.DeviceModel, [1], _model, Now), facts = AuthorityKeys.Certificate(CertificateType.Device, [2, 3], _device, Now);
        modelFacts.SystemId = facts.SystemId = SystemId;
        model?.Invoke(modelFacts);
        device?.Invoke(facts);
        return Certificates.Sign(facts, _model, Certificates.Sign(modelFacts, _root));
    }

    /// <summary>Made once, because making them takes a while.</summary>
    public sealed class Keys : IDisposable
    {
        public RSA Root { get; } = RSA.Create(3072);

        public RSA Model { get; } = RSA.Create(2048);

        public RSA Device { get; } = RSA.Create(2048);

        public void Dispose()
        {
            Root.Dispose();
            Model.Dispose();
            Device.Dispose();
        }
    }
}
