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
    private const int StandardInput = 0;
    private const int StandardOutput = 1;
    private const int StandardError = 2;

    private const string OutName = "standard output";

    private readonly bool _isProcess;
    private bool _isKept;

    private readonly bool? _errorIsTerminal;

    private readonly bool _outIsGiven;
    private readonly bool _errorIsGiven;

    /// <summary>Reports. The process's own writers are made when they are asked for: a command often needs one of the two.</summary>
    /// <exception cref="IOException">On writing: the process's standard output is closed, or its device is full. A terminal that has gone is no error: nobody is there to be told.</exception>
    public TextWriter Out
    {
        get => field ??= new StandardWriter(_outIsGiven ? Console.Out : null, OutName, mustReach: !OutIsTerminal);
        init;
    }

    /// <summary>Messages. The process's own never fails: what was done was done, whether or not it can be told.</summary>
    public TextWriter Error
    {
        get => field ??= new StandardWriter(_errorIsGiven ? Console.Error : null, "standard error", mustReach: false);
        init;
    }

    public required Func<Stream> OpenInput { get; init; }

    public required Func<Stream> OpenOutput { get; init; }

    /// <summary>Whether people look at <see cref="Out"/>: colours, and tables as wide as the screen.</summary>
    public bool OutIsTerminal => _outIsGiven && !Console.IsOutputRedirected;

    /// <summary>Whether people look at <see cref="Error"/>: progress is shown only then.</summary>
    public bool ErrorIsTerminal
    {
        get => _errorIsTerminal ?? (_errorIsGiven && !Console.IsErrorRedirected);
        init => _errorIsTerminal = value;
    }

    /// <summary>Ctrl-C and its like.</summary>
    public Interrupts Interrupts { get; init; } = new();

    /// <summary>What the command must not leave behind.</summary>
    public Leftovers Leftovers { get; init; } = new();

    [SetsRequiredMembers]
    private CommandIo(Interrupts interrupts)
    {
        _isProcess = true;
        bool given = OperatingSystem.IsWindows() || Posix.IsGiven(StandardInput);
        _outIsGiven = OperatingSystem.IsWindows() || Posix.IsGiven(StandardOutput);
        _errorIsGiven = OperatingSystem.IsWindows() || Posix.IsGiven(StandardError);
        OpenInput = given ? OpenStandardInput : static () => throw new IOException("standard input is closed");
        OpenOutput = _outIsGiven ? OpenStandardOutput : static () => throw new IOException($"{OutName} is closed");
        Interrupts = interrupts;
        if (!OperatingSystem.IsWindows()) Occupy();
    }

    public CommandIo()
    {
    }

    /// <summary>The process's own streams. A stream that was closed when it started is none, whatever has its number by now.</summary>
    public static CommandIo ForProcess(Interrupts interrupts) => new(interrupts);

    /// <summary>Keeps what plugins write to the console out of what the command writes. Where a test reads, there is nothing to be kept.</summary>
    public void KeepOutput(bool json)
    {
        if (!_isProcess || _isKept) return;
        _isKept = true;
        PluginConsole.Take(this, json);
    }

    /// <summary>A console for tables on <see cref="Out"/>.</summary>
    public IAnsiConsole OutConsole() => ConsoleOn(Out, OutIsTerminal);

    /// <summary>A console for progress on <see cref="Error"/>, and for reports when media goes to standard output.</summary>
    public IAnsiConsole ErrorConsole() => ConsoleOn(Error, ErrorIsTerminal);

    // Plain where nobody looks.
    private static IAnsiConsole ConsoleOn(TextWriter writer, bool interactive)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new ConsoleOutput(writer, interactive),
            Ansi = interactive ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = interactive ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = interactive ? InteractionSupport.Detect : InteractionSupport.No,
        });
        // Redirected output has no width: rows and paths are not to be folded at a guess.
        if (!interactive) console.Profile.Width = 10_000;
        return console;
    }

    /// <summary>Keeps files that are opened from now on away from the numbers of closed standard streams, which the runtime and libraries write to without asking.</summary>
    private static void Occupy()
    {
        for (int descriptor = StandardInput; descriptor <= StandardError; descriptor++)
            if (Posix.IsFree(descriptor)) _ = Posix.OpenName("/dev/null\0"u8);
    }

    /// <summary>A file of the shell's (<c>&lt; film.mp4</c>) is read as a file, which says how long it is: so a cut is noticed.</summary>
    private static Stream OpenStandardInput()
    {
        if (OperatingSystem.IsWindows()) return Console.OpenStandardInput();
        FileStream file = new(new SafeFileHandle(StandardInput, ownsHandle: false), FileAccess.Read, bufferSize: 0);
        return file.CanSeek && file.Length > file.Position ? FileSequence.Of(file, "standard input") : Console.OpenStandardInput();
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

    /// <summary>A writer for the library of consoles, which would know a terminal by the console's own writer alone.</summary>
    private sealed class ConsoleOutput(TextWriter writer, bool isTerminal) : IAnsiConsoleOutput
    {
        private readonly AnsiConsoleOutput _inner = new(writer);

        public TextWriter Writer => writer;

        public bool IsTerminal => isTerminal;

        public int Width => _inner.Width;

        public int Height => _inner.Height;

        public void SetEncoding(System.Text.Encoding encoding)
        {
            // The stream has the encoding that it has.
        }
    }
}
