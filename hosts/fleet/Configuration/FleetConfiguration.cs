using System.Text;
using Keyway.Fleet.Grains;
using Keyway.Hosting;
using Keyway.Hosting.Configuration;
using Keyway.Licensing.Configuration;
using Keyway.Plugins;
using Microsoft.Extensions.Configuration;

namespace Keyway.Fleet.Configuration;

/// <summary>All of configuration, the fleet's and the engine's, checked together.</summary>
internal static class FleetConfiguration
{
    /// <summary>Reads it.</summary>
    /// <param name="configuration">All of it.</param>
    /// <param name="mistakes">Everything that is wrong, each with its path.</param>
    /// <returns><see langword="null"/>: something is wrong.</returns>
    public static FleetOptions? Read(IConfigurationRoot configuration, out IReadOnlyList<SettingError> mistakes)
    {
        List<SettingError> all = [];
        KeywayOptions? keyway = null;
        try
        {
            using KeywayHost host = new(configuration, new KeywayHostOptions { WatchConfiguration = false });
            keyway = host.Options;
        }
        catch (KeywayConfigurationException exception)
        {
            all.AddRange(exception.Errors);
        }

        FleetOptions options = FleetOptionsReader.Read(configuration, name => SecretOf(keyway?.Secrets ?? new SecretOptions(), configuration, name), out IReadOnlyList<SettingError> wrong);
        all.AddRange(wrong);
        if (keyway is not null)
        {
            foreach (StreamSpec spec in options.Streams.Where(spec => spec.Provider is not null && !keyway.Providers.Keys.Contains(spec.Provider, StringComparer.OrdinalIgnoreCase)))
                all.Add(new SettingError($"{FleetOptions.SectionName}:Streams:{spec.Name}:Provider", $"there is no provider '{spec.Provider}' (Keyway:Providers){Spelling.Question(spec.Provider!, keyway.Providers.Keys)}"));
            foreach (StreamSpec spec in options.Streams.Where(spec => spec.KeySystem is not null && spec.KeySystem != PresentationOptions.KeyFileSystem && !keyway.KeySystems.Keys.Contains(spec.KeySystem, StringComparer.OrdinalIgnoreCase)))
                all.Add(new SettingError($"{FleetOptions.SectionName}:Streams:{spec.Name}:KeySystem", $"there is no key system '{spec.KeySystem}' (Keyway:KeySystems){Spelling.Question(spec.KeySystem!, keyway.KeySystems.Keys)}"));
        }

        mistakes = all;
        return all.Count == 0 ? options : null;
    }

    /// <summary>A secret that the section itself names.</summary>
    private static string? SecretOf(SecretOptions options, IConfiguration configuration, string name)
    {
        try
        {
            SecretReader reader = new(options, [configuration.GetSection(FleetOptions.SectionName)]);
            using System.Buffers.IMemoryOwner<byte> secret = reader.ReadAsync(name, CancellationToken.None).AsTask().GetAwaiter().GetResult();
            return Encoding.UTF8.GetString(secret.Memory.Span).Trim();
        }
        catch (SecretException)
        {
            return null;
        }
    }
}
