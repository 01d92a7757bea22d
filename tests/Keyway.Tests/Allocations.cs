namespace Keyway;

/// <summary>What code allocates on its own thread.</summary>
internal static class Allocations
{
    /// <summary>
    /// The least of several runs, in bytes. A collection that another thread causes in the middle counts what is left of this thread's allocation context as allocated; code that
    /// allocates does so in every run.
    /// </summary>
    public static long Least(Action run)
    {
        long least = long.MaxValue;
        for (int i = 0; i < 6 && least > 0; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            run();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
