using Keyway.Licensing.Configuration;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.CommandLine;
using Microsoft.Extensions.Configuration.EnvironmentVariables;
using Microsoft.Extensions.Configuration.Memory;

namespace Keyway.Hosting.Configuration;

/// <summary>Which layer of a configuration a setting came from: a file, the environment, the command line.</summary>
internal static class SettingLayers
{
    /// <summary>The layer that has a setting; <see langword="null"/>: none has it.</summary>
    /// <param name="root">The configuration.</param>
    /// <param name="path">The setting's path.</param>
    public static string? Of(IConfigurationRoot root, string path)
    {
        // The last provider that has a key is the one that counts.
        foreach (IConfigurationProvider provider in root.Providers.Reverse())
        {
            if (provider is ChainedConfigurationProvider { Configuration: IConfigurationRoot inner })
            {
                if (Of(inner, path) is { } origin) return origin;
            }
            else if (provider.TryGet(path, out _)) return NameOf(provider);
        }

        return null;
    }

    /// <summary>What the layers below the one that counts say of a setting, the nearest first.</summary>
    /// <param name="root">The configuration.</param>
    /// <param name="path">The setting's path.</param>
    public static IEnumerable<(string Value, string Origin)> Below(IConfigurationRoot root, string path) => All(root, path).Skip(1);

    private static IEnumerable<(string Value, string Origin)> All(IConfigurationRoot root, string path)
    {
        foreach (IConfigurationProvider provider in root.Providers.Reverse())
        {
            if (provider is ChainedConfigurationProvider { Configuration: IConfigurationRoot inner })
            {
                foreach ((string, string) each in All(inner, path)) yield return each;
            }
            else if (provider.TryGet(path, out string? value) && value is not null) yield return (value, NameOf(provider));
        }
    }

    /// <summary>Adds to mistakes what the setting is, and who set it.</summary>
    /// <param name="errors">The mistakes.</param>
    /// <param name="keyway">The section <c>Keyway</c>.</param>
    /// <param name="root">The configuration that it is of; <see langword="null"/>: it is not known.</param>
    public static IReadOnlyList<SettingError> Explain(IReadOnlyList<SettingError> errors, IConfigurationSection keyway, IConfigurationRoot? root) =>
        root is null ? errors : [.. errors.Select(error => Explain(error, keyway, root))];

    /// <summary>How a layer is called: the path of its file, <c>environment</c>, <c>command line</c>, <c>memory</c>.</summary>
    public static string NameOf(IConfigurationProvider provider) => provider switch
    {
        FileConfigurationProvider { Source: { Path: { } path, FileProvider: { } files } } => files.GetFileInfo(path).PhysicalPath ?? path,
        FileConfigurationProvider { Source.Path: { } path } => path,
        EnvironmentVariablesConfigurationProvider => "environment",
        CommandLineConfigurationProvider => "command line",
        MemoryConfigurationProvider => "memory",
        _ => provider.GetType().Name,
    };

    private static SettingError Explain(SettingError error, IConfigurationSection keyway, IConfigurationRoot root)
    {
        IConfigurationSection section = root.GetSection(error.Path);
        IConfigurationSection? leaf = FirstLeaf(section);
        if (leaf is null || Of(root, leaf.Path) is not { } layer) return error;
        // The finder of the mistake knew what the setting is for, and offers its value; it is shown unless the setting may hold a secret.
        bool shown = error.Value is not null && !SecretSettings.IsSecret(keyway, leaf);
        return error with { Origin = layer, Value = shown ? error.Value : null };
    }

    private static IConfigurationSection? FirstLeaf(IConfigurationSection section) =>
        section.Value is not null ? section : section.GetChildren().Select(FirstLeaf).FirstOrDefault(static leaf => leaf is not null);
}
