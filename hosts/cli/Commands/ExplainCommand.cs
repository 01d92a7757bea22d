using System.CommandLine;
using System.CommandLine.Completions;
using System.Text.RegularExpressions;

namespace Keyway.Cli.Commands;

/// <summary><c>keyway explain</c>: the page of a failure, by the word that the failure ended with.</summary>
internal static partial class ExplainCommand
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "docs", "errors");

    public static Command Create(Func<ParseResult, CommandContext> context)
    {
        Argument<string?> kind = new("kind") { Description = "The word that a failure ended with; or a record of exchanges (--record)", HelpName = "KIND|FILE.har", Arity = ArgumentArity.ZeroOrOne };
        kind.CompletionSources.Add(static _ => Kinds().Select(static each => new CompletionItem(each)));
        Command command = new("explain", "Says what a failure means and what can be done, or what a record of exchanges says; without a word, lists the words.") { kind };
        command.SetAction((parse, cancellationToken) => RunAsync(context(parse), parse.GetValue(kind), cancellationToken));
        return command;
    }

    private static IEnumerable<string> Kinds() => Directory.EnumerateFiles(Folder, "*.md").Select(static file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal);

    // A terminal follows no relative links.
    [GeneratedRegex(@"\[(?<name>[^\]]+)\]\((?<file>[^)#:]+)(?<part>#[^)]*)?\)")]
    private static partial Regex Link();

    private static async Task<int> RunAsync(CommandContext context, string? kind, CancellationToken cancellationToken)
    {
        string[] kinds = [.. Kinds()];
        if (kind is null)
        {
            if (!context.Json) foreach (string each in kinds) context.Io.Out.WriteLine(each);
            else
            {
                context.Io.Out.WriteLine(Json.Write(writer =>
                {
                    writer.WriteStartObject();
                    writer.WriteStartArray("kinds");
                    foreach (string each in kinds) writer.WriteStringValue(each);
                    writer.WriteEndArray();
                    writer.WriteEndObject();
                }));
            }

            return ExitCode.Done;
        }

        if (kind.EndsWith(".har", StringComparison.OrdinalIgnoreCase))
        {
            RecordReport report = await RecordReport.ReadAsync(kind, kinds, cancellationToken);
            if (!context.Json) report.Show(context.Io.Out);
            else
            {
                context.Io.Out.WriteLine(Json.Write(writer =>
                {
                    writer.WriteStartObject();
                    report.WriteTo(writer);
                    writer.WriteEndObject();
                }));
            }

            return ExitCode.Done;
        }

        // Looked up in the list, so that a word never becomes a path.
        if (Array.Find(kinds, each => each == kind) is not { } known) throw new UsageException($"no failure ends with the word '{Shown.Text(kind)}'; keyway explain lists them");
        string text = await File.ReadAllTextAsync(Path.Combine(Folder, known + ".md"), cancellationToken);
        if (!context.Json) await context.Io.Out.WriteAsync(Link().Replace(text, static link => $"{link.Groups["name"].Value} ({Path.GetFullPath(Path.Combine(Folder, link.Groups["file"].Value))}{link.Groups["part"].Value})"));
        else
        {
            context.Io.Out.WriteLine(Json.Write(writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("kind", known);
                writer.WriteString("text", text);
                writer.WriteEndObject();
            }));
        }

        return ExitCode.Done;
    }
}
