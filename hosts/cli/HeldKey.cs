using System.Globalization;
using System.Runtime.CompilerServices;
using Keyway.Decryption;
using Keyway.Mp4;

namespace Keyway.Cli;

/// <summary>
/// A key as mp4decrypt takes it: <c>KID:KEY</c>, or <c>TRACK:KEY</c> with the track's number. The identifiers of WebM have any length: hexadecimal digits, two a byte, with <c>0x</c>
/// before them where they could be the number of a track.
/// </summary>
internal static class HeldKey
{
    /// <summary>Digits of the longest identifier that is read.</summary>
    private const int MostOpaque = 1024;

    /// <summary>Reads a key into native memory.</summary>
    /// <param name="keys">Where to.</param>
    /// <param name="text">The text.</param>
    /// <param name="where">Where it stood, for messages.</param>
    /// <param name="odd">Takes what is to be said where the file is not WebM: the identifier has a length that only WebM knows.</param>
    /// <exception cref="UsageException">The text is something else. It is not repeated: half of it is a secret.</exception>
    public static void AddTo(RawMediaKeys keys, string text, string where, List<UsageException> odd)
    {
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0) throw new UsageException($"{where}: a key is written KID:KEY (a key alone is for segments of HLS)");
        ReadOnlySpan<char> name = text.AsSpan(0, colon);
        Span<byte> key = stackalloc byte[16];
        try
        {
            if (!TryReadHex(text.AsSpan(colon + 1), key))
                throw new UsageException($"{where}: the key after the colon is not 32 hexadecimal digits");
            bool isTrack = uint.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out uint track) && track > 0;
            UsageException problem = new($"{where}: what stands before the colon is neither a key id (32 hexadecimal digits; of WebM any even number of them) nor a track's number");
            if (KeyId.TryParse(name, out KeyId id)) keys.Add(id, key);
            else if (TryReadOpaque(name, out id))
            {
                // The digits of a short identifier may be the number of a track.
                if (isTrack) keys.Add(track, id, key);
                else
                {
                    keys.Add(id, key);
                    odd.Add(problem);
                }
            }
            else if (isTrack) keys.Add(track, key);
            else throw problem;
        }
        finally
        {
            Wipe(key);
        }
    }

    /// <summary>One key, given for a track's number, cannot be right for samples that name several, unless it shows that it is.</summary>
    /// <param name="keys">The keys, which have been used.</param>
    /// <param name="summary">What was done with them.</param>
    /// <exception cref="UsageException">It was used so, and nothing shows that it fits.</exception>
    public static void RefuseOneForSeveral(RawMediaKeys keys, Mp4Summary summary)
    {
        // By index: what goes through such a list otherwise is compiled when the command starts.
        IReadOnlyList<uint> several = keys.TracksOfSeveralKeys;
        for (int i = 0; i < several.Count; i++)
        {
            for (int j = 0; j < summary.Tracks.Count; j++)
            {
                Mp4TrackSummary track = summary.Tracks[j];
                if (track.Track.Id != several[i] || track.KeyCheck is { Result: Mp4KeyCheckResult.Fits }) continue;
                throw new UsageException(string.Create(CultureInfo.InvariantCulture, $"samples of track {track.Track.Id} name {track.KeyIds.Count} keys, and one was given for its number: give each by its id ({string.Join(", ", track.KeyIds)})"));
            }
        }
    }

    /// <summary>An identifier of any length, as WebM has them.</summary>
    private static bool TryReadOpaque(ReadOnlySpan<char> digits, out KeyId id)
    {
        id = default;
        if (digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase)) digits = digits[2..];
        if (digits.Length is 0 or > MostOpaque) return false;
        byte[] bytes = new byte[digits.Length / 2];
        if (!TryReadHex(digits, bytes)) return false;
        id = KeyId.FromOpaque(bytes);
        return true;
    }

    /// <summary>Reads a key of a presentation into native memory: of an identifier, or of an address at which a playlist says that it is (<c>URI=KEY</c>).</summary>
    /// <param name="keys">Takes it.</param>
    /// <param name="text">The text.</param>
    /// <param name="where">Where it stands, for messages.</param>
    /// <param name="source">What an address that is not absolute counts from.</param>
    /// <exception cref="UsageException">The text is something else. It is not repeated: half of it is a secret.</exception>
    public static void AddTo(RawMediaKeys keys, string text, string where, Uri? source)
    {
        int equals = text.LastIndexOf('=');
        Span<byte> key = stackalloc byte[16];
        try
        {
            if (equals > 0 && TryReadHex(text.AsSpan(equals + 1), key))
            {
                string address = text[..equals];
                if (!Uri.TryCreate(address, UriKind.Absolute, out Uri? absolute) && !(source is not null && Uri.TryCreate(source, address, out absolute)))
                    throw new UsageException($"{where}: what stands before the last = is no address");
                keys.Add(absolute, key);
                return;
            }

            int colon = text.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0 || !(KeyId.TryParse(text.AsSpan(0, colon), out KeyId id) || TryReadOpaque(text.AsSpan(0, colon), out id)))
                throw new UsageException($"{where}: a key of a presentation is written KID:KEY (the id that its samples name), or URI=KEY (the address that its playlist names); a key is 32 hexadecimal digits");
            if (!TryReadHex(text.AsSpan(colon + 1), key)) throw new UsageException($"{where}: the key after the colon is not 32 hexadecimal digits");
            keys.Add(id, key);
        }
        finally
        {
            Wipe(key);
        }
    }

    /// <summary>Reads the one key of segments of HLS, which have no identifiers.</summary>
    /// <exception cref="UsageException">The text is something else. It is not repeated: it is a secret.</exception>
    public static void AddTo(RawKeyRing keys, KeyId id, string text, string where)
    {
        Span<byte> key = stackalloc byte[16];
        try
        {
            if (!TryReadHex(text, key)) throw new UsageException($"{where}: the key of segments of HLS is 32 hexadecimal digits, without an id before it: they name none");
            keys.Add(id, key);
        }
        finally
        {
            Wipe(key);
        }
    }

    // A call that is not inlined is never optimised away.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Wipe(Span<byte> key) => key.Clear();

    // By hand: the platform's way is compiled when it is first used, which takes longer than a short file.
    internal static bool TryReadHex(ReadOnlySpan<char> digits, Span<byte> bytes)
    {
        if (digits.Length != 2 * bytes.Length) return false;
        for (int i = 0; i < digits.Length; i++)
        {
            if (!char.IsAsciiHexDigit(digits[i])) return false;
            int value = digits[i] <= '9' ? digits[i] - '0' : (digits[i] | 0x20) - 'a' + 10;
            bytes[i / 2] = (byte)((bytes[i / 2] << 4) | value);
        }

        return true;
    }
}
