using System.CommandLine;
using Keyway.Cli.Commands;

namespace Keyway.Cli;

/// <summary>The command <c>keyway</c>: its subcommands, and the one place where a failure becomes a message and an exit code.</summary>
internal static class KeywayCommand
{
    private const string Examples = """

        Examples:
          keyway play                                        the bundled sample, with a licence service of its own
          keyway play movie.mpd --license-url URL --to movie.mp4
          keyway play movie.mpd --to - | ffplay -            straight into a player
          keyway inspect movie.mpd                           what protects it, and which key system would be chosen
          keyway decrypt in.mp4 --key KID:KEY --to out.mp4   keys that you hold
          keyway license movie.mpd                           acquire and show, write no media

        """;

    public static async Task<int> RunAsync(string[] arguments, CommandIo io, CancellationToken cancellationToken)
    {
        Option<bool> json = new("--json") { Description = "Write one JSON object to standard output and nothing else", Recursive = true };
        Option<FileInfo?> configuration = new("--config") { Description = "A JSON file of settings, over the appsettings.json beside the program", Recursive = true };
        Option<string[]> set = new("--set") { Description = "One setting over all others: --set Keyway:KeySystems:clearkey:Priority=5", Recursive = true, HelpName = "PATH=VALUE" };
        RootCommand root = new("Plays, decrypts and explains protected DASH and MP4.") { json, configuration, set };
        CommandContext Context(ParseResult parse) => new(
            io, parse.GetValue(json), parse.GetValue(configuration)?.FullName, [.. (parse.GetValue(set) ?? []).Select(static text => NameValue.Parse(text, '=', "--set")!).Select(static pair => KeyValuePair.Create(pair.Key, (string?)pair.Value))]);
        root.Subcommands.Add(PlayCommand.Create(Context));
        root.Subcommands.Add(LicenseCommand.Create(Context));
        root.Subcommands.Add(DecryptCommand.Create(Context));
        root.Subcommands.Add(InspectCommand.Create(Context));
        root.Subcommands.Add(PluginsCommand.Create(Context));
        root.Subcommands.Add(ConfigCommand.Create(Context));
        root.Subcommands.Add(SandboxCommand.Create());
        root.SetAction(_ => 0);

        InvocationConfiguration invocation = new() { Output = io.Out, Error = io.Error, EnableDefaultExceptionHandler = false };
        if (arguments.Length == 0)
        {
            await root.Parse("--help").InvokeAsync(invocation, cancellationToken);
            await io.Out.WriteAsync(Examples);
            return ExitCode.Done;
        }

        ParseResult parse = root.Parse(arguments);
        bool asJson = arguments.Contains("--json", StringComparer.Ordinal);
        if (parse.Errors.Count > 0)
        {
            string text = string.Join("; ", parse.Errors.Select(error => error.Message));
            return Failure.Usage(text).Tell(io, asJson);
        }

        try
        {
            return await parse.InvokeAsync(invocation, cancellationToken);
        }
        catch (Exception exception)
        {
            return Failure.From(exception, cancellationToken).Tell(io, asJson);
        }
    }
}
