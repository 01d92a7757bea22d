using System.Security.Cryptography;
using BcPoint = Org.BouncyCastle.Math.EC.ECPoint;

namespace Keyway.PlayReady;

/// <summary>ElGamal encryption of a point on P-256, by which the client hides its data and the server wraps its keys.</summary>
/// <remarks>
/// <code>
/// Q = d·G    C1 = k·G    C2 = M + k·Q    M = C2 − d·C1
/// wrapped = C1.x ‖ C1.y ‖ C2.x ‖ C2.y      32 bytes each, big-endian
/// </code>
/// </remarks>
internal static class ElGamal
{
    /// <summary>The length of a wrapped point.</summary>
    public const int WrappedLength = 2 * P256.PointLength;

    /// <summary>Wraps a point with a fresh random number.</summary>
    /// <returns>False when the receiver's key is no point of the curve.</returns>
    public static bool TryWrap(ReadOnlySpan<byte> receiver, ReadOnlySpan<byte> message, Span<byte> wrapped)
    {
        using ECDiffieHellman ephemeral = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        return TryWrap(ephemeral, receiver, message, wrapped);
    }

    /// <summary>Wraps a point with a number that is used once: the private half of <paramref name="ephemeral"/>.</summary>
    public static bool TryWrap(ECDiffieHellman ephemeral, ReadOnlySpan<byte> receiver, ReadOnlySpan<byte> message, Span<byte> wrapped)
    {
        if (!P256.TryReadPoint(receiver, out BcPoint q) || !P256.TryReadPoint(message, out BcPoint m)) return false;
        if (P256.Multiply(ephemeral, q) is not BcPoint shared) return false;
        BcPoint second = m.Add(shared);
        if (second.IsInfinity) return false;
        P256.PublicKey(ephemeral).CopyTo(wrapped);
        P256.Write(second, wrapped[P256.PointLength..]);
        return true;
    }

    /// <summary>Unwraps a point and gives its x.</summary>
    /// <param name="key">The receiver's key.</param>
    /// <param name="wrapped">128 bytes.</param>
    /// <param name="x">32 bytes. Ownership: the caller's, who clears them.</param>
    /// <returns>False when a point is not on the curve.</returns>
    public static bool TryUnwrap(ECDiffieHellman key, ReadOnlySpan<byte> wrapped, Span<byte> x)
    {
        if (wrapped.Length != WrappedLength) return false;
        if (!P256.TryReadPoint(wrapped[..P256.PointLength], out BcPoint c1) || !P256.TryReadPoint(wrapped[P256.PointLength..], out BcPoint c2)) return false;
        if (P256.Multiply(key, c1) is not BcPoint shared) return false;
        BcPoint message = c2.Subtract(shared);
        if (message.IsInfinity) return false;
        Span<byte> point = stackalloc byte[P256.PointLength];
        P256.Write(message, point);
        point[..P256.Coordinate].CopyTo(x);
        CryptographicOperations.ZeroMemory(point);
        return true;
    }
}
