using System.Text;

namespace Keyway.Cli;

/// <summary>
/// Texts to a standard stream that may be closed, on a full device, or a terminal that has gone. Where a file or a program was to have the report, that is an error, because a report that
/// nobody has is no report; what people cannot be told changes nothing about what was done.
/// </summary>
internal sealed class StandardWriter(TextWriter? inner, string name, bool mustReach) : TextWriter(System.Globalization.CultureInfo.InvariantCulture)
{
    private bool _isOver = inner is null;

    public override Encoding Encoding => inner?.Encoding ?? Encoding.UTF8;

    public override void Write(char value) => Write([value]);

    public override void Write(char[] buffer, int index, int count) => Write(buffer.AsSpan(index, count));

    public override void Write(string? value) => Write(value.AsSpan());

    public override void WriteLine(string? value) => Write(value + CoreNewLine.AsSpan().ToString());

    public override void Write(ReadOnlySpan<char> buffer)
    {
        if (buffer.IsEmpty) return;
        if (_isOver)
        {
            if (mustReach) throw new IOException($"{name} is closed");
            return;
        }

        try
        {
            inner!.Write(buffer);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            Fail(exception);
        }
    }

    public override void Flush()
    {
        if (_isOver) return;
        try
        {
            inner!.Flush();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            Fail(exception);
        }
    }

    // A task would be made only to write what is written at once.
    public override Task WriteAsync(string? value)
    {
        Write(value);
        return Task.CompletedTask;
    }

    public override Task WriteLineAsync(string? value)
    {
        WriteLine(value);
        return Task.CompletedTask;
    }

    public override Task FlushAsync(CancellationToken cancellationToken)
    {
        Flush();
        return Task.CompletedTask;
    }

    private void Fail(Exception exception)
    {
        _isOver = true;
        if (mustReach) throw new IOException($"{name}: {exception.Message}", exception);
    }
}
