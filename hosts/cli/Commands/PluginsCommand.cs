using System.CommandLine;
using System.Globalization;
using Keyway.Hosting;
using Keyway.Hosting.Plugins;
using Keyway.Protection;
using Spectre.Console;

namespace Keyway.Cli.Commands;

/// <summary><c>keyway plugins</c>: every plugin that was found or that configuration names, and what has become of it.</summary>
internal static class PluginsCommand
{
    public static Command Create(Func<ParseResult, CommandContext> context)
    {
        Option<bool> pin = new("--pin") { Description = "Also print each folder's pin, for Keyway:Plugins:Allow:ID:Pin" };
        Argument<string> folder = new("folder") { HelpName = "FOLDER", Description = "A plugin's folder, as a host would have it" };
        Command check = new("check", "Checks a plugin's folder: what every plugin promises to a host, a sentence each.") { folder };
        check.SetAction((parse, cancellationToken) => PluginFolderReport.RunAsync(context(parse), parse.GetValue(folder)!, cancellationToken));
        Command command = new("plugins", "Lists the plugins: what each brings, or why it is left out.") { pin, check };
        command.SetAction((parse, cancellationToken) => RunAsync(context(parse), parse.GetValue(pin), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(CommandContext context, bool pin, CancellationToken cancellationToken)
    {
        await using KeywayHost keyway = Host.Create(context);
        try
        {
            await keyway.StartAsync(cancellationToken);
        }
        catch (PluginException exception)
        {
            // This command is how people find out why: it shows what is missing, and the code says that something is.
            Failure failure = Failure.From(exception, cancellationToken);
            Show(context, exception.Required, [], pin, failure);
            return context.Json ? failure.Code : failure.Tell(context.Io, json: false);
        }

        // Started without it, because it is not required; but configuration names it, and a user who looks here wants to know.
        PluginRecord[] missing = [.. keyway.Plugins.Where(static plugin => plugin.State is PluginState.Absent)];
        Failure? absent = missing.Length == 0
            ? null
            : new Failure(ExitCode.Usage, "plugins", $"configured and not there: {string.Join(", ", missing.Select(static plugin => plugin.Id))}", "take it out of the configuration, or put its folder where Keyway:Plugins:Directory says");
        Show(context, keyway.Plugins, await AskAsync(keyway, cancellationToken), pin, absent);
        return absent is null ? ExitCode.Done : context.Json ? absent.Code : absent.Tell(context.Io, json: false);
    }

    /// <summary>What the key systems say of what they run on: a module, and what keeps it in. One that cannot say it says why.</summary>
    private static async Task<IReadOnlyList<(string KeySystem, IReadOnlyList<KeyValuePair<string, string>> Facts)>> AskAsync(KeywayHost keyway, CancellationToken cancellationToken)
    {
        List<(string, IReadOnlyList<KeyValuePair<string, string>>)> told = [];
        foreach (KeySystemCandidate candidate in keyway.KeySystems)
        {
            if (candidate.KeySystem is not { } system) continue;
            try
            {
                IReadOnlyList<KeyValuePair<string, string>> facts = await system.DescribeAsync(cancellationToken).AsTask().WaitAsync(keyway.Options.Plugins.Patience, cancellationToken);
                if (facts.Count > 0) told.Add((candidate.Name, facts));
            }
            catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                // A stranger's words may hold anything.
                told.Add((candidate.Name, [new("problem", exception is KeywayException or TimeoutException ? exception.Message : exception.GetType().Name)]));
            }
        }

        return told;
    }

    private static void Show(
        CommandContext context, IReadOnlyList<PluginRecord> plugins, IReadOnlyList<(string KeySystem, IReadOnlyList<KeyValuePair<string, string>> Facts)> runsOn, bool pin, Failure? failure)
    {
        if (context.Json)
        {
            context.Io.Out.WriteLine(Json.Write(json =>
            {
                json.WriteStartObject();
                json.WriteStartArray("plugins");
                foreach (PluginRecord plugin in plugins)
                {
                    json.WriteStartObject();
                    json.WriteString("id", plugin.Id);
                    json.WriteString("state", PresentationReport.Word(plugin.State));
                    if (plugin.Generation > 0) json.WriteNumber("generation", plugin.Generation);
                    json.WriteString("contract", plugin.Contract);
                    json.WriteString("folder", plugin.Folder);
                    json.WriteStrings("keySystems", plugin.KeySystems);
                    json.WriteStrings("providers", plugin.Providers);
                    json.WriteStrings("steps", plugin.Middleware);
                    if (plugin.Problem is { } problem)
                    {
                        json.WriteString("stage", problem.Stage);
                        json.WriteString("reason", problem.Reason);
                    }

                    if (pin && plugin.Folder is { } folder) json.WriteString("pin", PluginPin.Compute(folder));
                    json.WriteEndObject();
                }

                json.WriteEndArray();
                if (runsOn.Count > 0)
                {
                    json.WriteStartArray("runsOn");
                    foreach ((string keySystem, IReadOnlyList<KeyValuePair<string, string>> facts) in runsOn)
                    {
                        foreach ((string name, string value) in facts)
                        {
                            json.WriteStartObject();
                            json.WriteString("keySystem", keySystem);
                            json.WriteString("name", name);
                            json.WriteString("value", value);
                            json.WriteEndObject();
                        }
                    }

                    json.WriteEndArray();
                }

                failure?.WriteTo(json);
                json.WriteEndObject();
            }));
            return;
        }

        IAnsiConsole console = context.Io.OutConsole();
        Table table = PresentationReport.NewTable("Plugin", "State", "Generation", "Contract", "Brings", "Why not");
        foreach (PluginRecord plugin in plugins)
        {
            string brings = string.Join(", ", plugin.KeySystems.Select(static name => $"key system {name}").Concat(plugin.Providers.Select(static name => $"provider {name}")).Concat(plugin.Middleware.Select(static name => $"step {name}")));
            table.AddRow(
                Shown.Markup(plugin.Id), PresentationReport.Word(plugin.State), plugin.Generation > 0 ? plugin.Generation.ToString(CultureInfo.InvariantCulture) : "", Shown.Markup(plugin.Contract ?? ""), Shown.Markup(brings),
                Shown.Markup(plugin.Problem is { } problem ? $"{problem.Stage}: {problem.Reason}" : ""));
        }

        console.Write(table);
        foreach ((string keySystem, IReadOnlyList<KeyValuePair<string, string>> facts) in runsOn)
        {
            console.MarkupLine($"key system {Shown.Markup(keySystem)}");
            foreach ((string name, string value) in facts) console.MarkupLine($"  {Shown.Markup(name)}: {Shown.Markup(value)}");
        }

        if (!pin) return;
        foreach (PluginRecord plugin in plugins)
            if (plugin.Folder is { } folder) console.MarkupLine($"{Shown.Markup(plugin.Id)}  {PluginPin.Compute(folder)}");
    }
}
