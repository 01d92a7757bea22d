using Keyway.Hosting.Plugins;
using Spectre.Console;

namespace Keyway.Cli;

/// <summary><c>keyway plugins check</c>: a plugin's folder held against what every plugin promises, without a host and without settings.</summary>
internal static class PluginFolderReport
{
    public static async Task<int> RunAsync(CommandContext context, string path, CancellationToken cancellationToken)
    {
        if (path.Length == 0 || !Directory.Exists(path)) throw new UsageException($"there is no folder {path}");

        // Code of the plugin runs here: standard output stays the command's.
        context.Io.KeepOutput(context.Json);
        PluginFolderCheck check = new(path);
        IReadOnlyList<PluginFolderFinding> findings = await check.CheckAsync(cancellationToken);
        PluginFolderFinding[] broken = [.. findings.Where(static finding => finding.State == PromiseState.Broken)];
        Failure? failure = broken.Length == 0
            ? null
            : new Failure(ExitCode.Usage, "plugins", $"plugin '{check.Id ?? Path.GetFileName(check.Folder)}' does not keep what every plugin promises: {string.Join("; ", broken.Select(static finding => finding.Promise))}", "docs/plugins.md says why each promise matters");
        if (context.Json) Write(context, check, findings, failure);
        else Show(context, findings);
        return failure is null ? ExitCode.Done : context.Json ? failure.Code : failure.Tell(context.Io, json: false);
    }

    private static void Write(CommandContext context, PluginFolderCheck check, IReadOnlyList<PluginFolderFinding> findings, Failure? failure) => context.Io.Out.WriteLine(Json.Write(json =>
    {
        json.WriteStartObject();
        json.WriteString("folder", check.Folder);
        json.WriteString("id", check.Id);
        json.WriteStartArray("promises");
        foreach (PluginFolderFinding finding in findings)
        {
            json.WriteStartObject();
            json.WriteString("promise", finding.Promise);
            json.WriteString("state", Word(finding.State));
            if (finding.Seen is { } seen) json.WriteString("seen", seen);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        failure?.WriteTo(json);
        json.WriteEndObject();
    }));

    private static void Show(CommandContext context, IReadOnlyList<PluginFolderFinding> findings)
    {
        Table table = PresentationReport.NewTable("Promise", "", "What was seen");
        foreach (PluginFolderFinding finding in findings) table.AddRow(Shown.Markup(finding.Promise), Word(finding.State), Shown.Markup(finding.Seen ?? ""));
        context.Io.OutConsole().Write(table);
    }

    private static string Word(PromiseState state) => state switch
    {
        PromiseState.Kept => "kept",
        PromiseState.Broken => "broken",
        _ => "not looked at",
    };
}
