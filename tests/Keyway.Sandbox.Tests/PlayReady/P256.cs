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

    // Jacobian coordinates, X = x·Z², Y = y·Z³, so that there is one inversion at the end and not one for every bit.
    private static (BigInteger X, BigInteger Y)? Multiply((BigInteger X, BigInteger Y) point, BigInteger scalar)
    {
        (BigInteger X, BigInteger Y, BigInteger Z) sum = (1, 1, 0);
        for (int bit = 255; bit >= 0; bit--)
        {
            sum = Double(sum);
            if (!(scalar >> bit).IsEven) sum = Add(sum, (point.X, point.Y, 1));
        }

        return Affine(sum);
    }

    private static (BigInteger X, BigInteger Y)? Add((BigInteger X, BigInteger Y) left, (BigInteger X, BigInteger Y)? right) =>
        right is { } one ? Affine(Add((left.X, left.Y, 1), (one.X, one.Y, 1))) : left;

    private static (BigInteger X, BigInteger Y)? Affine((BigInteger X, BigInteger Y, BigInteger Z) point)
    {
        if (point.Z.IsZero) return null;
        BigInteger inverse = BigInteger.ModPow(point.Z, P - 2, P), square = Mod(inverse * inverse);
        return (Mod(point.X * square), Mod(point.Y * square * inverse));
    }

    private static (BigInteger X, BigInteger Y, BigInteger Z) Double((BigInteger X, BigInteger Y, BigInteger Z) point)
    {
        BigInteger square = Mod(point.Z * point.Z), y2 = Mod(point.Y * point.Y), s = Mod(4 * point.X * y2), m = Mod(3 * (point.X - square) * (point.X + square));
        BigInteger x = Mod(m * m - 2 * s);
        return (x, Mod(m * (s - x) - 8 * y2 * y2), Mod(2 * point.Y * point.Z));
    }

    private static (BigInteger X, BigInteger Y, BigInteger Z) Add((BigInteger X, BigInteger Y, BigInteger Z) a, (BigInteger X, BigInteger Y, BigInteger Z) b)
    {
        if (a.Z.IsZero) return b;
        BigInteger az = Mod(a.Z * a.Z), bz = Mod(b.Z * b.Z), u = Mod(a.X * bz), h = Mod(b.X * az - u), s = Mod(a.Y * bz * b.Z), r = Mod(b.Y * az * a.Z - s);
        if (h.IsZero) return r.IsZero ? Double(a) : (1, 1, 0);
        BigInteger h2 = Mod(h * h), h3 = Mod(h2 * h), x = Mod(r * r - h3 - 2 * u * h2);
        return (x, Mod(r * (u * h2 - x) - s * h3), Mod(h * a.Z * b.Z));
    }

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
