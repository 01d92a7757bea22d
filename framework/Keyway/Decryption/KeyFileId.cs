using System.Text;

namespace Keyway.Decryption;

/// <summary>
/// The identifier of a key that has none, because a playlist names nothing but where it is: made of method and absolute address, the same wherever that is named.
/// It is no KID: people see the address.
/// </summary>
internal static class KeyFileId
{
    /// <summary>The methods of playlists that take such a key.</summary>
    public static IReadOnlyList<string> Methods { get; } = ["AES-128", "SAMPLE-AES", "SAMPLE-AES-CTR"];

    /// <summary>Makes it.</summary>
    /// <param name="method">The method, as playlists name it.</param>
    /// <param name="address">Where the key is; absolute.</param>
    public static KeyId Of(string method, Uri address) => KeyId.FromOpaque(Encoding.UTF8.GetBytes($"key file\n{method}\n{address.AbsoluteUri}"));
}
