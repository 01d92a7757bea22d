using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;

namespace Keyway;

/// <summary>
/// A key identifier (KID): 16 bytes in big-endian order, as <c>tenc</c> stores them (ISO/IEC 23001-7, 8.2),
/// however the source that it was read from stored them.
/// </summary>
/// <remarks>
/// Not a <see cref="Guid"/>: PlayReady headers store key identifiers in mixed-endian GUID order, manifests print them
/// as text, <c>tenc</c> stores them as bytes. A type with one byte order keeps the three from being confused.
/// </remarks>
public readonly record struct KeyId
{
    // Two halves: code that handles a 128-bit integer as such is not compiled ahead of time.
    private readonly ulong _high;
    private readonly ulong _low;

    /// <summary>Makes a key identifier.</summary>
    /// <param name="value">The 16 bytes as one big-endian number.</param>
    public KeyId(UInt128 value) => (_high, _low) = ((ulong)(value >> 64), (ulong)value);

    private KeyId(ulong high, ulong low) => (_high, _low) = (high, low);

    /// <summary>The 16 bytes as one big-endian number.</summary>
    public UInt128 Value
    {
        get => new(_high, _low);
        init => (_high, _low) = ((ulong)(value >> 64), (ulong)value);
    }

    /// <summary>The length of a key identifier in bytes.</summary>
    public const int Size = 16;

    /// <summary>Reads a key identifier from exactly 16 bytes in big-endian order.</summary>
    /// <param name="source">The bytes.</param>
    /// <param name="id">The identifier, or the default value when the method returns <see langword="false"/>.</param>
    /// <returns><see langword="false"/> unless <paramref name="source"/> is 16 bytes long.</returns>
    public static bool TryRead(ReadOnlySpan<byte> source, out KeyId id)
    {
        id = source.Length == Size ? new KeyId(BinaryPrimitives.ReadUInt64BigEndian(source), BinaryPrimitives.ReadUInt64BigEndian(source[8..])) : default;
        return source.Length == Size;
    }

    /// <summary>
    /// Reads 32 hexadecimal digits, with or without the dashes of a UUID: the form of <c>cenc:default_KID</c>
    /// (ISO/IEC 23001-7, 11.2). Digits are in big-endian order.
    /// </summary>
    /// <param name="text">The text; white space is not accepted.</param>
    /// <param name="id">The identifier, or the default value when the method returns <see langword="false"/>.</param>
    /// <returns><see langword="false"/> when the text is anything else.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, out KeyId id)
    {
        id = default;
        Span<char> digits = stackalloc char[32];
        if (text.Length == 36)
        {
            if (text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-') return false;
            text[..8].CopyTo(digits);
            text[9..13].CopyTo(digits[8..]);
            text[14..18].CopyTo(digits[12..]);
            text[19..23].CopyTo(digits[16..]);
            text[24..].CopyTo(digits[20..]);
        }
        else if (text.Length == 32) text.CopyTo(digits);
        else return false;

        foreach (char digit in digits)
            if (!char.IsAsciiHexDigit(digit)) return false;
        id = new KeyId(
            ulong.Parse(digits[..16], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture),
            ulong.Parse(digits[16..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
        return true;
    }

    /// <summary>
    /// Makes an identifier from one of any length, as W3C ClearKey and Widevine allow. 16 bytes are taken as they are;
    /// of any other length the first 16 bytes of the SHA-256 are taken; a caller that needs the original keeps it.
    /// </summary>
    /// <param name="id">The opaque identifier.</param>
    /// <returns>The key identifier.</returns>
    public static KeyId FromOpaque(ReadOnlySpan<byte> id)
    {
        if (TryRead(id, out KeyId exact)) return exact;
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(id, hash);
        return new KeyId(BinaryPrimitives.ReadUInt64BigEndian(hash), BinaryPrimitives.ReadUInt64BigEndian(hash[8..]));
    }

    /// <summary>Writes the 16 bytes in big-endian order.</summary>
    /// <param name="destination">At least 16 bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="destination"/> is shorter than 16 bytes.</exception>
    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..Size], _low);
        BinaryPrimitives.WriteUInt64BigEndian(destination, _high);
    }

    /// <summary>Returns 32 lower-case hexadecimal digits in big-endian order.</summary>
    /// <returns>The digits, without dashes.</returns>
    public override string ToString() => string.Concat(_high.ToString("x16", CultureInfo.InvariantCulture), _low.ToString("x16", CultureInfo.InvariantCulture));
}

/// <summary>The identifier of a protection system: the <c>SystemID</c> of a <c>pssh</c> box (ISO/IEC 23001-7, 8.1).</summary>
public readonly record struct SystemId
{
    /// <summary>Makes an identifier of a UUID.</summary>
    /// <param name="value">The UUID.</param>
    public SystemId(Guid value) => Value = value;

    /// <summary>The UUID.</summary>
    public Guid Value { get; init; }

    /// <summary>Returns the UUID in lower-case with dashes.</summary>
    /// <returns>The 36 characters.</returns>
    public override string ToString() => Value.ToString("D");
}

/// <summary>The identifier of one licence session, unique in this process.</summary>
public readonly record struct SessionId
{
    /// <summary>Makes an identifier of a UUID.</summary>
    /// <param name="value">The UUID.</param>
    public SessionId(Guid value) => Value = value;

    /// <summary>The UUID.</summary>
    public Guid Value { get; init; }

    /// <summary>Makes a new identifier.</summary>
    /// <returns>An identifier that no other session has.</returns>
    public static SessionId Create() => new(Guid.CreateVersion7());

    /// <summary>Returns the UUID as 32 lower-case hexadecimal digits.</summary>
    /// <returns>The digits, without dashes.</returns>
    public override string ToString() => Value.ToString("N");
}

/// <summary>The identifier of one opened presentation, unique in this process.</summary>
public readonly record struct PresentationId
{
    /// <summary>Makes an identifier of a UUID.</summary>
    /// <param name="value">The UUID.</param>
    public PresentationId(Guid value) => Value = value;

    /// <summary>The UUID.</summary>
    public Guid Value { get; init; }

    /// <summary>Makes a new identifier.</summary>
    /// <returns>An identifier that no other presentation has.</returns>
    public static PresentationId Create() => new(Guid.CreateVersion7());

    /// <summary>Returns the UUID as 32 lower-case hexadecimal digits.</summary>
    /// <returns>The digits, without dashes.</returns>
    public override string ToString() => Value.ToString("N");
}
