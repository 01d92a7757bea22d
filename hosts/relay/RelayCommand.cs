using System.CommandLine;
using Keyway.Cli;
using Keyway.Cli.Commands;

namespace Keyway.Relay;

/// <summary><c>serve</c> as this process does it: the same arguments, read by the same code as the command reads them.</summary>
internal static class RelayCommand
{
    /// <summary>Serves until it is told to stop.</summary>
    /// <param name="words">The arguments of the command.</param>
    /// <param name="io">Where it reads and writes.</param>
    /// <param name="ready">Told where the page is.</param>
    /// <param name="cancellationToken">Tells it to stop.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(string[] words, CommandIo io, Action<Uri> ready, CancellationToken cancellationToken)
    {
        GlobalOptions global = new();
        RootCommand root = global.NewRoot();
        ServeArguments arguments = new();
        Command serve = ServeCommand.New(arguments);
        serve.SetAction((parse, stop) => RelayRun.RunAsync(global.Read(parse, io), parse, arguments, ready, stop));
        root.Subcommands.Add(serve);
        ParseResult parsed = root.Parse(words, GlobalOptions.Parsing);
        bool asJson = global.IsJson(parsed);
        if (UnknownWords.Describe(parsed) is { } unknown) return Failure.Usage(unknown).Tell(io, asJson);
        if (parsed.Errors.Count > 0) return Failure.Usage(string.Join(" ", parsed.Errors.Select(static error => error.Message))).Tell(io, asJson);
        InvocationConfiguration invocation = new() { Output = io.Out, Error = io.Error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
        try
        {
            return await parsed.InvokeAsync(invocation, cancellationToken);
        }
        catch (Exception exception)
        {
            return Failure.From(exception, cancellationToken).Tell(io, asJson);
        }
    }
}
