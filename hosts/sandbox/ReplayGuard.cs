namespace Keyway.Sandbox;

/// <summary>Remembers what may be used once. Any thread may ask.</summary>
internal sealed class ReplayGuard
{
    private const int Most = 1 << 16;

    private readonly Lock _lock = new();
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);
    private readonly Queue<string> _order = new();

    /// <summary>Uses things, all of them or none.</summary>
    /// <param name="things">What to use.</param>
    /// <param name="isKept">Whether to remember it; otherwise it is only looked at.</param>
    /// <returns>The first that has been used before, or <see langword="null"/>.</returns>
    public string? Use(IReadOnlyCollection<string> things, bool isKept)
    {
        lock (_lock)
        {
            if (things.FirstOrDefault(_used.Contains) is { } again) return again;
            if (!isKept) return null;
            foreach (string thing in things)
                if (_used.Add(thing)) _order.Enqueue(thing);
            while (_order.Count > Most) _used.Remove(_order.Dequeue());   // a test machine that runs for weeks
            return null;
        }
    }
}
