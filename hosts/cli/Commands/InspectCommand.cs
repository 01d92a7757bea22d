using System.CommandLine;
using Keyway.Content;
using Keyway.Hosting;
using Keyway.Timeline;

namespace Keyway.Cli.Commands;

/// <summary><c>keyway inspect</c>: what content consists of and what protects it, without a licence.</summary>
internal static class InspectCommand
{
    public static Command Create(Func<ParseResult, CommandContext> context)
    {
        PresentationArguments arguments = new();
        Command command = new("inspect", "Shows tracks, schemes, key ids, every protection header from every place, conflicts, and which key system would be chosen and why not the others. Of a file with licences: their contents. Of a CPIX document: everything but its keys.");
        Option<bool> segments = new("--segments") { Description = "List the segments of the chosen tracks, too: when, how long, where" };
        command.Arguments.Add(arguments.Source);
        foreach (Option option in (Option[])[segments, arguments.From, arguments.Until, arguments.Video, arguments.Audio, arguments.Text, arguments.KeySystem, arguments.Provider, arguments.Headers, arguments.HeadersFor, arguments.Allowed]) command.Options.Add(option);
        command.SetAction((parse, cancellationToken) =>
        {
            Uri source = arguments.ReadSource(parse) ?? throw new UsageException("inspect needs a manifest or a file");
            TimeRange range = arguments.ReadRange(parse);
            if (!range.IsAll && !parse.GetValue(segments)) throw new UsageException("--from and --until are for --segments");
            return RunAsync(context(parse), source, arguments.Read(parse), parse.GetValue(segments) ? range : null, cancellationToken);
        });
        return command;
    }

    private static async Task<int> RunAsync(CommandContext context, Uri source, PresentationOptions options, TimeRange? segments, CancellationToken cancellationToken)
    {
        await using KeywayHost keyway = Host.Create(context);
        await Host.StartAsync(keyway, context, options.KeySystem, cancellationToken);
        if (await CpixReport.ShowAsync(keyway, source, context, cancellationToken)) return ExitCode.Done;
        if (await LicenseFileReport.ReadAsync(keyway, source, options.KeySystem, cancellationToken) is { } licenses)
        {
            if (context.Json) await context.Io.Out.WriteLineAsync(licenses.ToJson());
            else licenses.Show(context.Io.OutConsole());
            return ExitCode.Done;
        }

        ContentFacts facts = await keyway.InspectAsync(source, options, cancellationToken);
        SegmentReport? listed = segments is { } range ? await SegmentReport.ReadAsync(keyway, facts, options, range, cancellationToken) : null;
        if (context.Json) await context.Io.Out.WriteLineAsync(InspectReport.ToJson(facts, listed));
        else InspectReport.Show(facts, context.Io.OutConsole());
        if (!context.Json) listed?.Show(context.Io.OutConsole());
        return ExitCode.Done;
    }
}
