using Keyway.Hosting;
using Keyway.Protection;
using Microsoft.Extensions.Configuration;

namespace Keyway.Cli;

/// <summary>The host that a command works with: settings in their layers, and Keyway made of them. Only commands that need plugins make one.</summary>
internal static class Host
{
    /// <summary>The layers, the last one wins: the file beside the program, the caller's file, the environment, single settings.</summary>
    public static IConfigurationRoot ReadSettings(CommandContext context)
    {
        ConfigurationBuilder builder = new();
        try
        {
            builder.AddJsonFile(Path.Combine(AppContext.BaseDirectory, "appsettings.json"), optional: true, reloadOnChange: false);
            if (context.Configuration is { } file)
            {
                if (!File.Exists(file)) throw new UsageException($"there is no file {file}");
                builder.AddJsonFile(file, optional: false, reloadOnChange: false);
            }

            builder.AddEnvironmentVariables();
            if (context.Settings.Count > 0) builder.AddCommandLine([.. context.Settings.Select(static setting => $"--{setting.Key}={setting.Value}")]);
            return builder.Build();
        }
        catch (InvalidDataException exception)
        {
            throw new UsageException($"{exception.Message}{(exception.InnerException is { } inner ? $" {inner.Message}" : "")}");
        }
    }

    /// <summary>Makes a host. Nothing of plugins is loaded yet.</summary>
    /// <param name="context">What the command is run with.</param>
    /// <param name="keySystem">The one key system that it will be asked for, where that is known.</param>
    public static KeywayHost Create(CommandContext context, string? keySystem = null)
    {
        context.Io.KeepOutput(context.Json);
        return new KeywayHost(ReadSettings(context).GetSection("Keyway"), new KeywayHostOptions { KeySystem = keySystem });
    }

    /// <summary>Starts a host, and checks the name of the key system that the user wants: a slip of the pen is not content that nobody opens.</summary>
    /// <exception cref="UsageException">No key system of that name is configured.</exception>
    public static async Task StartAsync(KeywayHost keyway, string? keySystem, CancellationToken cancellationToken)
    {
        await keyway.StartAsync(cancellationToken);
        if (keySystem is null || keyway.KeySystems.Any(IsNamed)) return;
        throw new UsageException($"there is no key system '{keySystem}'; configured are: {(keyway.KeySystems.Count == 0 ? "none" : string.Join(", ", keyway.KeySystems.Select(static each => each.Name)))}");

        bool IsNamed(KeySystemCandidate candidate) => candidate.Name.Equals(keySystem, StringComparison.OrdinalIgnoreCase)
            || candidate.Descriptor is { } descriptor
            && (descriptor.Name.Equals(keySystem, StringComparison.OrdinalIgnoreCase) || descriptor.Designators.Contains(keySystem, StringComparer.OrdinalIgnoreCase));
    }
}
