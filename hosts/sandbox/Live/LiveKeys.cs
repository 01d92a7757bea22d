using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Keyway.Sandbox.Live;

/// <summary>The rotating keys of the live mode: worked out from the track and the number of the crypto period, so that every one of them is known at any time.</summary>
/// <remarks>
/// <code>
/// kid  = SHA-256("keyway sandbox live " track) [0..8] │ number of the crypto period, 8 bytes, big-endian
/// key  = HMAC-SHA-256(public text, kid) [0..16]
/// </code>
/// As public as the keys of the sample.
/// </remarks>
internal static class LiveKeys
{
    private const string Prefix = "keyway sandbox live ";

    /// <summary>Makes the key of a track in a crypto period.</summary>
    /// <param name="track">The track.</param>
    /// <param name="period">The number of the crypto period, from 0.</param>
    /// <returns>The key.</returns>
    public static ContentKey Of(string track, ulong period)
    {
        byte[] kid = new byte[16];
        Start(track).CopyTo(kid, 0);
        BinaryPrimitives.WriteUInt64BigEndian(kid.AsSpan(8), period);
        byte[] key = HMACSHA256.HashData(Encoding.ASCII.GetBytes(Prefix + "key, not a secret"), kid)[..16];
        return new ContentKey($"live {track} {period}", Convert.ToHexStringLower(kid), key);
    }

    /// <summary>Finds a key by its identifier.</summary>
    /// <param name="kid">Its identifier, 32 lower-case hexadecimal digits.</param>
    /// <param name="tracks">The tracks that there are.</param>
    /// <returns>The key, or <see langword="null"/>.</returns>
    public static ContentKey? Find(string kid, IEnumerable<string> tracks)
    {
        byte[] bytes = Convert.FromHexString(kid);
        if (bytes.Length != 16) return null;
        return tracks.FirstOrDefault(track => Start(track).AsSpan().SequenceEqual(bytes.AsSpan(0, 8))) is { } found
            ? Of(found, BinaryPrimitives.ReadUInt64BigEndian(bytes.AsSpan(8)))
            : null;
    }

    private static byte[] Start(string track) => SHA256.HashData(Encoding.ASCII.GetBytes(Prefix + track))[..8];
}
