using System.Globalization;
using System.Security.Cryptography;
using Keyway.Mp4;

namespace Keyway.Cli;

/// <summary>A key as mp4decrypt takes it: <c>KID:KEY</c>, or <c>TRACK:KEY</c> with the track's number.</summary>
internal static class HeldKey
{
    /// <summary>Reads a key into native memory.</summary>
    /// <exception cref="UsageException">The text is something else. It is not repeated: half of it is a secret.</exception>
    public static void AddTo(RawMediaKeys keys, string text, string where)
    {
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0) throw new UsageException($"{where}: a key is written KID:KEY");
        ReadOnlySpan<char> name = text.AsSpan(0, colon);
        Span<byte> key = stackalloc byte[16];
        try
        {
            if (text.Length - colon - 1 != 32 || Convert.FromHexString(text.AsSpan(colon + 1), key, out _, out _) != System.Buffers.OperationStatus.Done)
                throw new UsageException($"{where}: the key after the colon is not 32 hexadecimal digits");
            if (KeyId.TryParse(name, out KeyId id)) keys.Add(id, key);
            else if (uint.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out uint track) && track > 0) keys.Add(track, key);
            else throw new UsageException($"{where}: what stands before the colon is neither a key id (32 hexadecimal digits) nor a track's number");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }
}
