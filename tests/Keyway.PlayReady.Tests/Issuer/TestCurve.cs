using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;

namespace Keyway.PlayReady.Issuer;

/// <summary>P-256 in affine coordinates with BigInteger: slow, plain, and of no kinship with what the plugin uses.</summary>
internal static class TestCurve
{
    public static readonly BigInteger P = Hex("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff");
    public static readonly BigInteger N = Hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
    private static readonly BigInteger B = Hex("5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b");

    public static readonly Point G = new(
        Hex("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"),
        Hex("4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"));

    public readonly record struct Point(BigInteger X, BigInteger Y)
    {
        public bool IsInfinity => X.IsZero && Y.IsZero;

        public byte[] ToBytes() => [.. TestCurve.ToBytes(X), .. TestCurve.ToBytes(Y)];
    }

    public static BigInteger Hex(string digits) => BigInteger.Parse("0" + digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    public static BigInteger FromBytes(ReadOnlySpan<byte> bytes) => new(bytes, isUnsigned: true, isBigEndian: true);

    public static byte[] ToBytes(BigInteger number)
    {
        byte[] bytes = new byte[32];
        byte[] digits = number.ToByteArray(isUnsigned: true, isBigEndian: true);
        digits.CopyTo(bytes, 32 - digits.Length);
        return bytes;
    }

    public static Point ReadPoint(ReadOnlySpan<byte> bytes) => new(FromBytes(bytes[..32]), FromBytes(bytes[32..64]));

    public static bool IsOnCurve(Point point) => Mod(point.Y * point.Y) == RightSide(point.X);

    public static Point Add(Point left, Point right)
    {
        if (left.IsInfinity) return right;
        if (right.IsInfinity) return left;
        BigInteger slope;
        if (left.X == right.X)
        {
            if (Mod(left.Y + right.Y).IsZero) return default;
            slope = Mod(((3 * left.X * left.X) - 3) * Inverse(2 * left.Y));
        }
        else slope = Mod((right.Y - left.Y) * Inverse(right.X - left.X));

        BigInteger x = Mod((slope * slope) - left.X - right.X);
        return new Point(x, Mod((slope * (left.X - x)) - left.Y));
    }

    public static Point Negate(Point point) => new(point.X, Mod(-point.Y));

    /// <summary>Multiplies in Jacobian coordinates (x = X/Z², y = Y/Z³), with one division at the end.</summary>
    public static Point Multiply(BigInteger number, Point point)
    {
        (BigInteger X, BigInteger Y, BigInteger Z) sum = (1, 1, 0);
        for (int bit = (int)number.GetBitLength() - 1; bit >= 0; bit--)
        {
            sum = Double(sum);
            if (((number >> bit) & 1) == 1) sum = AddAffine(sum, point);
        }

        if (sum.Z.IsZero) return default;
        BigInteger z = Inverse(sum.Z);
        return new Point(Mod(sum.X * z * z), Mod(sum.Y * z * z * z));
    }

    // dbl-2001-b, for a = -3.
    private static (BigInteger X, BigInteger Y, BigInteger Z) Double((BigInteger X, BigInteger Y, BigInteger Z) point)
    {
        if (point.Z.IsZero) return point;
        BigInteger delta = Mod(point.Z * point.Z);
        BigInteger gamma = Mod(point.Y * point.Y);
        BigInteger beta = Mod(point.X * gamma);
        BigInteger alpha = Mod(3 * (point.X - delta) * (point.X + delta));
        BigInteger x = Mod((alpha * alpha) - (8 * beta));
        BigInteger z = Mod(2 * point.Y * point.Z);
        return (x, Mod((alpha * ((4 * beta) - x)) - (8 * gamma * gamma)), z);
    }

    private static (BigInteger X, BigInteger Y, BigInteger Z) AddAffine((BigInteger X, BigInteger Y, BigInteger Z) left, Point right)
    {
        if (left.Z.IsZero) return (right.X, right.Y, 1);
        BigInteger zz = Mod(left.Z * left.Z);
        BigInteger h = Mod((right.X * zz) - left.X);
        BigInteger r = Mod((right.Y * zz * left.Z) - left.Y);
        if (h.IsZero) return r.IsZero ? Double(left) : (1, 1, 0);
        BigInteger hh = Mod(h * h);
        BigInteger hhh = Mod(h * hh);
        BigInteger v = Mod(left.X * hh);
        BigInteger x = Mod((r * r) - hhh - (2 * v));
        return (x, Mod((r * (v - x)) - (left.Y * hhh)), Mod(left.Z * h));
    }

    public static BigInteger RandomScalar()
    {
        while (true)
        {
            BigInteger number = FromBytes(RandomNumberGenerator.GetBytes(32));
            if (number > 0 && number < N) return number;
        }
    }

    /// <summary>A point with this x; <see langword="null"/> when there is none. p ≡ 3 (mod 4), so a root is a power.</summary>
    public static Point? WithX(ReadOnlySpan<byte> bytes)
    {
        BigInteger x = FromBytes(bytes);
        if (x >= P) return null;
        BigInteger square = RightSide(x);
        BigInteger y = BigInteger.ModPow(square, (P + 1) / 4, P);
        return Mod(y * y) == square ? new Point(x, y) : null;
    }

    /// <summary>ElGamal: C1 ‖ C2.</summary>
    public static byte[] Wrap(Point message, ReadOnlySpan<byte> receiver)
    {
        BigInteger k = RandomScalar();
        return [.. Multiply(k, G).ToBytes(), .. Add(message, Multiply(k, ReadPoint(receiver))).ToBytes()];
    }

    public static Point Unwrap(BigInteger key, ReadOnlySpan<byte> wrapped) =>
        Add(ReadPoint(wrapped[64..]), Negate(Multiply(key, ReadPoint(wrapped))));

    private static BigInteger RightSide(BigInteger x) => Mod((x * x * x) - (3 * x) + B);

    private static BigInteger Inverse(BigInteger number) => BigInteger.ModPow(Mod(number), P - 2, P);

    private static BigInteger Mod(BigInteger number)
    {
        BigInteger rest = number % P;
        return rest.Sign < 0 ? rest + P : rest;
    }
}
