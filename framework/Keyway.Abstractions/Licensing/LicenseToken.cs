using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace Keyway.Licensing;

/// <summary>A token as a <see cref="TokenSource"/> hands it over: UTF-8, zeroed when it is given back. No text holds it.</summary>
/// <remarks>Threads: one at a time. Ownership: the receiver disposes it.</remarks>
public sealed class LicenseToken : IMemoryOwner<byte>
{
    private LicenseToken(Memory<byte> utf8) => Memory = utf8;

    /// <summary>The token's bytes; empty after <see cref="Dispose"/>.</summary>
    public Memory<byte> Memory { get; private set; }

    /// <summary>Makes a token of text. The text itself stays where it is: who can, reads bytes and calls <see cref="Take"/>.</summary>
    /// <param name="token">The token.</param>
    /// <returns>The token. Ownership: the caller's.</returns>
    public static LicenseToken FromText(string token)
    {
        ArgumentNullException.ThrowIfNull(token);
        return new LicenseToken(Encoding.UTF8.GetBytes(token));
    }

    /// <summary>Makes a token of bytes that the caller gives away.</summary>
    /// <param name="utf8">The token, UTF-8. Zeroed with it.</param>
    /// <returns>The token. Ownership: the caller's.</returns>
    public static LicenseToken Take(Memory<byte> utf8) => new(utf8);

    /// <summary>Zeroes the token.</summary>
    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(Memory.Span);
        Memory = default;
    }

    /// <summary>Says what it is, and not which.</summary>
    /// <returns>A fixed text.</returns>
    public override string ToString() => "token";
}
