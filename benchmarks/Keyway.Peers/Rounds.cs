namespace Keyway.Peers;

/// <summary>Has one program decrypt one file.</summary>
internal static class Rounds
{
    /// <summary>Once before the rounds: whether it works, what its output holds, and how much memory it takes. It also brings program and file into memory.</summary>
    public static void Check(Result result, string ffmpeg, string folder)
    {
        string to = Target(result, folder);
        IReadOnlyList<string> arguments = result.Peer.Arguments(result.File, to);
        Command.Took took = Command.Measure(result.Peer.Program!, arguments);
        if (took.Code != 0)
        {
            result.NotRun = $"failed with {took.Code}";
        }
        else if (result.Peer.Decrypts)
        {
            result.Samples = Compare(result, ffmpeg, to);
        }

        File.Delete(to);
        if (took.Code != 0) return;
        result.Memory = Command.MeasureMemory(result.Peer.Program!, arguments);
        File.Delete(to);
    }

    /// <summary>One timed run, to a file that is not there.</summary>
    public static void Measure(Result result, string folder, bool isBusy)
    {
        string to = Target(result, folder);
        Command.Took took = Command.Measure(result.Peer.Program!, result.Peer.Arguments(result.File, to));
        if (took.Code == 0) (isBusy ? result.BusyRuns : result.Runs).Add(took);
        else result.NotRun = $"failed with {took.Code}";
        File.Delete(to);
    }

    private static string Compare(Result result, string ffmpeg, string to)
    {
        foreach ((string peer, string scheme, string _) in KnownPeers.Faults)
            if (peer == result.Peer.Name && scheme == result.File.Scheme) return "not compared";
        return TestFiles.HashOf(ffmpeg, to) == result.File.Hash ? "agree" : "differ";
    }

    private static string Target(Result result, string folder)
    {
        string to = Path.Combine(folder, $"out.{result.File.Kind}.{result.File.Extension}");
        File.Delete(to);
        return to;
    }
}
