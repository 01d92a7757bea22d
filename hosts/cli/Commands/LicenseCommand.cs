using System.CommandLine;
using Keyway.Hosting;
using Keyway.Sessions;
using Spectre.Console;

namespace Keyway.Cli.Commands;

/// <summary><c>keyway license</c>: acquires and shows, writes no media.</summary>
internal static class LicenseCommand
{
    public static Command Create(Func<ParseResult, CommandContext> context)
    {
        PresentationArguments arguments = new();
        Command command = new("license", "Acquires the licences of a presentation and shows key ids, status, policy and times. Writes no media, shows no key.");
        Option<bool> preview = new("--preview") { Description = "Say what the licence lets each sink do, until when, at which resolution, before a sample is read" };
        arguments.AddTo(command);
        command.Options.Add(preview);
        command.SetAction(async (parse, cancellationToken) =>
        {
            Uri source = arguments.ReadSource(parse) ?? throw new UsageException("license needs a manifest or a file");
            CommandContext own = arguments.Recording(parse, context(parse), force: null);
            PresentationOptions options = arguments.Read(parse);
            using HeldKeys held = await arguments.ReadKeysAsync(parse, own.Io, cancellationToken);
            return await RunAsync(own, source, options with { Keys = held.Keys }, parse.GetValue(preview), cancellationToken);
        });
        return command;
    }

    private static async Task<int> RunAsync(CommandContext context, Uri source, PresentationOptions options, bool isPreview, CancellationToken cancellationToken)
    {
        await using KeywayHost keyway = Host.Create(context, Host.OnlyKeySystem(options));
        await Host.StartAsync(keyway, context, options.KeySystem, cancellationToken);
        await using Presentation presentation = await keyway.OpenAsync(source, options, cancellationToken);
        try
        {
            ProgressView progress = new();
            await progress.ShowAsync(context, async () =>
            {
                await progress.WaitAsync("waiting for the licence", () => presentation.AcquireAsync(cancellationToken).AsTask());
                return true;
            });
        }
        catch (KeyUnavailableException exception) when (exception.Reason is KeyUnavailableReason.RefusedByPolicy or KeyUnavailableReason.NotYet or KeyUnavailableReason.Expired)
        {
            // The licence is there, and what it does not allow is what this command is asked to show.
        }

        PresentationReport report = PresentationReport.Of(presentation);
        PreviewReport? preview = isPreview ? new PreviewReport(presentation.Preview()) : null;
        if (context.Json)
        {
            await context.Io.Out.WriteLineAsync(Json.Write(json =>
            {
                json.WriteStartObject();
                report.WriteTo(json);
                preview?.WriteTo(json);
                json.WriteEndObject();
            }));
            return ExitCode.Done;
        }

        IAnsiConsole console = context.Io.OutConsole();
        console.MarkupLine($"Licence of  {Shown.Markup(PresentationReport.TextOf(source))}");
        report.ShowLicenses(console);
        preview?.Show(console);
        return ExitCode.Done;
    }
}
