namespace Keyway;

/// <summary>What hostile input may cost: a second of the processor and 64 MiB, whatever the machine has to do besides. For tests that run alone.</summary>
internal static class Price
{
    public static async Task ShouldBeLowAsync(Func<Task> read, string way)
    {
        long allocated = GC.GetTotalAllocatedBytes();
        TimeSpan used = Environment.CpuUsage.TotalTime;
        try
        {
            await read();
        }
        catch (KeywayException)
        {
            // A typed refusal is as good as a result.
        }

        (Environment.CpuUsage.TotalTime - used).Should().BeLessThan(TimeSpan.FromSeconds(1), way);
        (GC.GetTotalAllocatedBytes() - allocated).Should().BeLessThan(64 << 20, way);
    }

    public static Task ShouldBeLowAsync(Action read, string way) => ShouldBeLowAsync(
        () =>
        {
            read();
            return Task.CompletedTask;
        },
        way);
}
