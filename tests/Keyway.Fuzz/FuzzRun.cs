namespace Keyway.Fuzz;

/// <summary>Feeds parsers with changed seeds, one after the other and round and round.</summary>
internal sealed class FuzzRun(IReadOnlyList<Parser> parsers, SeedCorpus seeds, ulong seed)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>How many inputs were read.</summary>
    public long Inputs { get; private set; }

    /// <summary>Reads inputs until somebody has enough.</summary>
    /// <param name="goOn">Asked before each input, with the number of those before it.</param>
    public IEnumerable<Finding> Run(Func<long, bool> goOn)
    {
        for (ulong number = 0; goOn(Inputs); number++)
        {
            Parser parser = parsers[(int)(number % (ulong)parsers.Count)];
            IReadOnlyList<byte[]> own = seeds.Of(parser.Seeds);
            Mutator mutator = new(seed * 0x1_0000_0000 + number);
            byte[] input = mutator.Mutate(own[mutator.Below(own.Count)], own[mutator.Below(own.Count)]);
            Inputs++;
            if (Try(parser, input) is { } what) yield return new Finding(parser, input, what);
        }
    }

    /// <summary>Lets a parser read an input.</summary>
    /// <returns>What is wrong with what it did; <see langword="null"/> where nothing is.</returns>
    public static string? Try(Parser parser, byte[] input)
    {
        long allocated = GC.GetTotalAllocatedBytes();
        TimeSpan used = Environment.CpuUsage.TotalTime;
        try
        {
            parser.Read(input);
        }
        catch (KeywayException)
        {
        }
        catch (Exception exception)
        {
            return exception.ToString();
        }

        used = Environment.CpuUsage.TotalTime - used;
        if (used > Patience) return string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{used.TotalSeconds:0} s for {input.Length} bytes");
        allocated = GC.GetTotalAllocatedBytes() - allocated;
        return allocated > (64L << 20) + 200L * input.Length ? $"{allocated >> 20} MiB for {input.Length} bytes" : null;
    }
}
