using System.Diagnostics;
using System.Text;
using Keyway.Hosting.Plugins;

namespace Keyway.Cli;

/// <summary>
/// What plugins say past the command, and how a crash of theirs is reported. Standard output is the command's: media and reports go there, and a line of a plugin
/// would spoil them. What code writes to the console goes to standard error, under the plugin's name.
/// </summary>
internal sealed class PluginConsole : TextWriter
{
    private readonly Lock _gate = new();
    private readonly StringBuilder _line = new();
    private readonly TextWriter _error;

    private PluginConsole(TextWriter error) : base(System.Globalization.CultureInfo.InvariantCulture) => _error = error;

    public override Encoding Encoding => Encoding.UTF8;

    /// <summary>Takes the console of the process, before code of plugins runs.</summary>
    /// <param name="io">Where the command itself reads and writes.</param>
    /// <param name="json">Whether failures are reported as JSON.</param>
    public static void Take(CommandIo io, bool json)
    {
        // The command's own writers are those of before.
        (_, TextWriter error) = (io.Out, io.Error);
        Console.SetOut(Synchronized(new PluginConsole(error)));
        AppDomain.CurrentDomain.UnhandledException += (_, unhandled) => OnUnhandled(io, json, unhandled.ExceptionObject as Exception);
    }

    public override void Write(char value) => Write([value]);

    public override void Write(char[] buffer, int index, int count) => Write(buffer.AsSpan(index, count));

    public override void Write(string? value) => Write(value.AsSpan());

    public override void Write(ReadOnlySpan<char> buffer)
    {
        lock (_gate)
        {
            foreach (char letter in buffer)
            {
                if (letter == '\n') EndLine();
                else if (letter != '\r') _line.Append(letter);
            }
        }
    }

    public override void Flush()
    {
        lock (_gate)
            if (_line.Length > 0) EndLine();
    }

    private void EndLine()
    {
        string who = PluginCode.FindOn(new StackTrace(fNeedFileInfo: false)) is { } id ? $"plugin '{id}': " : "";
        _error.WriteLine($"{who}{Shown.Text(_line.ToString())}");
        _line.Clear();
    }

    /// <summary>
    /// An exception on a thread that nobody waits for (<c>async void</c>, a timer, a thread of the plugin's own) ends the process; no host can stop it. It is told
    /// who did it, and without what the text may hold.
    /// </summary>
    private static void OnUnhandled(CommandIo io, bool json, Exception? exception)
    {
        if (exception is null || PluginCode.FindIn(exception) is not { } id) return;
        new Failure(ExitCode.Unexpected, "unexpected", $"plugin '{id}' has thrown where nobody can catch it: {PluginText.Of(exception)}").Tell(io, json);
        Environment.Exit(ExitCode.Unexpected);
    }
}
