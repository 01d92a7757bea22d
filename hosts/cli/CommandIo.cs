using System.Diagnostics.CodeAnalysis;
using Microsoft.Win32.SafeHandles;
using Spectre.Console;

namespace Keyway.Cli;

/// <summary>
/// Where a command reads and writes. Tests hand in their own; the program hands in the process's.
/// Under <c>--json</c> nothing but the report is written to standard output.
/// </summary>
internal sealed class CommandIo
{
    private const int StandardOutput = 1;

    private readonly bool _isProcess;
    private readonly bool? _errorIsTerminal;

    /// <summary>Texts. The process's own are made when they are asked for: a command often needs one of the two.</summary>
    public TextWriter Out
    {
        get => field ??= Console.Out;
        init;
    }

    public TextWriter Error
    {
        get => field ??= Console.Error;
        init;
    }

    public required Func<Stream> OpenInput { get; init; }

    public required Func<Stream> OpenOutput { get; init; }

    /// <summary>Whether people look at <see cref="Out"/>: colours, and tables as wide as the screen.</summary>
    public bool OutIsTerminal => _isProcess && !Console.IsOutputRedirected;

    /// <summary>Whether people look at <see cref="Error"/>: progress is shown only then.</summary>
    public bool ErrorIsTerminal
    {
        get => _errorIsTerminal ?? (_isProcess && !Console.IsErrorRedirected);
        init => _errorIsTerminal = value;
    }

    /// <summary>Ctrl-C and its like.</summary>
    public Interrupts Interrupts { get; init; } = new();

    [SetsRequiredMembers]
    private CommandIo(bool isProcess) => (_isProcess, OpenInput, OpenOutput) = (isProcess, Console.OpenStandardInput, OpenStandardOutput);

    public CommandIo()
    {
    }

    public static CommandIo ForProcess(Interrupts interrupts) => new(isProcess: true) { Interrupts = interrupts };

    /// <summary>A console for tables on <see cref="Out"/>.</summary>
    public IAnsiConsole OutConsole() => ConsoleOn(Out, OutIsTerminal);

    /// <summary>A console for progress on <see cref="Error"/>, and for reports when media goes to standard output.</summary>
    public IAnsiConsole ErrorConsole() => ConsoleOn(Error, ErrorIsTerminal);

    // Plain where nobody looks.
    private static IAnsiConsole ConsoleOn(TextWriter writer, bool interactive)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = interactive ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = interactive ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = interactive ? InteractionSupport.Detect : InteractionSupport.No,
        });
        // Redirected output has no width: rows and paths are not to be folded at a guess.
        if (!interactive) console.Profile.Width = 10_000;
        return console;
    }

    /// <summary>
    /// The console's own stream takes a closed pipe for success, and a presentation would be decrypted to its end for nobody.
    /// A file keeps that stream: two positions in one file would overwrite each other.
    /// </summary>
    private static Stream OpenStandardOutput()
    {
        if (OperatingSystem.IsWindows()) return Console.OpenStandardOutput();
        FileStream pipe = new(new SafeFileHandle(StandardOutput, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        return pipe.CanSeek ? Console.OpenStandardOutput() : pipe;
    }
}
