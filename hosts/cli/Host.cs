using System.Globalization;
using System.Text.Json;
using Keyway.Hosting;
using Keyway.Licensing.Configuration;
using Keyway.Protection;
using Microsoft.Extensions.Configuration;
#if MESSAGEPIPE
using Keyway.Messaging;
using Microsoft.Extensions.DependencyInjection;
#endif

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
            throw new UsageException(Describe(exception).ToString());
        }
    }

    /// <summary>Which plugins a host needs: that of the one key system that it will be asked for, or all.</summary>
    public static string? OnlyKeySystem(PresentationOptions options) => options.Fallback is { Count: > 0 } ? null : options.KeySystem;

    /// <summary>Makes a host. Nothing of plugins is loaded yet.</summary>
    /// <param name="context">What the command is run with.</param>
    /// <param name="keySystem">The one key system that it will be asked for, where that is known.</param>
    public static KeywayHost Create(CommandContext context, string? keySystem = null) => Create(context, ReadSettings(context), keySystem);

    public static KeywayHost Create(CommandContext context, IConfigurationRoot settings, string? keySystem = null)
    {
        context.Io.KeepOutput(context.Json);
        KeywayHostOptions options = new() { KeySystem = keySystem, Logging = context.Verbose ? new VerboseLog(context.Io.Error) : null };
#if MESSAGEPIPE
        options = options with
        {
            MessagePipe = static logging => new MessagePipeBus(new ServiceCollection().AddKeywayMessagePipe().BuildServiceProvider(), logging),
        };
#endif
        return new KeywayHost(settings, options);
    }

    /// <summary>Starts a host, and checks the name of the key system that the user wants: a slip of the pen is not content that nobody opens.</summary>
    /// <exception cref="UsageException">No key system of that name is configured.</exception>
    public static async Task StartAsync(KeywayHost keyway, CommandContext context, string? keySystem, CancellationToken cancellationToken)
    {
        await keyway.StartAsync(cancellationToken);
        if (!context.Json) foreach (SettingError warning in keyway.Warnings) await context.Io.Error.WriteLineAsync(Shown.Text($"warning: {warning}"));
        if (keySystem is null || keySystem.Equals(PresentationOptions.KeyFileSystem, StringComparison.OrdinalIgnoreCase) || keyway.KeySystems.Any(IsNamed)) return;
        throw new UsageException($"there is no key system '{keySystem}'; configured are: {(keyway.KeySystems.Count == 0 ? "none" : string.Join(", ", keyway.KeySystems.Select(static each => each.Name)))}");

        bool IsNamed(KeySystemCandidate candidate) => candidate.Name.Equals(keySystem, StringComparison.OrdinalIgnoreCase)
            || candidate.Descriptor is { } descriptor
            && (descriptor.Name.Equals(keySystem, StringComparison.OrdinalIgnoreCase) || descriptor.Designators.Contains(keySystem, StringComparer.OrdinalIgnoreCase));
    }

    /// <summary>What is wrong with a file of settings: the file, line and column where it is no JSON.</summary>
    private static SettingError Describe(InvalidDataException exception)
    {
        string file = exception.Message.Split('\'') is [_, var path, ..] ? path : "the settings";
        for (Exception? inner = exception.InnerException; inner is not null; inner = inner.InnerException)
        {
            if (inner is not JsonException { LineNumber: { } line, BytePositionInLine: { } column } syntax) continue;
            string reason = syntax.Message.Split(" LineNumber:", 2)[0].Split(" Path:", 2)[0];
            return new SettingError(file, string.Create(CultureInfo.InvariantCulture, $"line {line + 1}, column {column + 1}: {reason}"));
        }

        // A name that stands there twice, also in another case, has no place that the reader tells.
        return new SettingError(file, exception.InnerException is FormatException format ? format.Message : exception.Message);
    }
}
