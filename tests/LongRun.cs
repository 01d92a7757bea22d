namespace Keyway;

/// <summary>
/// Proofs that are repeated very often: a run of the tests takes a part of the repetitions, always the same one, so that it takes minutes;
/// with <c>KEYWAY_LONG=1</c> it takes all of them (<c>.ci/run</c> says when).
/// </summary>
internal static class LongRun
{
    private const int Seed = 20231;

    /// <summary>Whether all repetitions are wanted.</summary>
    public static bool IsOn { get; } = Environment.GetEnvironmentVariable("KEYWAY_LONG") == "1";

    /// <summary>How often something is tried.</summary>
    /// <param name="all">In a long run.</param>
    /// <param name="part">In every other.</param>
    public static int Times(int all, int part) => IsOn ? all : part;

    /// <summary>What is tried of many cases.</summary>
    /// <param name="all">All of them, which a long run takes.</param>
    /// <param name="part">How many every other run takes, drawn with a seed of their own and in their order.</param>
    /// <param name="always">Those that every run takes beside them.</param>
    public static IReadOnlyList<T> Of<T>(IEnumerable<T> all, int part, Func<T, bool>? always = null)
    {
        T[] cases = [.. all];
        if (IsOn || cases.Length <= part) return cases;
        int[] order = [.. Enumerable.Range(0, cases.Length)];
        new Random(Seed).Shuffle(order);
        HashSet<int> drawn = [.. order.AsSpan(0, part)];
        return [.. cases.Where((each, at) => drawn.Contains(at) || always?.Invoke(each) == true)];
    }

    /// <summary>The bits of some bytes that are flipped, one after the other.</summary>
    /// <param name="from">The first byte.</param>
    /// <param name="to">Behind the last byte.</param>
    /// <param name="part">How many every run takes that is not long.</param>
    public static IReadOnlyList<(int Byte, int Bit)> Bits(int from, int to, int part) =>
        Of(from >= to ? [] : Enumerable.Range(from * 8, (to - from) * 8).Select(static bit => (bit / 8, bit % 8)), part);
}
