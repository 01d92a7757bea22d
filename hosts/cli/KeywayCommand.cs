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
          keyway serve                                       a page that plays the sample and tells what happens
          keyway inspect movie.mpd                           what protects it, and which key system would be chosen
          keyway decrypt in.mp4 --key KID:KEY --to out.mp4   keys that you hold
          keyway license movie.mpd                           acquire and show, write no media
          keyway play movie.mpd --persist --to movie.mp4     store the licence; keyway licenses shows what is stored

        """;

    public static async Task<int> RunAsync(string[] arguments, CommandIo io, CancellationToken cancellationToken)
    {
        GlobalOptions options = new();
        RootCommand root = options.NewRoot();
        CommandContext Context(ParseResult parse) => options.Read(parse, io);
        root.Subcommands.Add(PlayCommand.Create(Context));
        root.Subcommands.Add(ServeCommand.Create(Context));
        root.Subcommands.Add(LicenseCommand.Create(Context));
        root.Subcommands.Add(LicensesCommand.Create(Context));
        root.Subcommands.Add(DecryptCommand.Create(Context));
        root.Subcommands.Add(InspectCommand.Create(Context));
        root.Subcommands.Add(PluginsCommand.Create(Context));
        root.Subcommands.Add(ProvidersCommand.Create(Context));
        root.Subcommands.Add(ConfigCommand.Create(Context));
        root.Subcommands.Add(ExplainCommand.Create(Context));
        root.Subcommands.Add(CompletionCommand.Create(Context));
        Command sandbox = SandboxCommand.Create(Context);
        root.Subcommands.Add(sandbox);
        Command drop = Mp4DecryptCommand.Create();
        root.Subcommands.Add(drop);
        root.SetAction(NoCommand);

        if (WordCompletion.IsMeant(arguments)) return WordCompletion.Answer(root, GlobalOptions.Parsing, arguments, io.Out);
        ParseResult parse = root.Parse(arguments.Length == 0 ? ["--help"] : arguments, GlobalOptions.Parsing);
        bool asJson = options.IsJson(parse);
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
}
