using System.Collections.Concurrent;

namespace Keyway.Cdm.FakeHost;

/// <summary>A thread that is older than any sandbox: what a thread enters for itself alone does not hold it.</summary>
internal static class EarlyThread
{
    private static readonly BlockingCollection<Action> Actions = [];

    public static void Start() => new Thread(() =>
    {
        foreach (Action action in Actions.GetConsumingEnumerable()) action();
    })
    { IsBackground = true }.Start();

    /// <summary>Has something done there, and waits for it.</summary>
    public static void Do(Action action)
    {
        using ManualResetEventSlim done = new();
        Actions.Add(() =>
        {
            action();
            done.Set();
        });
        done.Wait();
    }
}
