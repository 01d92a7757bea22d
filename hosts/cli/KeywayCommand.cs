using System.CommandLine;
using System.CommandLine.Help;
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
          keyway play movie.mpd --persist --to movie.mp4     store the licence; keyway licenses shows what is stored

        """;

    // An argument that starts with @ is what it says, not the name of a file of arguments; -ab is not -a -b.
    private static readonly ParserConfiguration Parsing = new() { ResponseFileTokenReplacer = null, EnablePosixBundling = false };

    public static async Task<int> RunAsync(string[] arguments, CommandIo io, CancellationToken cancellationToken)
    {
        Option<bool> json = new("--json") { Description = "Write one JSON object to standard output and nothing else", Recursive = true };
        Option<FileInfo?> configuration = new("--config") { Description = "A JSON file of settings, over the appsettings.json beside the program", Recursive = true, HelpName = "FILE" };
        Option<string[]> set = new("--set") { Description = "One setting over all others: --set Keyway:KeySystems:clearkey:Priority=5", Recursive = true, HelpName = "PATH=VALUE" };
        Option<bool> verbose = new("--verbose") { Description = "Show on standard error what the host and its plugins log: sessions, exchanges, refusals. No secret is in it", Recursive = true };
        RootCommand root = new("Plays, decrypts and explains protected DASH, HLS and MP4.") { json, configuration, set, verbose };
        CommandContext Context(ParseResult parse) => new(io, parse.GetValue(json), parse.GetValue(configuration)?.FullName, parse.GetValue(verbose), [.. (parse.GetValue(set) ?? []).Select(ReadSetting)]);
        root.Subcommands.Add(PlayCommand.Create(Context));
        root.Subcommands.Add(LicenseCommand.Create(Context));
        root.Subcommands.Add(LicensesCommand.Create(Context));
        root.Subcommands.Add(DecryptCommand.Create(Context));
        root.Subcommands.Add(InspectCommand.Create(Context));
        root.Subcommands.Add(PluginsCommand.Create(Context));
        root.Subcommands.Add(ProvidersCommand.Create(Context));
        root.Subcommands.Add(ConfigCommand.Create(Context));
        root.Subcommands.Add(ExplainCommand.Create(Context));
        Command sandbox = SandboxCommand.Create(Context);
        root.Subcommands.Add(sandbox);
        Command drop = Mp4DecryptCommand.Create();
        root.Subcommands.Add(drop);
        root.SetAction(NoCommand);

        ParseResult parse = root.Parse(arguments.Length == 0 ? ["--help"] : arguments, Parsing);
        bool asJson = parse.GetResult(json) is not null && parse.GetValue(json);
        if (parse.CommandResult.Command != sandbox && parse.CommandResult.Command != drop && parse.Action is not HelpAction && UnknownWords.Describe(parse) is { } unknown) return Failure.Usage(unknown).Tell(io, asJson);
        if (parse.Errors.Count > 0) return Failure.Usage(string.Join(" ", parse.Errors.Select(static error => error.Message))).Tell(io, asJson);

        // Signals are the program's: it may take longer to tidy up than the parser would wait.
        InvocationConfiguration invocation = new() { Output = io.Out, Error = io.Error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
        try
        {
            int code = await Interrupts.RunAsync(() => parse.InvokeAsync(invocation, cancellationToken), io.Leftovers, cancellationToken);
            if (parse.Action is HelpAction && parse.CommandResult.Command == root) await io.Out.WriteAsync(Examples);
            return code;
        }
        catch (Exception exception)
        {
            return Failure.From(exception, cancellationToken).Tell(io, asJson);
        }
    }

    private static int NoCommand(ParseResult parse) => throw new UsageException("which command?");

    private static KeyValuePair<string, string?> ReadSetting(string text)
    {
        (string path, string value) = NameValue.Parse(text, '=', "--set");
        return path.StartsWith("Keyway:", StringComparison.OrdinalIgnoreCase)
            ? KeyValuePair.Create(path, (string?)value)
            : throw new UsageException("--set takes a path that begins with Keyway:");
    }
}
