using System.Collections.Frozen;
using System.Reflection;

namespace Keyway.Licensing.Packs;

/// <summary>The packs that are part of the framework.</summary>
public static class BuiltInPacks
{
    private const string Prefix = "Keyway.Licensing.Packs.BuiltIn.";
    private const string Suffix = ".json";

    private static readonly Assembly Home = typeof(BuiltInPacks).Assembly;

    /// <summary>Their names, sorted.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        .. Home.GetManifestResourceNames()
            .Where(static name => name.StartsWith(Prefix, StringComparison.Ordinal) && name.EndsWith(Suffix, StringComparison.Ordinal))
            .Select(static name => name[Prefix.Length..^Suffix.Length])
            .Order(StringComparer.Ordinal),
    ];

    private static readonly Lazy<FrozenDictionary<string, ProviderPack>> Packs = new(static () =>
        Names.ToFrozenDictionary(static name => name, static name => ProviderPack.Read(Bytes(Prefix + name + Suffix), $"{name}{Suffix}"), StringComparer.OrdinalIgnoreCase));

    /// <summary>The packs, by name.</summary>
    public static IReadOnlyList<ProviderPack> All => [.. Names.Select(static name => Packs.Value[name])];

    /// <summary>The schema of packs (JSON Schema, draft 2020-12).</summary>
    /// <returns>Its text, UTF-8.</returns>
    public static ReadOnlyMemory<byte> Schema() => Bytes("Keyway.Licensing.Packs.provider-pack.schema.json");

    /// <summary>Finds a pack.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>The pack, or <see langword="null"/>.</returns>
    public static ProviderPack? Find(string name) => Packs.Value.GetValueOrDefault(name);

    private static byte[] Bytes(string resource)
    {
        using Stream stream = Home.GetManifestResourceStream(resource) ?? throw new InvalidOperationException($"the assembly lacks {resource}");
        using MemoryStream bytes = new();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }
}
