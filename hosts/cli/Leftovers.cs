namespace Keyway.Cli;

/// <summary>What a command has made and must not leave behind where it ends early: part files, temporary folders with keys.</summary>
/// <remarks>Threads: any. Who made something undoes it; this is for the end that nobody waits for.</remarks>
internal sealed class Leftovers
{
    private readonly Lock _gate = new();
    private readonly List<Entry> _entries = [];
    private bool _isOver;

    /// <summary>Notes something.</summary>
    /// <param name="undo">Takes it away, also while it is in use. Called once at most, and never after the note is disposed.</param>
    /// <returns>The note: disposed when there is nothing to take away any more.</returns>
    /// <exception cref="OperationCanceledException">The command has ended.</exception>
    public IDisposable Add(Action undo)
    {
        Entry entry = new(this, undo);
        lock (_gate)
        {
            if (!_isOver)
            {
                _entries.Add(entry);
                return entry;
            }
        }

        Try(undo);
        throw new OperationCanceledException();
    }

    /// <summary>Takes everything away, the last first. Nothing can be added any more.</summary>
    public void Undo()
    {
        List<Entry> entries;
        lock (_gate)
        {
            _isOver = true;
            entries = [.. _entries];
            _entries.Clear();
        }

        for (int i = entries.Count - 1; i >= 0; i--) Try(entries[i].Undo);
    }

    private static void Try(Action undo)
    {
        try
        {
            undo();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            // The rest goes all the same; a later run finds what stays.
        }
    }

    private sealed class Entry(Leftovers owner, Action undo) : IDisposable
    {
        public Action Undo { get; } = undo;

        public void Dispose()
        {
            lock (owner._gate) owner._entries.Remove(this);
        }
    }
}
