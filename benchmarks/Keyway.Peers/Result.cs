namespace Keyway.Peers;

/// <summary>What came of one program and one file.</summary>
internal sealed class Result(TestFile file, Peer peer)
{
    public TestFile File => file;

    public Peer Peer => peer;

    public List<Command.Took> Runs { get; } = [];

    /// <summary>Those beside a busy processor.</summary>
    public List<Command.Took> BusyRuns { get; } = [];

    public long Memory { get; set; }

    /// <summary>What the samples of its output are: as they should be, others, not compared.</summary>
    public string Samples { get; set; } = "";

    /// <summary>Why there are no figures.</summary>
    public string? NotRun { get; set; }

    public double Median => At(Runs, 0.5, static run => run.Seconds);

    public double Busy => At(BusyRuns, 0.5, static run => run.Seconds);

    public double BusyProcessor => At(BusyRuns, 0.5, static run => run.User + run.Kernel);

    public double Processor => At(Runs, 0.5, static run => run.User + run.Kernel);

    public double Least => At(Runs, 0, static run => run.Seconds);

    public double Most => At(Runs, 1, static run => run.Seconds);

    public double User => At(Runs, 0.5, static run => run.User);

    public double Kernel => At(Runs, 0.5, static run => run.Kernel);

    private static double At(List<Command.Took> runs, double part, Func<Command.Took, double> of)
    {
        if (runs.Count == 0) return double.NaN;
        double[] sorted = [.. runs.Select(of).Order()];
        double at = part * (sorted.Length - 1);
        int below = (int)at;
        return below + 1 < sorted.Length ? sorted[below] + ((at - below) * (sorted[below + 1] - sorted[below])) : sorted[below];
    }
}
