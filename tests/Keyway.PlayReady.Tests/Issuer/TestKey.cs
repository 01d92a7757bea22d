using System.Numerics;
using System.Security.Cryptography;

namespace Keyway.PlayReady.Issuer;

/// <summary>A key pair made for a test.</summary>
internal sealed class TestKey
{
    private readonly ECParameters _parameters;

    public TestKey()
        : this(null)
    {
    }

    private TestKey(byte[]? secret)
    {
        if (secret is null)
        {
            using ECDsa made = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            _parameters = made.ExportParameters(includePrivateParameters: true);
        }
        else
        {
            TestCurve.Point point = TestCurve.Multiply(TestCurve.FromBytes(secret), TestCurve.G);
            _parameters = new ECParameters
            {
                Curve = ECCurve.NamedCurves.nistP256,
                D = secret,
                Q = new ECPoint { X = TestCurve.ToBytes(point.X), Y = TestCurve.ToBytes(point.Y) },
            };
        }
    }

    public static TestKey FromHex(string secret) => new(Convert.FromHexString(secret));

    public byte[] PublicKey => [.. _parameters.Q.X!, .. _parameters.Q.Y!];

    public BigInteger Secret => TestCurve.FromBytes(_parameters.D);

    public byte[] Sign(ReadOnlySpan<byte> message)
    {
        using ECDsa key = ECDsa.Create(_parameters);
        return key.SignData(message, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
    }

    public static bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        using ECDsa key = ECDsa.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            Q = new ECPoint { X = publicKey[..32].ToArray(), Y = publicKey[32..].ToArray() },
        });
        return key.VerifyData(message, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
    }

    public byte[] Pkcs8()
    {
        using ECDsa key = ECDsa.Create(_parameters);
        return key.ExportPkcs8PrivateKey();
    }

    public string Pkcs8Pem()
    {
        using ECDsa key = ECDsa.Create(_parameters);
        return key.ExportPkcs8PrivateKeyPem();
    }

    public string SpkiPem()
    {
        using ECDsa key = ECDsa.Create(_parameters);
        return key.ExportSubjectPublicKeyInfoPem();
    }

    public string Sec1Pem()
    {
        using ECDsa key = ECDsa.Create(_parameters);
        return key.ExportECPrivateKeyPem();
    }
}
