using System.Text.Json;
using Keyway.Decryption;
using Keyway.Manifests.Hls.Model;
using Keyway.Protection;
using Keyway.Sources;
using Keyway.Timeline;

namespace Keyway.Manifests.Hls.Segments;

/// <summary>What the keys of a playlist say about protection: who has them, and the headers to ask with.</summary>
/// <remarks>Nothing is fetched: what stands in a <c>data:</c> URI is read, everything else is named.</remarks>
internal static class HlsProtection
{
    /// <summary>What is said about some segments.</summary>
    public static IReadOnlyList<RenditionProtection> Of(MediaPlaylist playlist, int first, int count)
    {
        List<RenditionProtection> statements = [];
        HashSet<object> known = new(ReferenceEqualityComparer.Instance);
        for (int i = first; i < first + count; i++)
        {
            IReadOnlyList<KeyTag> keys = playlist.Segments[i].Keys;
            if (!known.Add(keys)) continue;
            foreach (KeyTag tag in keys)
                if (known.Add(tag)) statements.Add(Of(tag, keys));
        }

        // Without a key it says nothing.
        if (statements.Count == 0) return statements;
        foreach (PlayReadyTag tag in playlist.PlayReady)
        {
            ProtectionSource source = new(ProtectionOrigin.Manifest, $"{playlist.Name}, {tag.Line}");
            statements.Add(new RenditionProtection { Source = source, System = SystemIds.PlayReady, Headers = Headers(SystemIds.PlayReady, tag.Data, source) });
        }

        return statements;
    }

    /// <summary>What one key says.</summary>
    /// <param name="tag">The key.</param>
    /// <param name="beside">The keys in force with it.</param>
    public static RenditionProtection Of(KeyTag tag, IReadOnlyList<KeyTag> beside)
    {
        bool isKeyFile = tag.IsKeyFile && !tag.IsIdentifierOf(beside);
        ProtectionSource source = new(ProtectionOrigin.Manifest, tag.Place);
        SystemId? system = isKeyFile ? SystemIds.KeyFile : tag.IsIdentity ? null : NamedSystem.Find(tag.Format);
        List<KeyId> ids = tag.KeyId is { } id ? [id] : [];
        IReadOnlyList<HeaderStatement> headers = [];
        if (!tag.IsIdentity && system is { } named && DataUri.Is(tag.UriText) && DataUri.TryRead(tag.UriText, out byte[] data) && data.Length <= HlsLimits.InitializationData)
        {
            if (named == SystemIds.Widevine && TryReadOldWidevine(data, out byte[] content, out List<KeyId> old))
            {
                headers = [new HeaderStatement { Box = new PsshBox { Version = 0, System = named, Data = content }, Source = source }];
                if (ids.Count == 0) ids = old;
            }
            else headers = Headers(named, data, source);
        }

        return new RenditionProtection
        {
            Source = source,
            System = system,
            Scheme = tag.Method switch
            {
                KeyMethod.SampleAes => ProtectionScheme.Cbcs,
                KeyMethod.SampleAesCtr => ProtectionScheme.Cenc,
                _ => ProtectionScheme.None,
            },
            KeyIds = ids,
            KeyFile = isKeyFile && tag.Uri is { } file ? DataUri.Is(tag.UriText) ? "data:" : SourceText.Of(file) : null,
            IsOfSegments = tag.IsOfSegments,
            IsStatement = tag.Method is KeyMethod.SampleAes or KeyMethod.SampleAesCtr,
            Headers = headers,
            LicenseUrls = system == SystemIds.ClearKeyDashIf && tag.Uri is { Scheme: "http" or "https" } url ? [new LicenseUrlStatement(system, url, source)] : [],
        };
    }

    /// <summary>What is to be known about a key that nothing can be done with.</summary>
    /// <param name="tag">The key.</param>
    /// <param name="beside">All keys of its playlist.</param>
    public static string? NoteOf(KeyTag tag, IReadOnlyList<KeyTag> beside)
    {
        if (tag.IsIdentifierOf(beside)) return $"KEYFORMAT identity has a key identifier in the place of a key, as packagers write it by mistake: it is not taken for one ({tag.Place})";
        if (tag.IsKeyFile || tag.Format == KeyTag.CommonEncryption || tag.Method == KeyMethod.None) return null;
        string? what = NamedSystem.Find(tag.Format) switch
        {
            null when tag.IsIdentity => tag.Uri is { } uri ? $"has an address of the scheme {uri.Scheme}, which is not fetched" : "has no address",
            null => "is not known",
            { } system when system == SystemIds.FairPlay => "is FairPlay, whose keys only Apple's own modules have",
            { } system when system == SystemIds.PlayReady && tag.Uri is { Scheme: "http" or "https" } => "has an address in the place of a header",
            { } system when (system == SystemIds.PlayReady || system == SystemIds.Widevine) && !(DataUri.TryRead(tag.UriText, out byte[] data) && data.Length <= HlsLimits.InitializationData) => "has no header that can be read",
            _ => null,
        };
        string format = tag.Format.Length <= 64 ? tag.Format : tag.Format[..64] + "…";
        return what is null ? null : $"KEYFORMAT {format} {what}: nothing is asked for with it ({tag.Place})";
    }

    private static List<HeaderStatement> Headers(SystemId system, ReadOnlyMemory<byte> data, ProtectionSource source) =>
        [.. PsshBox.ReadHeader(system, data).Select(box => new HeaderStatement { Box = box, Source = source })];

    /// <summary>Reads the old form of Widevine's data, an object in JSON, and writes it as the data of a box: a message of key identifiers (2), provider (3) and content (4).</summary>
    private static bool TryReadOldWidevine(ReadOnlyMemory<byte> data, out byte[] content, out List<KeyId> ids)
    {
        content = [];
        ids = [];
        if (data.Span.TrimStart(" \t\r\n"u8) is not [(byte)'{', ..]) return false;
        try
        {
            using JsonDocument json = JsonDocument.Parse(data, new JsonDocumentOptions { MaxDepth = 8 });
            List<byte> message = [];
            if (json.RootElement.TryGetProperty("key_ids", out JsonElement keys) && keys.ValueKind == JsonValueKind.Array)
            {
                foreach (JsonElement key in keys.EnumerateArray())
                {
                    if (key.ValueKind != JsonValueKind.String || !KeyId.TryParse(key.GetString()!, out KeyId id) || ids.Count == HlsLimits.Keys) continue;
                    ids.Add(id);
                    byte[] bytes = new byte[KeyId.Size];
                    id.Write(bytes);
                    Append(message, 2, bytes);
                }
            }

            if (TextOf(json, "provider") is { } provider) Append(message, 3, System.Text.Encoding.UTF8.GetBytes(provider));
            if (TextOf(json, "content_id") is { } name && LenientBase64.TryRead(name, out byte[] own)) Append(message, 4, own);
            content = [.. message];
            return message.Count > 0;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static string? TextOf(JsonDocument json, string name) => json.RootElement.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static void Append(List<byte> message, int field, ReadOnlySpan<byte> value)
    {
        message.Add((byte)((field << 3) | 2));
        int length = value.Length;
        for (; length >= 0x80; length >>= 7) message.Add((byte)(length | 0x80));
        message.Add((byte)length);
        message.AddRange(value);
    }
}
