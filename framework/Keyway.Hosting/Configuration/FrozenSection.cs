using Microsoft.Extensions.Configuration;

namespace Keyway.Hosting.Configuration;

/// <summary>A section as it was at one moment: what is made from it keeps reading the same, whatever happens to its files.</summary>
internal static class FrozenSection
{
    /// <summary>Copies a section, at its own path.</summary>
    public static IConfigurationSection Of(IConfigurationSection section) =>
        new ConfigurationBuilder().AddInMemoryCollection(section.AsEnumerable()).Build().GetSection(section.Path);

    /// <summary>Whether two say the same, in any order.</summary>
    public static bool AreSame(IConfigurationSection one, IConfigurationSection other)
    {
        Dictionary<string, string?> known = new(one.AsEnumerable(), StringComparer.OrdinalIgnoreCase);
        int count = 0;
        foreach ((string key, string? value) in other.AsEnumerable())
        {
            if (!known.TryGetValue(key, out string? before) || before != value) return false;
            count++;
        }

        return count == known.Count;
    }
}
