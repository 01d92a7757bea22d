using Spectre.Console;

namespace Keyway.Cli;

/// <summary>
/// Where a command reads and writes. Tests hand in their own; the program hands in the process's.
/// Under <c>--json</c> nothing but the report is written to standard output.
/// </summary>
internal sealed class CommandIo
{
    public required TextWriter Out { get; init; }

    public required TextWriter Error { get; init; }

    public required Func<Stream> OpenInput { get; init; }

    public required Func<Stream> OpenOutput { get; init; }

    /// <summary>Whether people look at <see cref="Error"/>: progress is shown only then.</summary>
    public bool Interactive { get; init; }

    public static CommandIo ForProcess() => new()
    {
        Out = Console.Out,
        Error = Console.Error,
        OpenInput = Console.OpenStandardInput,
        OpenOutput = Console.OpenStandardOutput,
        Interactive = !Console.IsErrorRedirected && !Console.IsOutputRedirected,
    };

    /// <summary>A console for tables, plain where nobody looks.</summary>
    public static IAnsiConsole ConsoleOn(TextWriter writer, bool interactive)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = interactive ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = interactive ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = interactive ? InteractionSupport.Detect : InteractionSupport.No,
        });
        // Redirected output has no width: rows are not to be folded at a guess.
        if (!interactive) console.Profile.Width = 240;
        return console;
    }
}
