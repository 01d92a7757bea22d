using System.Security.Cryptography;
using System.Text;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Parameters;

namespace Keyway.Sandbox.ExpressPlay;

/// <summary>A key as a token request brings it.</summary>
/// <param name="Kid">Its identifier, 32 lower-case hexadecimal digits.</param>
/// <param name="Key">Its 16 bytes.</param>
internal sealed record KeyMaterial(string Kid, byte[] Key)
{
    private const int LongestText = 64;

    /// <summary>Reads the keys of a request.</summary>
    /// <param name="parameters">The request.</param>
    /// <param name="system">For which key system.</param>
    /// <param name="storage">The keys that stand for those of the service's key storage.</param>
    /// <param name="notes">What the answer says about itself.</param>
    /// <returns>The keys in their order.</returns>
    /// <exception cref="ServiceException">One is missing or not right.</exception>
    public static IReadOnlyList<KeyMaterial> Read(TokenParameters parameters, TokenSystem system, ContentKeys storage, EmulatorNotes notes)
    {
        IReadOnlyList<int?> numbers = parameters.Keys();
        if (numbers[0] is not null && parameters.Raw("kid") is not null) throw new ServiceException(ErrorCodes.Kid, "there are a kid for all keys and one for a single key");
        List<KeyMaterial> keys = [];
        foreach (int? number in numbers)
        {
            string kid = ReadKid(parameters.Value("kid", number) ?? throw new ServiceException(ErrorCodes.NoKid), notes);
            if (keys.Exists(one => one.Kid == kid)) throw new ServiceException(ErrorCodes.Kid, "the same kid is there twice");
            keys.Add(new KeyMaterial(kid, ReadKey(parameters, number, system, kid, storage, notes)));
        }

        return keys;
    }

    /// <summary>The identifier, never the key.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => Kid;

    private static string ReadKid(string text, EmulatorNotes notes)
    {
        if (text[0] != '^') return IsHex(text, 16) ? text.ToLowerInvariant() : throw new ServiceException(ErrorCodes.KidDigits);

        if (text.Length is < 2 or > LongestText + 1) throw new ServiceException(ErrorCodes.KidText);
        if (text.Any(char.IsControl)) throw new ServiceException(ErrorCodes.Kid);
        notes.Assume("kid-derivation");   // how the service derives an identifier is not known
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text, 1, text.Length - 1)).AsSpan(0, 16));
    }

    private static byte[] ReadKey(TokenParameters parameters, int? number, TokenSystem system, string kid, ContentKeys storage, EmulatorNotes notes)
    {
        string? key = parameters.Value("contentKey", number), kek = parameters.Value("kek", number), wrapped = parameters.Value("ek", number);
        if (key is not null && kek is not null && system == TokenSystem.PlayReady) throw new ServiceException(ErrorCodes.TwoKeys);
        if (key is not null) return IsHex(key, 16) ? Convert.FromHexString(key) : throw new ServiceException(ErrorCodes.KeyDigits);
        if (kek is null) throw wrapped is null ? new ServiceException(ErrorCodes.ContentKey, "there is no contentKey, and no kek") : new ServiceException(ErrorCodes.WrappedKey, "there is no kek for the ek");
        if (!IsHex(kek, 16) && !IsHex(kek, 24) && !IsHex(kek, 32)) throw new ServiceException(ErrorCodes.WrappedKey);
        if (wrapped is not null) return Unwrap(Convert.FromHexString(kek), wrapped);

        // There is no key storage here: the sandbox's own content keys stand for it, and every kek opens them.
        notes.Assume("key-storage");
        return storage.Find(kid)?.Key ?? throw new ServiceException(ErrorCodes.Storage);
    }

    /// <summary>AES Key Wrap, RFC 3394, 2.2.2.</summary>
    private static byte[] Unwrap(byte[] kek, string wrapped)
    {
        if (!IsHex(wrapped, 24)) throw new ServiceException(ErrorCodes.WrappedKey);
        AesWrapEngine engine = new();
        engine.Init(false, new KeyParameter(kek));
        try
        {
            return engine.Unwrap(Convert.FromHexString(wrapped), 0, 24);
        }
        catch (InvalidCipherTextException)
        {
            throw new ServiceException(ErrorCodes.WrappedKey);
        }
    }

    private static bool IsHex(string text, int bytes) => text.Length == 2 * bytes && text.All(char.IsAsciiHexDigit);
}
