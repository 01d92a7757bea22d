using System.Security.Cryptography;
using Org.BouncyCastle.Asn1.X9;
using Org.BouncyCastle.Crypto.EC;
using Org.BouncyCastle.Math;
using BcPoint = Org.BouncyCastle.Math.EC.ECPoint;

namespace Keyway.PlayReady;

/// <summary>The curve P-256. Points travel as x‖y, two big-endian numbers of 32 bytes each, always padded.</summary>
/// <remarks>
/// Every multiplication by a private number is done by the platform's ECDH, which is made for it. A library adds points, which the platform
/// does not offer. ECDH gives x only; the sign of y follows from a second agreement, with the point moved by the generator:
/// x(d·(P + G)) = x(d·P + Q), where Q = d·G is the public key.
/// </remarks>
internal static class P256
{
    /// <summary>The length of a coordinate.</summary>
    public const int Coordinate = 32;

    /// <summary>The length of a point.</summary>
    public const int PointLength = 2 * Coordinate;

    /// <summary>The length of a signature, r‖s.</summary>
    public const int SignatureLength = 64;

    private const string CurveOid = "1.2.840.10045.3.1.7";
    private static readonly X9ECParameters Domain = CustomNamedCurves.GetByName("secp256r1");

    /// <summary>Reads a point; false when it is not on the curve, or not 64 bytes.</summary>
    public static bool TryReadPoint(ReadOnlySpan<byte> source, out BcPoint point)
    {
        point = Domain.Curve.Infinity;
        if (source.Length != PointLength) return false;
        try
        {
            point = Domain.Curve.ValidatePoint(
                new BigInteger(1, source[..Coordinate]),
                new BigInteger(1, source[Coordinate..]));
            return !point.IsInfinity;
        }
        catch (ArgumentException)
        {
            return false;   // a coordinate beyond the field, or no point of the curve
        }
    }

    /// <summary>Writes a point that is not infinity.</summary>
    public static void Write(BcPoint point, Span<byte> destination)
    {
        BcPoint affine = point.Normalize();
        affine.AffineXCoord.EncodeTo(destination[..Coordinate]);
        affine.AffineYCoord.EncodeTo(destination.Slice(Coordinate, Coordinate));
    }

    /// <summary>The public half of a key as x‖y.</summary>
    public static byte[] PublicKey(ECAlgorithm key)
    {
        ECParameters parameters = key.ExportParameters(includePrivateParameters: false);
        return [.. parameters.Q.X!, .. parameters.Q.Y!];
    }

    /// <summary>Whether a key is on this curve.</summary>
    public static bool IsOnCurve(ECAlgorithm key)
    {
        ECCurve curve = key.ExportParameters(includePrivateParameters: false).Curve;
        return curve.IsNamed && (curve.Oid.Value == CurveOid || curve.Oid.FriendlyName is "nistP256" or "ECDSA_P256" or "ECDH_P256");
    }

    /// <summary>d·P for the private half d of a key; <see langword="null"/> for the few points that have no answer.</summary>
    public static BcPoint? Multiply(ECDiffieHellman key, BcPoint point)
    {
        BcPoint moved = point.Add(Domain.G).Normalize();
        if (point.IsInfinity || moved.IsInfinity || !TryReadPoint(PublicKey(key), out BcPoint publicKey)) return null;
        byte[] compressed = new byte[1 + Coordinate];
        byte[] x = Agree(key, point);
        byte[] movedX = Agree(key, moved);
        Span<byte> sum = stackalloc byte[PointLength];
        try
        {
            compressed[0] = 2;   // the even y
            x.CopyTo(compressed.AsSpan(1));
            BcPoint even = Domain.Curve.DecodePoint(compressed);
            foreach (BcPoint candidate in (ReadOnlySpan<BcPoint>)[even, even.Negate()])
            {
                BcPoint expected = candidate.Add(publicKey);
                if (expected.IsInfinity) continue;
                Write(expected, sum);
                if (CryptographicOperations.FixedTimeEquals(sum[..Coordinate], movedX)) return candidate;
            }

            return null;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(compressed);
            CryptographicOperations.ZeroMemory(x);
            CryptographicOperations.ZeroMemory(movedX);
            CryptographicOperations.ZeroMemory(sum);
        }
    }

    /// <summary>Verifies ECDSA with SHA-256. False also for a key that is no point of the curve.</summary>
    public static bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        if (signature.Length != SignatureLength || !TryReadPoint(publicKey, out _)) return false;
        using ECDsa key = ECDsa.Create(Parameters(publicKey));
        return key.VerifyData(message, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
    }

    /// <summary>Signs with ECDSA over SHA-256: r‖s.</summary>
    public static byte[] Sign(ECDsa key, ReadOnlySpan<byte> message) =>
        key.SignData(message, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);

    private static byte[] Agree(ECDiffieHellman key, BcPoint point)
    {
        byte[] bytes = new byte[PointLength];
        Write(point, bytes);
        using ECDiffieHellman other = ECDiffieHellman.Create(Parameters(bytes));   // checks the point against the curve once more
        using ECDiffieHellmanPublicKey publicKey = other.PublicKey;
        return key.DeriveRawSecretAgreement(publicKey);
    }

    private static ECParameters Parameters(ReadOnlySpan<byte> point) => new()
    {
        Curve = ECCurve.NamedCurves.nistP256,
        Q = new ECPoint { X = point[..Coordinate].ToArray(), Y = point[Coordinate..].ToArray() },
    };
}
