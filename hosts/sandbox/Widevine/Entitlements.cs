using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;
using Keyway.Sandbox.Widevine.Wire;

namespace Keyway.Sandbox.Widevine;

/// <summary>Keys that open other keys. A licence brings them; each period of the content brings its own keys, wrapped in them.</summary>
/// <remarks>
/// They are not kept but derived from the authority's secret, so that content made today opens after a restart. An identifier shows that it
/// is from here:
/// <code>
/// | first 8 bytes of SHA-256 of the name | first 8 bytes of HMAC-SHA-256 of that |
/// </code>
/// </remarks>
/// <param name="secret">The authority's secret.</param>
internal sealed class Entitlements(byte[] secret)
{
    private const int Half = 8;

    /// <summary>The identifier of a name, which is the content id under which it may also be asked for.</summary>
    /// <param name="name">The name.</param>
    /// <returns>16 bytes.</returns>
    public byte[] IdOf(ReadOnlySpan<byte> name)
    {
        byte[] half = SHA256.HashData(name)[..Half];
        return [.. half, .. Tag("id", half)[..Half]];
    }

    /// <summary>Finds a key.</summary>
    /// <param name="id">Its identifier.</param>
    /// <param name="size">Its length: 16 or 32 bytes.</param>
    /// <returns>The key, or <see langword="null"/>: the identifier is not from here.</returns>
    public byte[]? Find(ReadOnlySpan<byte> id, int size) =>
        id.Length == 2 * Half && id[Half..].SequenceEqual(Tag("id", id[..Half]).AsSpan(0, Half)) ? Tag("key", id)[..size] : null;

    /// <summary>Makes the payload that asks for an entitlement.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="groups">The groups that it belongs to. With a group, there is no key identifier in it.</param>
    /// <param name="scheme">The protection scheme as a FourCC, or 0.</param>
    /// <returns>The payload.</returns>
    public WidevinePsshData Ask(string name, IReadOnlyList<byte[]> groups, uint scheme)
    {
        byte[] content = Encoding.UTF8.GetBytes(name);
        WidevinePsshData data = new() { Type = WidevinePsshData.Types.Type.Entitlement, ContentId = ByteString.CopyFrom(content) };
        if (groups.Count == 0) data.KeyIds.Add(ByteString.CopyFrom(IdOf(content)));
        data.GroupIds.AddRange(groups.Select(group => ByteString.CopyFrom(group)));
        if (scheme != 0) data.ProtectionScheme = scheme;
        return data;
    }

    /// <summary>Wraps a content key for one period.</summary>
    /// <param name="name">The entitlement.</param>
    /// <param name="size">The length of its key.</param>
    /// <param name="key">The content key.</param>
    /// <param name="isPadded">Whether the wrapped key ends in padding (PKCS #7), as some make it.</param>
    /// <returns>The wrapped key.</returns>
    public WidevinePsshData.Types.EntitledKey Wrap(string name, int size, ContentKey key, bool isPadded)
    {
        byte[] id = IdOf(Encoding.UTF8.GetBytes(name)), iv = RandomNumberGenerator.GetBytes(16);
        using Aes aes = Aes.Create();
        aes.SetKey(Find(id, size));
        return new WidevinePsshData.Types.EntitledKey
        {
            EntitlementKeyId = ByteString.CopyFrom(id),
            KeyId = ByteString.CopyFrom(Convert.FromHexString(key.Kid)),
            Key = ByteString.CopyFrom(aes.EncryptCbc(key.Key, iv, isPadded ? PaddingMode.PKCS7 : PaddingMode.None)),
            Iv = ByteString.CopyFrom(iv),
            EntitlementKeySizeBytes = (uint)size,
        };
    }

    private byte[] Tag(string use, ReadOnlySpan<byte> bytes) => HMACSHA256.HashData(secret, (byte[])[.. Encoding.ASCII.GetBytes("entitlement " + use), 0, .. bytes]);
}
