using Spectre.Console;

namespace Keyway.Cli;

/// <summary>Progress for people who watch: a bar a track, on standard error. Nobody watching, it shows nothing.</summary>
internal sealed class ProgressView : IProgress<PresentationProgress>
{
    private readonly Dictionary<int, ProgressTask> _tasks = [];
    private ProgressContext? _context;
    private IReadOnlyList<string> _names = [];

    /// <summary>Names the bars, once the tracks are known.</summary>
    public void Name(IReadOnlyList<string> tracks) => _names = tracks;

    public void Report(PresentationProgress value)
    {
        if (_context is not { } context) return;
        lock (_tasks)
        {
            if (!_tasks.TryGetValue(value.Track, out ProgressTask? task))
            {
                string name = value.Track < _names.Count ? _names[value.Track] : $"track {value.Track + 1}";
                _tasks.Add(value.Track, task = context.AddTask(Shown.Markup(name)));
            }

            if (value.Total is > 0 and long total) task.MaxValue = total;
            else task.IsIndeterminate = true;
            task.Value = value.Done;
        }
    }

    /// <summary>Shows that something is waited for, until it is there.</summary>
    /// <param name="what">What.</param>
    /// <param name="wait">The wait.</param>
    public async Task WaitAsync(string what, Func<Task> wait)
    {
        ProgressTask? task = _context?.AddTask(Shown.Markup(what)).IsIndeterminate();
        try
        {
            await wait().ConfigureAwait(false);
        }
        finally
        {
            // A bar that is full would tell of work that was done; this one has told what it had to.
            if (task is not null)
            {
                task.IsIndeterminate(false);
                task.StopTask();
            }
        }
    }

    /// <summary>Does the work with bars on the screen.</summary>
    public async Task<T> ShowAsync<T>(CommandContext command, Func<Task<T>> work)
    {
        if (command.Json || !command.Io.ErrorIsTerminal) return await work().ConfigureAwait(false);
        IAnsiConsole console = command.Io.ErrorConsole();
        return await console.Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn())
            .StartAsync(async context =>
            {
                _context = context;
                return await work().ConfigureAwait(false);
            }).ConfigureAwait(false);
    }
}
