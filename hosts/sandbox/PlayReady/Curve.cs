using System.Security.Cryptography;
using Org.BouncyCastle.Asn1.X9;
using Org.BouncyCastle.Crypto.EC;
using Org.BouncyCastle.Math;
using Point = Org.BouncyCastle.Math.EC.ECPoint;

namespace Keyway.Sandbox.PlayReady;

/// <summary>Arithmetic on P-256, which the platform does not offer: points in and out, and ElGamal.</summary>
/// <remarks>
/// A point is written as x and y, each 32 bytes, the highest first, padded with zeros. A wrapped point is two of them:
/// <code>
/// | C1 = k·G  64 | C2 = M + k·Q  64 |     M = C2 - d·C1;  what is carried is the x of M
/// </code>
/// </remarks>
internal static class Curve
{
    /// <summary>The length of a coordinate.</summary>
    public const int Coordinate = 32;

    /// <summary>The length of a point.</summary>
    public const int PointLength = 2 * Coordinate;

    /// <summary>The length of a wrapped point.</summary>
    public const int WrapLength = 2 * PointLength;

    private static readonly X9ECParameters P256 = CustomNamedCurves.GetByName("secp256r1");

    /// <summary>Reads a point.</summary>
    /// <param name="bytes">x and y.</param>
    /// <returns>The point, or <see langword="null"/>: it is not on the curve.</returns>
    public static Point? Read(ReadOnlySpan<byte> bytes) => bytes.Length == PointLength ? Decode([0x04, .. bytes]) : null;

    /// <summary>Finds the point of an x, the one whose y is even.</summary>
    /// <param name="x">The x, 32 bytes.</param>
    /// <returns>The point, or <see langword="null"/>: the curve has none.</returns>
    public static Point? AtX(ReadOnlySpan<byte> x) => Decode([0x02, .. x]);

    /// <summary>Writes a point.</summary>
    /// <param name="point">The point.</param>
    /// <returns>x and y.</returns>
    public static byte[] Write(Point point) => point.Normalize().GetEncoded(compressed: false)[1..];

    /// <summary>Draws a scalar between 1 and the order.</summary>
    /// <returns>It.</returns>
    public static BigInteger DrawScalar()
    {
        while (true)
        {
            BigInteger drawn = new(1, RandomNumberGenerator.GetBytes(Coordinate));
            if (drawn.SignValue > 0 && drawn.CompareTo(P256.N) < 0) return drawn;
        }
    }

    /// <summary>Wraps a point to a public key.</summary>
    /// <param name="publicKey">The key.</param>
    /// <param name="message">The point.</param>
    /// <param name="scalar">k: drawn for this wrap alone.</param>
    /// <returns>The wrapped point.</returns>
    public static byte[] Wrap(Point publicKey, Point message, BigInteger scalar) =>
        [.. Write(P256.G.Multiply(scalar)), .. Write(message.Add(publicKey.Multiply(scalar)))];

    /// <summary>Opens a wrapped point.</summary>
    /// <param name="privateKey">The key.</param>
    /// <param name="wrapped">The wrapped point.</param>
    /// <returns>The x of the point, or <see langword="null"/>: a point is not on the curve, or there is none.</returns>
    public static byte[]? Unwrap(BigInteger privateKey, ReadOnlySpan<byte> wrapped)
    {
        if (wrapped.Length != WrapLength || Read(wrapped[..PointLength]) is not { } c1 || Read(wrapped[PointLength..]) is not { } c2) return null;
        Point message = c2.Subtract(c1.Multiply(privateKey));
        return message.IsInfinity ? null : Write(message)[..Coordinate];
    }

    /// <summary>The private scalar of a key.</summary>
    /// <param name="key">The key.</param>
    /// <returns>It.</returns>
    public static BigInteger ScalarOf(ECDsa key) => new(1, key.ExportParameters(includePrivateParameters: true).D!);

    /// <summary>The public point of a key, as bytes.</summary>
    /// <param name="key">The key.</param>
    /// <returns>x and y.</returns>
    public static byte[] PublicOf(ECDsa key)
    {
        ECPoint q = key.ExportParameters(includePrivateParameters: false).Q;
        return [.. q.X!, .. q.Y!];
    }

    /// <summary>Whether a signature is right: ECDSA over SHA-256, r and s, 64 bytes.</summary>
    /// <param name="publicKey">x and y.</param>
    /// <param name="signed">What is signed.</param>
    /// <param name="signature">The signature.</param>
    /// <returns>Whether it is. A key that is no point of the curve signs nothing.</returns>
    public static bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> signed, ReadOnlySpan<byte> signature)
    {
        if (signature.Length != PointLength || Read(publicKey) is null) return false;
        ECParameters parameters = new() { Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = publicKey[..Coordinate].ToArray(), Y = publicKey[Coordinate..].ToArray() } };
        using ECDsa key = ECDsa.Create(parameters);
        return key.VerifyData(signed, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
    }

    /// <summary>Signs: ECDSA over SHA-256, r and s, 64 bytes.</summary>
    /// <param name="key">The key.</param>
    /// <param name="signed">What to sign.</param>
    /// <returns>The signature.</returns>
    public static byte[] Sign(ECDsa key, ReadOnlySpan<byte> signed) =>
        key.SignData(signed, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);

    private static Point? Decode(byte[] encoded)
    {
        try
        {
            return P256.Curve.DecodePoint(encoded);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}
