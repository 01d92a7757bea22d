using Microsoft.Extensions.Logging;

namespace Keyway.Cli;

/// <summary>What <c>--verbose</c> shows: the host's logs, a line each, on standard error. They hold no secret at any level.</summary>
internal sealed class VerboseLog(TextWriter error) : ILoggerFactory
{
    private readonly Lock _gate = new();

    public ILogger CreateLogger(string categoryName) => new Category(this, categoryName);

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("the command has one place for its logs");

    public void Dispose()
    {
        // The writer is the command's.
    }

    private void Write(string line)
    {
        lock (_gate) error.WriteLine(Shown.Text(line));
    }

    private sealed class Category(VerboseLog log, string name) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
            => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Debug && logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel)) log.Write($"{Word(logLevel)} {name}: {formatter(state, exception)}{(exception is null ? "" : $" ({exception.GetType().Name})")}");
        }

        private static string Word(LogLevel level) => level switch
        {
            LogLevel.Debug => "debug",
            LogLevel.Information => "info ",
            LogLevel.Warning => "warn ",
            _ => "error",
        };
    }
}
