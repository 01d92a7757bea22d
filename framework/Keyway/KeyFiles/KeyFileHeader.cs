using System.Text;
using Keyway.Licensing;
using Keyway.Protection;
using Keyway.Sources;

namespace Keyway.KeyFiles;

/// <summary>What a playlist says of a key that is a file (<c>EXT-X-KEY</c> with the key format <c>identity</c>), as a header of the key system.</summary>
/// <remarks>
/// <code>
/// data   METHOD LF URI        UTF-8, the URI absolute
/// </code>
/// </remarks>
internal static class KeyFileHeader
{
    /// <summary>Makes the header of a key.</summary>
    /// <param name="id">The key's identifier (<see cref="Decryption.KeyFileId"/>).</param>
    /// <param name="method">The method, as playlists name it.</param>
    /// <param name="address">Where the key is; absolute.</param>
    public static ProtectionHeader Of(KeyId id, string method, Uri address) => new()
    {
        System = SystemIds.KeyFile,
        Data = Encoding.UTF8.GetBytes($"{method}\n{address.OriginalString}"),
        KeyIds = [id],
        // What holds the key itself is no place to ask, and nothing to be shown.
        LicenseUrl = DataUri.Is(address.OriginalString) ? null : address,
        ContentId = SourceText.Of(address),
        Facts = [new HeaderFact { Name = "method", Value = method }, new HeaderFact { Name = "key file", Value = SourceText.Of(address) }],
    };

    /// <summary>Reads a header.</summary>
    /// <exception cref="ProtectionHeaderException">It is none.</exception>
    public static ProtectionHeader Read(InitializationData data)
    {
        (string method, Uri address) = Parse(data.System, data.Payload.Span);
        return Of(Decryption.KeyFileId.Of(method, address), method, address);
    }

    /// <summary>Where the key of a header is.</summary>
    /// <exception cref="ProtectionHeaderException">It is none of a key file.</exception>
    public static Uri AddressOf(ProtectionHeader header) => Parse(header.System, header.Data.Span).Address;

    private static (string Method, Uri Address) Parse(SystemId system, ReadOnlySpan<byte> data)
    {
        string[] lines = Encoding.UTF8.GetString(data).Split('\n');
        if (lines is not [var method, var text] || !Decryption.KeyFileId.Methods.Contains(method)) throw new ProtectionHeaderException(system, "it is not a method and an address in a line each");
        return Uri.TryCreate(text, UriKind.Absolute, out Uri? address) ? (method, address) : throw new ProtectionHeaderException(system, "its address is not an absolute one");
    }
}
