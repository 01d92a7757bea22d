using System.CommandLine;
using System.Diagnostics;
using Keyway.Cli.Sandbox;

namespace Keyway.Cli.Commands;

/// <summary><c>keyway sandbox</c>: the development licence services in the foreground. Arguments are the sandbox's own.</summary>
internal static class SandboxCommand
{
    public static Command Create()
    {
        Argument<string[]> arguments = new("arguments")
        {
            Description = "Handed on to the sandbox: --port N, --data DIR, --ready -, … (keyway sandbox -- --help lists them)",
            Arity = ArgumentArity.ZeroOrMore,
        };
        Command command = new("sandbox", "Runs the licence services for development on loopback, until interrupted.")
        {
            arguments,
        };
        command.TreatUnmatchedTokensAsErrors = false;
        command.SetAction((parse, cancellationToken) =>
            RunAsync([.. parse.GetValue(arguments) ?? [], .. parse.UnmatchedTokens], cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string[] arguments, CancellationToken cancellationToken)
    {
        using Process process = Process.Start(SandboxProcess.StartInfo(arguments))
            ?? throw new InvalidOperationException("the sandbox did not start");
        try
        {
            await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
            return process.ExitCode;
        }
        catch (OperationCanceledException)
        {
            // The terminal has sent the same interrupt to the child, which ends by itself.
            process.WaitForExit(TimeSpan.FromSeconds(5));
            if (!process.HasExited) process.Kill(entireProcessTree: true);
            return ExitCode.Interrupted;
        }
    }
}
