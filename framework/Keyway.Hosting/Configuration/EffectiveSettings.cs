using Microsoft.Extensions.Configuration;

namespace Keyway.Hosting.Configuration;

/// <summary>Every setting that counts, with its origin: what <c>keyway config</c> prints.</summary>
public static class EffectiveSettings
{
    /// <summary>Where a setting that nobody set comes from.</summary>
    public const string Default = "default";

    /// <summary>Lists the settings, also those of a configuration that has mistakes.</summary>
    /// <param name="root">The configuration.</param>
    /// <param name="section">The name of Keyway's section.</param>
    /// <returns>The settings, by path.</returns>
    public static IReadOnlyList<EffectiveSetting> Of(IConfigurationRoot root, string section = "Keyway")
    {
        ArgumentNullException.ThrowIfNull(root);
        IConfigurationSection keyway = root.GetSection(section);
        List<EffectiveSetting> settings = [];
        // A variable of the environment that is called KEYWAY is a value of the section itself, and no setting.
        foreach (IConfigurationSection leaf in keyway.GetChildren().SelectMany(Leaves))
        {
            bool secret = SecretSettings.IsSecret(keyway, leaf);
            settings.Add(new EffectiveSetting
            {
                Path = leaf.Path,
                Value = secret ? SecretSettings.Mask : Shown(leaf.Value!),
                Masked = secret,
                Origin = SettingLayers.Of(root, leaf.Path) ?? Default,
            });
        }

        KeywayOptionsReader reader = new(keyway);
        reader.Read();
        settings.AddRange(reader.Defaults.Select(setting => new EffectiveSetting { Path = setting.Key, Value = setting.Value, Origin = Default }));
        return [.. settings.OrderBy(setting => setting.Path, ConfigurationPathOrder.Instance)];
    }

    /// <summary>The name of what nobody set, and what has no default either: <see cref="EffectiveSetting.Origin"/> of a setting that is asked about and does not count.</summary>
    public const string NotSet = "not set";

    /// <summary>Lists the settings as <see cref="Of"/> does, and says of each what it does, what counts without it, and what it overrides.</summary>
    /// <param name="root">The configuration.</param>
    /// <param name="path">The beginning of a path, or one that nobody has set: only these; <see langword="null"/>: all.</param>
    /// <param name="section">The name of Keyway's section.</param>
    /// <returns>The settings, by path. Empty where <paramref name="path"/> is of no setting that there is.</returns>
    public static IReadOnlyList<EffectiveSetting> Explain(IConfigurationRoot root, string? path = null, string section = "Keyway")
    {
        ArgumentNullException.ThrowIfNull(root);
        IConfigurationSection keyway = root.GetSection(section);
        using SettingGuide guide = new(keyway);
        List<EffectiveSetting> found = [.. Of(root, section).Where(setting => path is null || IsBelow(setting.Path, path))];
        if (found.Count == 0 && path is not null && guide.Of(path) is { Description: not null }) found.Add(new EffectiveSetting { Path = path, Value = "", Origin = NotSet });
        return [.. found.Select(setting =>
        {
            (string? description, string? value) = guide.Of(setting.Path);
            return setting with
            {
                Description = description,
                DefaultValue = value ?? (setting.Origin == Default ? setting.Value : null),
                Overrides = [.. SettingLayers.Below(root, setting.Path).Select(layer => new OverriddenSetting(setting.Masked || SecretSettings.IsSecret(keyway, setting.Path, layer.Value) ? SecretSettings.Mask : Shown(layer.Value), layer.Origin))],
            };
        })];
    }

    private static bool IsBelow(string path, string beginning) =>
        path.StartsWith(beginning, StringComparison.OrdinalIgnoreCase) && (path.Length == beginning.Length || path[beginning.Length] == ':' || beginning.EndsWith(':'));

    // The JSON provider turns true into True.
    private static string Shown(string value) => bool.TryParse(value, out bool flag) ? flag ? "true" : "false" : SecretSettings.WithoutUrlSecrets(value);

    private static IEnumerable<IConfigurationSection> Leaves(IConfigurationSection section)
    {
        if (section.Value is not null) yield return section;
        foreach (IConfigurationSection child in section.GetChildren())
            foreach (IConfigurationSection leaf in Leaves(child)) yield return leaf;
    }

    /// <summary>Segment by segment, numbers as numbers.</summary>
    private sealed class ConfigurationPathOrder : IComparer<string>
    {
        public static ConfigurationPathOrder Instance { get; } = new();

        public int Compare(string? x, string? y)
        {
            string[] left = x!.Split(ConfigurationPath.KeyDelimiter), right = y!.Split(ConfigurationPath.KeyDelimiter);
            for (int i = 0; i < Math.Min(left.Length, right.Length); i++)
            {
                int order = ConfigurationKeyComparer.Instance.Compare(left[i], right[i]);
                if (order != 0) return order;
            }

            return left.Length.CompareTo(right.Length);
        }
    }
}
