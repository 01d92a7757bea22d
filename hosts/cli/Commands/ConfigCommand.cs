using System.CommandLine;
using System.CommandLine.Completions;
using System.Text.Json;
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
        Argument<string?> path = new("path") { Description = "Only settings below it, or one that nobody has set", HelpName = "PATH", Arity = ArgumentArity.ZeroOrOne };
        path.CompletionSources.Add(asked => EffectiveSettings.Of(Host.ReadSettings(context(asked.ParseResult))).Select(static setting => new CompletionItem(setting.Path)));
        Command explain = new("explain", "Says of every effective setting what it does, what counts without it, and what it overrides.") { path };
        explain.SetAction((parse, _) => Task.FromResult(Explain(context(parse), parse.GetValue(path))));
        command.Subcommands.Add(explain);
        return command;
    }

    private static int Explain(CommandContext context, string? path)
    {
        IReadOnlyList<EffectiveSetting> settings = EffectiveSettings.Explain(Host.ReadSettings(context), path);
        if (settings.Count == 0) throw new UsageException($"there is no setting '{Shown.Text(path ?? "")}'; keyway config explain lists them");
        if (context.Json)
        {
            context.Io.Out.WriteLine(Json.Write(json =>
            {
                json.WriteStartObject();
                json.WriteStartArray("settings");
                foreach (EffectiveSetting setting in settings) Write(json, setting);
                json.WriteEndArray();
                json.WriteEndObject();
            }));
            return ExitCode.Done;
        }

        foreach (EffectiveSetting setting in settings)
        {
            context.Io.Out.WriteLine(Shown.Text(setting.Origin == EffectiveSettings.NotSet ? $"{setting.Path} is not set" : $"{setting.Path} = {setting.Value}"));
            context.Io.Out.WriteLine(Shown.Text($"    {setting.Description ?? "nothing is known of it"}"));
            if (setting.Origin != EffectiveSettings.NotSet) context.Io.Out.WriteLine(Shown.Text($"    {Words(setting)}"));
            else if (setting.DefaultValue is { } value) context.Io.Out.WriteLine(Shown.Text($"    without it: {value}"));
        }

        return ExitCode.Done;
    }

    private static string Words(EffectiveSetting setting)
    {
        if (setting.Origin == EffectiveSettings.Default) return "the default";
        IEnumerable<string> over = setting.Overrides.Select(static each => $"{each.Value} of {each.Origin}");
        if (setting.DefaultValue is { } value) over = over.Append($"the default {value}");
        return string.Join(", ", over) is { Length: > 0 } all ? $"set by {setting.Origin}, over {all}" : $"set by {setting.Origin}; without it there is none";
    }

    private static void Write(Utf8JsonWriter json, EffectiveSetting setting)
    {
        json.WriteStartObject();
        json.WriteString("path", setting.Path);
        json.WriteString("value", setting.Origin == EffectiveSettings.NotSet ? null : setting.Value);
        json.WriteBoolean("masked", setting.Masked);
        json.WriteString("origin", setting.Origin);
        json.WriteString("description", setting.Description);
        json.WriteString("default", setting.DefaultValue);
        json.WriteStartArray("overrides");
        foreach (OverriddenSetting over in setting.Overrides)
        {
            json.WriteStartObject();
            json.WriteString("value", over.Value);
            json.WriteString("origin", over.Origin);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
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
