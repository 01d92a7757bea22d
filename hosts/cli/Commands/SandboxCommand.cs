using System.CommandLine;
using System.Diagnostics;
using Keyway.Cli.Sandbox;

namespace Keyway.Cli.Commands;

/// <summary><c>keyway sandbox</c>: the development licence services in the foreground. Arguments are the sandbox's own.</summary>
internal static class SandboxCommand
{
    public static Command Create(Func<ParseResult, CommandContext> context)
    {
        Argument<string[]> arguments = new("arguments")
        {
            Description = "Handed on to the sandbox: --port N, --keys FILE, --data DIR; credential --system NAME --out DIR (keyway sandbox -- --help lists them)",
            Arity = ArgumentArity.ZeroOrMore,
        };
        Command command = new("sandbox", "Runs the licence services for development on loopback, until interrupted.")
        {
            arguments,
        };
        command.TreatUnmatchedTokensAsErrors = false;
        command.SetAction((parse, cancellationToken) =>
            RunAsync(context(parse), [.. parse.GetValue(arguments) ?? [], .. parse.UnmatchedTokens], cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(CommandContext context, string[] arguments, CancellationToken cancellationToken)
    {
        // A user who calls the sandbox directly, asks for its help, or wants a device of it and no service, gets it as it is.
        if (arguments is ["credential", ..] || arguments.Any(static argument => argument is "--ready" or "--help" or "-h")) return await HandOnAsync(arguments, context.Io.Leftovers, cancellationToken);

        await using SandboxProcess sandbox = await SandboxProcess.StartAsync(arguments, context.Io.Error, context.Io.Leftovers, cancellationToken);
        if (context.Json)
        {
            await context.Io.Out.WriteLineAsync(Json.Write(json =>
            {
                json.WriteStartObject();
                json.WriteString("url", sandbox.Url.AbsoluteUri);
                json.WriteNumber("pid", sandbox.Id);
                json.WriteEndObject();
            }));
            await context.Io.Out.FlushAsync(cancellationToken);
        }
        else await context.Io.Error.WriteLineAsync($"The sandbox listens on {sandbox.Url}. Ctrl+C ends it.");

        try
        {
            return await sandbox.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // That is how it is meant to end.
            return ExitCode.Interrupted;
        }
    }

    private static async Task<int> HandOnAsync(string[] arguments, Leftovers leftovers, CancellationToken cancellationToken)
    {
        using Process process = Process.Start(SandboxProcess.StartInfo(arguments))
            ?? throw new SandboxException(ExitCode.Unexpected, "it did not start");
        using IDisposable note = leftovers.Add(() => process.Kill(entireProcessTree: true));
        try
        {
            await process.WaitForExitAsync(cancellationToken);
            return process.ExitCode;
        }
        catch (OperationCanceledException)
        {
            // A terminal has sent the same interrupt to the child, which ends by itself.
            process.WaitForExit(TimeSpan.FromSeconds(5));
            if (!process.HasExited) process.Kill(entireProcessTree: true);
            return ExitCode.Interrupted;
        }
    }
}
