using System.Security.Cryptography;

namespace Keyway.Relay.Gate;

/// <summary>What whoever may ask knows: 128 random bits, new with each run, the first segment of every path. Players send neither cookies nor headers, and addresses in manifests inherit a path.</summary>
internal sealed class RunToken
{
    private const int Bytes = 16;

    private readonly byte[] _text;

    private RunToken(string text) => (Text, _text) = (text, System.Text.Encoding.ASCII.GetBytes(text));

    /// <summary>It as 32 hexadecimal digits.</summary>
    public string Text { get; }

    public static RunToken Create() => new(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(Bytes)));

    /// <summary>Whether a text is it, in a time that says nothing of how much of it is right.</summary>
    public bool Is(ReadOnlySpan<char> text)
    {
        Span<byte> given = stackalloc byte[2 * Bytes];
        bool fits = text.Length == given.Length;
        for (int i = 0; i < given.Length; i++) given[i] = fits && text[i] < 128 ? (byte)text[i] : (byte)0;
        return CryptographicOperations.FixedTimeEquals(given, _text) && fits;
    }

    // Nothing that is printed by chance holds it.
    public override string ToString() => nameof(RunToken);
}
