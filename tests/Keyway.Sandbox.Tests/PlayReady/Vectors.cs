using System.Text.Json;
using Keyway.Testing;

namespace Keyway.Sandbox.PlayReady;

/// <summary>The public vectors. A test that asks for them skips where they are absent.</summary>
internal static class Vectors
{
    public static JsonElement Load(string name)
    {
        Assert.SkipWhen(Corpus.Shared is null, Corpus.Absent);
        return JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Corpus.Shared!, "vectors", name))).RootElement;
    }
}
