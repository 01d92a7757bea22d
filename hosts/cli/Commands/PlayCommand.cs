using System.CommandLine;
using System.Globalization;
using Keyway.Cli.Sandbox;
using Keyway.Cli.Targets;
using Keyway.Hosting;
using Keyway.Licensing;
using Keyway.Timeline;

namespace Keyway.Cli.Commands;

/// <summary><c>keyway play</c>: from a protected presentation to clear fragmented MP4.</summary>
internal static class PlayCommand
{
    public static Command Create(Func<ParseResult, CommandContext> context)
    {
        PresentationArguments arguments = new();
        Option<string?> to = new("--to") { Description = "Where to: a file (the tracks together; .ts, .aac and .webm as the content is), a folder (a file a track), or - (standard output)", HelpName = "FILE|DIR|-" };
        Option<string?> duration = new("--duration") { Description = "Of a live presentation: how much; without it, until it ends or Ctrl-C", HelpName = "TIME" };
        Option<string?> gaps = new("--gaps") { Description = "How missing or broken segments are treated: refuse (the first is an error) or accept (however many); without it they are reported, and an error where most of a track is missing", HelpName = "refuse|accept" };
        Option<bool> force = new("--force") { Description = "Replace what exists" };
        Command command = new("play", "Plays protected DASH, HLS or MP4: asks for the licence, decrypts, writes clear MP4. Without a source: the bundled sample.");
        gaps.CompletionSources.Add("refuse", "accept");
        arguments.AddTo(command);
        command.Options.Add(to);
        command.Options.Add(arguments.From);
        command.Options.Add(arguments.Until);
        command.Options.Add(duration);
        command.Options.Add(gaps);
        command.Options.Add(force);
        command.SetAction(async (parse, cancellationToken) =>
        {
            CommandContext own = arguments.Recording(parse, context(parse), parse.GetValue(force));
            PresentationOptions options = arguments.Read(parse) with
            {
                Duration = parse.GetValue(duration) is { } text ? TimeSpanText.Parse(text, "--duration") : null,
                Gaps = GapsOf(parse.GetValue(gaps)),
            };
            TimeRange range = arguments.ReadRange(parse);
            using HeldKeys held = await arguments.ReadKeysAsync(parse, own.Io, cancellationToken);
            return await RunAsync(own, arguments.ReadSource(parse), options with { Keys = held.Keys }, held, range, parse.GetValue(to), parse.GetValue(force), cancellationToken);
        });
        return command;
    }

    private static async Task<int> RunAsync(CommandContext context, Uri? source, PresentationOptions options, HeldKeys held, TimeRange range, string? to, bool force, CancellationToken cancellationToken)
    {
        OutputTarget? named = TargetOf(source, to);
        if (context.Json && named?.Kind == OutputKind.StandardOutput) throw new UsageException("--json writes to standard output, where --to - writes the media");
        if (named?.Kind == OutputKind.File) PendingFile.Refuse(named.Path, force);

        if (source is null && options.Kind != SessionKind.Temporary)
            throw new UsageException("--persist needs a source: the bundled sample's licence service and device are gone when it has been played");
        ProgressView progress = new();
        await using DemoRun run = await DemoRun.BeginAsync(context, source, options, [], every: false, cancellationToken);
        (context, options) = (run.Context, run.Options with { Progress = progress });
        KeywayHost keyway = run.Host;
        await using OutputSet outputs = new(context.Io, force);
        OutputTarget target = named ?? OutputTarget.File(Path.Combine(outputs.MakeTemporaryFolder(), "sample.clear.mp4"));
        long begun = TimeProvider.System.GetTimestamp();
        PlayReport report = await progress.ShowAsync(context, async () =>
        {
            await run.Starting;
            await Host.StartAsync(keyway, context, options.KeySystem, cancellationToken);
            await using Presentation presentation = await keyway.OpenAsync(source ?? DemoRun.Sample, options, cancellationToken);
            if (to is null && source is not null && PlayWebM.TargetFor(presentation, target) is var fitting && fitting != target) PendingFile.Refuse((target = fitting).Path, force);
            PlayWebM.Refuse(presentation, range, target);
            PlayWebM? webM = PlayWebM.IsMeant(target) ? new PlayWebM(presentation, range, target.Path, outputs) : null;
            PlaySegments? own = PlaySegments.IsMeant(target) ? new PlaySegments(presentation, range, target.Path, outputs) : null;
            progress.Name([.. presentation.Tracks.Select(PlayReport.Describe)]);
            if (options.Duration is not null && !presentation.IsLive) throw new UsageException("--duration is for live presentations, and this one is not live");
            await progress.WaitAsync("waiting for the licence", () => presentation.AcquireAsync(cancellationToken).AsTask());
            PlayWriter writer = new(presentation, range, target, outputs, force);
            // The first signal ends a live presentation, and what has been read is kept; the second one interrupts.
            bool stopped = false;
            void Stop()
            {
                Volatile.Write(ref stopped, true);
                presentation.Stop();
            }

            using (presentation.IsLive ? context.Io.Interrupts.TakeNext(Stop) : null) await (webM?.WriteAsync(cancellationToken) ?? own?.WriteAsync(cancellationToken) ?? writer.WriteAsync(cancellationToken));
            if (presentation.IsLive && writer.Parts.Count == 0) throw Nothing(presentation, Volatile.Read(ref stopped));
            return new PlayReport
            {
                Presentation = PresentationReport.Of(presentation, [.. writer.Notes, .. webM?.Notes ?? [], .. PlayWebM.Words(presentation, target), .. held.Notes((webM?.Tracks ?? writer.Tracks).SelectMany(static track => track?.KeyIds ?? []))]),
                Tracks = webM?.Tracks ?? writer.Tracks,
                Parts = writer.Parts,
                Segments = own?.Count,
                IsLive = presentation.IsLive,
                Gaps = presentation.Gaps,
                Outputs = outputs.Written,
                Elapsed = TimeProvider.System.GetElapsedTime(begun),
            };
        });
        await outputs.CommitAsync(cancellationToken);

        if (context.Json) await context.Io.Out.WriteLineAsync(report.ToJson());
        else report.Show(target.Kind == OutputKind.StandardOutput ? context.Io.ErrorConsole() : context.Io.OutConsole());
        outputs.Keep();
        return ExitCode.Done;
    }

    /// <summary>Why nothing came of a live presentation.</summary>
    private static Exception Nothing(Presentation presentation, bool stopped)
    {
        if (stopped) return new InterruptedException("stopped before anything could be read; nothing was left behind");
        string gap = presentation.Gaps is [{ } first, ..] ? $": {first.Reason}" : "";
        string notes = presentation.Notes is { Count: > 0 } all ? $" ({string.Join("; ", all)})" : "";
        return new SourceException(PresentationReport.TextOf(presentation.Facts.Source), $"no segment could be read in the time that it was given{gap}{notes}");
    }

    private static GapPolicy GapsOf(string? text) => text switch
    {
        null => GapPolicy.Default,
        "refuse" => GapPolicy.Refuse,
        "accept" => GapPolicy.Accept,
        _ => throw new UsageException("--gaps takes refuse or accept"),
    };

    /// <summary>Where to. When the user does not say: into the working directory under the source's name; <see langword="null"/>, a temporary folder, for the bundled sample.</summary>
    private static OutputTarget? TargetOf(Uri? source, string? to)
    {
        if (to is not null) return OutputTarget.Parse(to);
        if (source is null) return null;
        string name = Path.GetFileNameWithoutExtension(source.AbsolutePath);
        string safe = string.Concat(Uri.UnescapeDataString(name).Where(static letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.')).TrimStart('.');
        return OutputTarget.File(string.Create(CultureInfo.InvariantCulture, $"{(safe.Length == 0 ? "keyway" : safe)}.clear.mp4"));
    }
}
