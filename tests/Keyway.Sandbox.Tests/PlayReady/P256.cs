using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;

namespace Keyway.Sandbox.PlayReady;

/// <summary>P-256 (FIPS 186-5, SP 800-186) over plain big integers: slow, and written apart from what it checks.</summary>
internal static class P256
{
    private static readonly BigInteger P = Hex("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff");
    private static readonly BigInteger N = Hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
    private static readonly (BigInteger X, BigInteger Y) G = (Hex("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"), Hex("4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"));

    /// <summary>A session: a point, and what an ElGamal wrap of it to a key is.</summary>
    public static (byte[] X, byte[] Wrapped) Session(byte[] publicKey)
    {
        (BigInteger X, BigInteger Y) message = Multiply(G, Draw())!.Value, q = Read(publicKey);
        BigInteger k = Draw();
        (BigInteger X, BigInteger Y) c1 = Multiply(G, k)!.Value, c2 = Add(message, Multiply(q, k))!.Value;
        return (Bytes(message.X), [.. Bytes(c1.X), .. Bytes(c1.Y), .. Bytes(c2.X), .. Bytes(c2.Y)]);
    }

    /// <summary>Opens a wrap: the x of C2 - d·C1.</summary>
    public static byte[] Unwrap(ECDsa key, byte[] wrapped)
    {
        BigInteger d = new(key.ExportParameters(true).D, isUnsigned: true, isBigEndian: true);
        (BigInteger X, BigInteger Y) shared = Multiply(Read(wrapped[..64]), d)!.Value;
        return Bytes(Add(Read(wrapped[64..]), (shared.X, P - shared.Y))!.Value.X);
    }

    public static byte[] Public(ECDsa key)
    {
        ECPoint q = key.ExportParameters(false).Q;
        return [.. q.X!, .. q.Y!];
    }

    public static ECDsa Private(string hex)
    {
        byte[] d = Convert.FromHexString(hex);
        (BigInteger X, BigInteger Y) q = Multiply(G, new BigInteger(d, isUnsigned: true, isBigEndian: true))!.Value;
        return ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = d, Q = new ECPoint { X = Bytes(q.X), Y = Bytes(q.Y) } });
    }

    private static (BigInteger X, BigInteger Y)? Multiply((BigInteger X, BigInteger Y) point, BigInteger scalar)
    {
        (BigInteger X, BigInteger Y)? sum = null, power = point;
        for (; scalar > 0; scalar >>= 1)
        {
            if (!scalar.IsEven) sum = Add(sum, power);
            power = Add(power, power);
        }

        return sum;
    }

    private static (BigInteger X, BigInteger Y)? Add((BigInteger X, BigInteger Y)? left, (BigInteger X, BigInteger Y)? right)
    {
        if (left is not { } a) return right;
        if (right is not { } b) return left;
        if (a.X == b.X && (a.Y + b.Y) % P == 0) return null;
        BigInteger slope = a == b ? (3 * a.X * a.X - 3) * Inverse(2 * a.Y) : (b.Y - a.Y) * Inverse(b.X - a.X);
        BigInteger x = Mod(slope * slope - a.X - b.X);
        return (x, Mod(slope * (a.X - x) - a.Y));
    }

    private static BigInteger Inverse(BigInteger value) => BigInteger.ModPow(Mod(value), P - 2, P);

    private static BigInteger Mod(BigInteger value) => (value % P + P) % P;

    private static BigInteger Draw() => new BigInteger(RandomNumberGenerator.GetBytes(40), isUnsigned: true) % (N - 1) + 1;

    private static (BigInteger X, BigInteger Y) Read(byte[] point) =>
        (new BigInteger(point.AsSpan(0, 32), isUnsigned: true, isBigEndian: true), new BigInteger(point.AsSpan(32), isUnsigned: true, isBigEndian: true));

    private static byte[] Bytes(BigInteger value)
    {
        byte[] bytes = value.ToByteArray(isUnsigned: true, isBigEndian: true);
        return [.. new byte[32 - bytes.Length], .. bytes];
    }

    private static BigInteger Hex(string hex) => BigInteger.Parse("0" + hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
