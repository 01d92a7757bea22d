using System.Text.Json;
using Keyway.Testing;

namespace Keyway.Cdm.Play;

/// <summary>The keys of the bundled sample.</summary>
internal static class SampleKeys
{
    public static IEnumerable<(KeyId Id, byte[] Key)> Read()
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Corpus.Root, "samples", "keys.json")));
        foreach (JsonElement key in document.RootElement.GetProperty("keys").EnumerateArray())
        {
            KeyId.TryParse(key.GetProperty("kid").GetString()!, out KeyId id).Should().BeTrue();
            yield return (id, Convert.FromHexString(key.GetProperty("key").GetString()!));
        }
    }
}
