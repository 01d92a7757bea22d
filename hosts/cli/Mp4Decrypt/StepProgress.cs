using System.Globalization;

namespace Keyway.Cli.Mp4Decrypt;

/// <summary>Progress as <c>mp4decrypt --show-progress</c> writes it: <c>STEP/TOTAL</c> behind a carriage return, on standard output. A step is a hundredth of the input.</summary>
/// <remarks>Threads: any; one writes at a time.</remarks>
/// <param name="text">Where to.</param>
/// <param name="total">How many bytes there are; 0: nobody knows, and nothing is shown before the end.</param>
internal sealed class StepProgress(TextWriter text, long total) : IProgress<long>, IDisposable
{
    private const long Steps = 100;

    private readonly Lock _gate = new();
    private long _shown;
    private bool _isOver;

    public void Report(long value)
    {
        if (total > 0) Show(Math.Min(Steps, (long)(Math.Min(value, total) * (double)Steps / total)));
    }

    /// <summary>All of it is done.</summary>
    public void Finish() => Show(Steps);

    /// <summary>Nothing is shown any more: what comes next is a message.</summary>
    public void Dispose()
    {
        lock (_gate) _isOver = true;
    }

    private void Show(long step)
    {
        lock (_gate)
        {
            if (_isOver || step <= _shown) return;
            _shown = step;
            text.Write(string.Create(CultureInfo.InvariantCulture, $"\r{step}/{Steps}"));
            text.Flush();
        }
    }
}
