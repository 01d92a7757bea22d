using System.CommandLine;
using Keyway.Cli.Sandbox;
using Keyway.Hosting;
using Keyway.Hosting.Configuration;
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
        KeywayConfigurationException? wrong = null;
        try
        {
            await using KeywayHost keyway = new(root.GetSection("Keyway"));
            await keyway.StartAsync(cancellationToken);
            pipelines.AddRange(keyway.Providers.Select(static provider => provider.Service.Pipeline.Describe()));
        }
        catch (KeywayConfigurationException exception)
        {
            wrong = exception;
        }

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
                json.WriteStrings("errors", (wrong?.Errors ?? []).Select(static error => error.ToString()!));
                json.WriteEndObject();
            }));
            return wrong is null ? ExitCode.Done : ExitCode.Usage;
        }

        IAnsiConsole console = CommandIo.ConsoleOn(context.Io.Out, context.Io.Interactive);
        Table table = PresentationReport.NewTable("Setting", "Value", "Origin");
        foreach (EffectiveSetting setting in settings) table.AddRow(Markup.Escape(setting.Path), Markup.Escape(setting.Value), Markup.Escape(setting.Origin));
        console.Write(table);
        foreach (string pipeline in pipelines) console.MarkupLine(Markup.Escape(pipeline));
        if (wrong is not null) throw wrong;
        return ExitCode.Done;
    }
}
