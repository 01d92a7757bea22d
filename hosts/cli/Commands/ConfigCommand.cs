using System.CommandLine;
using Keyway.Cli.Sandbox;
using Keyway.Hosting;
using Keyway.Hosting.Configuration;
using Keyway.Hosting.Plugins;
using Keyway.Licensing.Configuration;
using Microsoft.Extensions.Configuration;
using Spectre.Console;

namespace Keyway.Cli.Commands;

/// <summary><c>keyway config</c>: every effective setting with its origin, secrets masked; then what is wrong, all of it.</summary>
internal static class ConfigCommand
{
    public static Command Create(Func<ParseResult, CommandContext> context)
    {
        Command command = new("config", "Shows every effective setting and which layer set it, secrets masked, and the licence pipelines made of them.");
        command.SetAction((parse, cancellationToken) => RunAsync(context(parse), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        IConfigurationRoot root = Host.ReadSettings(context);
        List<EffectiveSetting> settings = [.. EffectiveSettings.Of(root)];
        settings.AddRange(DemoDevice.MissingCredentials(root).Select(static path => new EffectiveSetting
        {
            Path = path,
            Value = "a throw-away device, for the bundled sample only",
            Origin = DemoDevice.Origin,
        }));
        List<string> pipelines = [];
        IReadOnlyList<SettingError> warnings = [];
        KeywayException? wrong = null;
        try
        {
            await using KeywayHost keyway = Host.Create(context, root);
            warnings = keyway.Warnings;
            await keyway.StartAsync(cancellationToken);
            warnings = keyway.Warnings;
            pipelines.AddRange(keyway.Providers.Select(static provider => provider.Service.Pipeline.Describe()));
        }
        catch (KeywayException exception) when (exception is KeywayConfigurationException or PluginException)
        {
            // The settings are what helps to put it right.
            wrong = exception;
        }

        Failure? failure = wrong is null ? null : Failure.From(wrong, cancellationToken);

        if (context.Json)
        {
            await context.Io.Out.WriteLineAsync(Json.Write(json =>
            {
                json.WriteStartObject();
                json.WriteStartArray("settings");
                foreach (EffectiveSetting setting in settings)
                {
                    json.WriteStartObject();
                    json.WriteString("path", setting.Path);
                    json.WriteString("value", setting.Value);
                    json.WriteBoolean("masked", setting.Masked);
                    json.WriteString("origin", setting.Origin);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
                json.WriteStrings("pipelines", pipelines);
                json.WriteStrings("warnings", warnings.Select(static warning => warning.ToString()));
                json.WriteStrings("errors", (wrong as KeywayConfigurationException)?.Errors.Select(static error => error.ToString()!) ?? []);
                failure?.WriteTo(json);
                json.WriteEndObject();
            }));
            return failure?.Code ?? ExitCode.Done;
        }

        IAnsiConsole console = context.Io.OutConsole();
        Table table = PresentationReport.NewTable("Setting", "Value", "Origin");
        foreach (EffectiveSetting setting in settings) table.AddRow(Shown.Markup(setting.Path), Shown.Markup(setting.Value), Shown.Markup(setting.Origin));
        console.Write(table);
        foreach (string pipeline in pipelines) console.MarkupLine(Shown.Markup(pipeline));
        foreach (SettingError warning in warnings) context.Io.Error.WriteLine(Shown.Text($"warning: {warning}"));
        return failure?.Tell(context.Io, json: false) ?? ExitCode.Done;
    }
}
