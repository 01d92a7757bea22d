using System.Text.Json;

namespace Keyway.Fleet.Service;

/// <summary>The keys of the bundled sample.</summary>
internal static class SampleKeys
{
    private static readonly Lazy<Dictionary<string, byte[]>> All = new(Read);

    /// <summary>The folder <c>samples</c> of the checkout.</summary>
    public static string Folder { get; } = FindFolder();

    /// <summary>The key of an identifier; <see langword="null"/>: the sample has none.</summary>
    public static byte[]? Find(string id) => All.Value.GetValueOrDefault(id);

    private static Dictionary<string, byte[]> Read()
    {
        Dictionary<string, byte[]> keys = new(StringComparer.Ordinal);
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, "keys.json")));
        Walk(document.RootElement);
        return keys;

        void Walk(JsonElement element)
        {
            if (element.ValueKind == JsonValueKind.Array)
            {
                foreach (JsonElement item in element.EnumerateArray()) Walk(item);
            }
            else if (element.ValueKind == JsonValueKind.Object)
            {
                if (element.TryGetProperty("kid", out JsonElement kid) && element.TryGetProperty("key", out JsonElement key)) keys[kid.GetString()!.Replace("-", "", StringComparison.Ordinal).ToLowerInvariant()] = Convert.FromHexString(key.GetString()!);
                foreach (JsonProperty member in element.EnumerateObject()) Walk(member.Value);
            }
        }
    }

    private static string FindFolder()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Framework.sln"))) return Path.Combine(folder.FullName, "samples");
        throw new DirectoryNotFoundException("samples");
    }
}
