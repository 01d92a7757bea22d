using System.Globalization;

namespace Keyway.Cli;

/// <summary>
/// Progress of one thing for people who watch, as one line on standard error. Nothing that draws bars is loaded for it, and what is done within a second shows
/// nothing.
/// </summary>
/// <remarks>Threads: any; the line is written by one at a time.</remarks>
internal sealed class ProgressLine : IProgress<long>, IDisposable
{
    private const double Percent = 100;
    private const double Mebibyte = 1 << 20;

    private static readonly TimeSpan First = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Next = TimeSpan.FromMilliseconds(250);

    private readonly TextWriter _text;
    private readonly TimeProvider _clock;
    private readonly string _what;
    private readonly long _total;
    private readonly Lock _gate = new();
    private readonly long _begun;
    private TimeSpan _due = First;
    private int _width;

    private ProgressLine(TextWriter text, TimeProvider clock, string what, long total)
    {
        (_text, _clock, _what, _total) = (text, clock, what, total);
        _begun = clock.GetTimestamp();
    }

    /// <summary>Makes a line.</summary>
    /// <param name="io">Where people may watch.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="what">What is done.</param>
    /// <param name="total">How many bytes there are; 0: nobody knows.</param>
    /// <returns>The line; <see langword="null"/>: nobody watches.</returns>
    public static ProgressLine? On(CommandIo io, TimeProvider clock, string what, long total) => io.ErrorIsTerminal ? new ProgressLine(io.Error, clock, what, total) : null;

    public void Report(long value)
    {
        lock (_gate)
        {
            TimeSpan elapsed = _clock.GetElapsedTime(_begun);
            if (elapsed < _due) return;
            _due = elapsed + Next;
            string much = _total > 0
                ? string.Create(CultureInfo.InvariantCulture, $"{Math.Min(value, _total) * Percent / _total:0} %")
                : string.Create(CultureInfo.InvariantCulture, $"{value / Mebibyte:0} MiB");
            Write($"{_what}  {much}");
        }
    }

    /// <summary>Takes the line away.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _due = TimeSpan.MaxValue;
            if (_width == 0) return;
            Write("");
            _text.Write('\r');
            _text.Flush();
        }
    }

    private void Write(string line)
    {
        _text.Write($"\r{line.PadRight(_width)}");
        _text.Flush();
        _width = line.Length;
    }
}
