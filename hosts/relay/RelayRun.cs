using System.CommandLine;
using System.Security.Cryptography;
using Keyway.Cli;
using Keyway.Cli.Commands;
using Keyway.Cli.Sandbox;
using Keyway.Licensing.Origins;
using Keyway.Relay.Faults;
using Keyway.Relay.Gate;
using Keyway.Relay.Story;

namespace Keyway.Relay;

/// <summary>One run of <c>serve</c>: the host, the sample's licence service where it is that, the web application.</summary>
internal static class RelayRun
{
    public static async Task<int> RunAsync(CommandContext context, ParseResult parse, ServeArguments arguments, Action<Uri> ready, CancellationToken cancellationToken)
    {
        arguments.Check(parse);
        context = arguments.Presentation.Recording(parse, context, force: null);
        string[] pages = [.. (parse.GetValue(arguments.Pages) ?? []).Select(static page => PageOrigin(page))];
        Uri? source = arguments.Presentation.ReadSource(parse);
        PresentationOptions options = arguments.Presentation.Read(parse);
        bool isLive = parse.GetValue(arguments.Live), hasFaults = parse.GetValue(arguments.Faults);
        using HeldKeys held = await arguments.Presentation.ReadKeysAsync(parse, context.Io, cancellationToken);
        StoryLog story = new(TimeProvider.System);
        story.Add("start", $"serving {(source is null ? isLive ? "the bundled sample, live" : "the bundled sample" : PresentationReport.TextOf(source))}", json => json.WriteString("source", source is null ? "sample" : PresentationReport.TextOf(source)));

        // The web application starts beside the host and the sample's service.
        string control = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        string[] more = [.. isLive ? ["--live"] : Array.Empty<string>(), .. hasFaults ? ["--control", control] : Array.Empty<string>()];
        await using DemoRun run = await DemoRun.BeginAsync(context, source, options with { Keys = held.Keys }, more, every: true, cancellationToken);
        await run.Starting;
        await Cli.Host.StartAsync(run.Host, run.Context, run.Options.KeySystem, cancellationToken);
        using FaultSwitch? faults = hasFaults && run.Sandbox is { } sandbox ? new FaultSwitch(new Uri(sandbox.Url, $"control/{control}/faults"), run.Options.LicenseUrl?.AbsolutePath ?? "/", run.Options.KeySystem ?? "", story) : null;
        if (hasFaults && faults is null) throw new UsageException("--faults is for the bundled sample and its own licence service");
        if (isLive && run.Sandbox is null) throw new UsageException("--live is for the bundled sample and its own licence service");
        Uri content = source ?? (isLive ? new Uri(run.Sandbox!.Url, "live/manifest.mpd") : DemoRun.Sample);
        RelayState state = new(run.Host, content, run.Options, story) { Faults = faults };
        await using (state)
        {
            using BusStory bus = new(story, run.Host);
            RunToken token = RunToken.Create();
            Task opening = state.OpenAsync(cancellationToken);
            (WebApplication app, Uri page) = await RelayApp.StartAsync(new RelayOptions { Port = parse.GetValue(arguments.Port), Pages = pages }, state, token);
            await using (app)
            {
                // Content that cannot be read at all is the command's failure, and not a page.
                await opening;
                ready(page);
                Task first = FirstRequests.MakeAsync(state, cancellationToken);
                try
                {
                    await Task.Delay(Timeout.Infinite, cancellationToken);
                }
                catch (OperationCanceledException)
                {
                    // That is how it is meant to end.
                }

                await first;

                story.End();
                await app.StopAsync(CancellationToken.None);
            }
        }

        return ExitCode.Done;
    }

    private static string PageOrigin(string text) =>
        Origin.TryParse(text, out _) ? new Uri(text).GetLeftPart(UriPartial.Authority) : throw new UsageException("--page-origin takes an origin: https://host or http://host:port, and nothing behind it");
}
