using System.Text.Json;

namespace Keyway.Sandbox;

/// <summary>One content key.</summary>
/// <param name="Label">What it is for.</param>
/// <param name="Kid">Its identifier, 32 lower-case hexadecimal digits.</param>
/// <param name="Key">Its 16 bytes.</param>
/// <param name="Content">The content id under which a request may ask for it, where it has one.</param>
internal sealed record ContentKey(string Label, string Kid, byte[] Key, string? Content = null)
{
    /// <summary>The label and the identifier, never the key.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => $"{Kid} {Label}";
}

/// <summary>The content keys that every licence service here hands out: the sample's, and those of files.</summary>
/// <remarks>
/// <code>
/// { "keys": [ { "label": "HD", "kid": "32 hexadecimal digits", "key": "32 hexadecimal digits", "content": "title-1" } ] }
/// </code>
/// A label and a content id are as you like; several keys may share either. Identifiers of another length, as WebM has them, are for Clear Key alone.
/// </remarks>
internal sealed class ContentKeys
{
    /// <summary>The content id of the sample.</summary>
    public const string SampleContent = "sample";

    /// <summary>The longest identifier.</summary>
    public const int LongestId = 512;

    private readonly Dictionary<string, ContentKey> _keys = [], _opaque = [];

    private ContentKeys()
    {
    }

    /// <summary>All of them, in the order in which they were read.</summary>
    public IReadOnlyCollection<ContentKey> All => _keys.Values;

    /// <summary>Reads the sample's keys, which are part of this program, and then the files. A later one of the same identifier counts.</summary>
    /// <param name="files">The files.</param>
    /// <returns>The keys.</returns>
    /// <exception cref="SandboxException">A file is missing or of another form.</exception>
    public static ContentKeys Load(IEnumerable<string> files)
    {
        ContentKeys keys = new();
        using (Stream sample = typeof(ContentKeys).Assembly.GetManifestResourceStream("content-keys.json")!) keys.Read(sample, "samples/keys.json", SampleContent);
        foreach (string file in files)
        {
            try
            {
                using FileStream stream = File.OpenRead(file);
                keys.Read(stream, file, content: null);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new SandboxException($"{file}: {e.Message}", e);
            }
        }

        return keys;
    }

    /// <summary>Some keys alone.</summary>
    /// <param name="some">The keys.</param>
    /// <returns>Only these.</returns>
    public static ContentKeys Of(IEnumerable<ContentKey> some)
    {
        ContentKeys keys = new();
        foreach (ContentKey key in some) keys._keys[key.Kid] = key;
        return keys;
    }

    /// <summary>Finds a key.</summary>
    /// <param name="kid">Its identifier, 32 lower-case hexadecimal digits.</param>
    /// <returns>The key, or <see langword="null"/>.</returns>
    public ContentKey? Find(string kid) => _keys.GetValueOrDefault(kid) ?? Further?.Invoke(kid);

    /// <summary>Finds a key whose identifier has another length than 16 bytes.</summary>
    /// <param name="kid">Its identifier, lower-case hexadecimal digits.</param>
    /// <returns>The key, or <see langword="null"/>.</returns>
    public ContentKey? FindOpaque(string kid) => _opaque.GetValueOrDefault(kid);

    /// <summary>Where keys are found that are in no list, because there is no end to them.</summary>
    public Func<string, ContentKey?>? Further { get; set; }

    private void Read(Stream json, string file, string? content)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            int i = 0;
            foreach (JsonElement entry in document.RootElement.GetProperty("keys").EnumerateArray())
            {
                string label = entry.TryGetProperty("label", out JsonElement text) ? text.GetString() ?? "" : "";
                byte[] id = Hex(entry, "kid");
                if (id.Length is 0 or > LongestId) throw new FormatException($"'kid' of key {i} has {id.Length} bytes");
                string kid = Convert.ToHexStringLower(id);
                string? title = entry.TryGetProperty("content", out JsonElement named) ? named.GetString() : content;
                byte[] key = Hex(entry, "key");
                if (key.Length != 16) throw new FormatException($"'key' of key {i} is not 16 bytes long");
                (id.Length == 16 ? _keys : _opaque)[kid] = new ContentKey(label, kid, key, title);
                i++;
            }
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new SandboxException($$"""{{file}}: not of the form { "keys": [ { "label", "kid", "key" } ] }: {{e.Message}}""", e);
        }
    }

    // A dashed identifier is a UUID printed in byte order, as default_KID in a manifest is.
    private static byte[] Hex(JsonElement entry, string member) => Convert.FromHexString(entry.GetProperty(member).GetString()!.Replace("-", "", StringComparison.Ordinal));
}
