using System.CommandLine;

namespace Keyway.Cli.Commands;

/// <summary><c>keyway serve</c>: a page that plays, and a clear rendition for any player of this machine, served by a process of its own: the web framework stays out of this one.</summary>
internal static class ServeCommand
{
    /// <summary>How it is called, and what help says of it.</summary>
    public static Command New(ServeArguments arguments) => arguments.AddTo(new Command(
        "serve",
        "Serves a presentation clear on 127.0.0.1: a page that plays it and tells what happens, DASH and HLS for any player. Without a source: the bundled sample."));

    public static Command Create(Func<ParseResult, CommandContext> context)
    {
        ServeArguments arguments = new();
        Command command = New(arguments);
        command.SetAction(async (parse, cancellationToken) =>
        {
            CommandContext own = context(parse);
            arguments.Check(parse);
            bool readsInput = parse.GetValue(arguments.Presentation.KeyFile) == "-" || parse.GetValue(arguments.Presentation.Cpix) == "-";
            return await RunAsync(own, [.. parse.Tokens.Select(static token => token.Value)], readsInput, cancellationToken);
        });
        return command;
    }

    private static async Task<int> RunAsync(CommandContext context, string[] words, bool readsInput, CancellationToken cancellationToken)
    {
        await using RelayProcess relay = await RelayProcess.StartAsync(words, readsInput, context.Io, cancellationToken);
        if (relay.Page is not { } page) return await relay.WaitAsync(cancellationToken);
        if (context.Json)
        {
            await context.Io.Out.WriteLineAsync(Json.Write(json =>
            {
                json.WriteStartObject();
                json.WriteString("url", page.AbsoluteUri);
                json.WriteString("dash", new Uri(page, RelayProcess.Dash).AbsoluteUri);
                json.WriteString("hls", new Uri(page, RelayProcess.Hls).AbsoluteUri);
                json.WriteNumber("pid", relay.Id);
                json.WriteEndObject();
            }));
            await context.Io.Out.FlushAsync(cancellationToken);
        }
        else
        {
            await context.Io.Error.WriteLineAsync($"page  {page}");
            await context.Io.Error.WriteLineAsync($"DASH  {new Uri(page, RelayProcess.Dash)}");
            await context.Io.Error.WriteLineAsync($"HLS   {new Uri(page, RelayProcess.Hls)}");
            await context.Io.Error.WriteLineAsync("For programs of this machine that know the address. Ctrl+C ends it.");
        }

        try
        {
            return await relay.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // That is how it is meant to end.
            return ExitCode.Interrupted;
        }
    }
}
