namespace Keyway.Mp4.Samples;

/// <summary>Tables that wait for the next fragment. Threads: any.</summary>
internal sealed class SampleTablePool
{
    private readonly Stack<SampleTable> _tables = new();

    public SampleTable Rent()
    {
        lock (_tables) return _tables.TryPop(out SampleTable? table) ? table : new SampleTable();
    }

    public void Return(SampleTable table)
    {
        lock (_tables) _tables.Push(table);
    }
}
