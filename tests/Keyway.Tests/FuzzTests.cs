using Keyway.Fuzz;
using Keyway.Mp4;
using Keyway.Testing;

namespace Keyway;

/// <summary>A few seconds of the fuzzer with fixed numbers, and what it found once. CONTRIBUTING.md says how to run more of it.</summary>
[Collection(Alone.Name)]
public sealed class FuzzTests
{
    public static TheoryData<string> Parsers => [.. FrameworkParsers.All.Select(parser => parser.Name)];

    public static TheoryData<string> Found => [.. Directory.EnumerateFiles(Folder, "*.bin").Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];

    private static string Folder => Path.Combine(Corpus.Root, "tests", "Keyway.Tests", "Regressions");

    [Theory]
    [MemberData(nameof(Parsers))]
    public void Changed_seeds_give_results_or_typed_errors(string name)
    {
        FuzzRun run = new([Named(name)], SeedCorpus.Load(shared: false), seed: 20261123);
        run.Run(inputs => inputs < 1500).Select(finding => finding.What).Should().BeEmpty();
        run.Inputs.Should().Be(1500);
    }

    /// <summary>Whole and broken files of other projects, once each without a change.</summary>
    [Fact]
    public void Media_of_the_corpus_gives_results_or_typed_errors()
    {
        if (Corpus.Shared is null) Assert.Skip(Corpus.Absent);
        foreach (string file in Directory.EnumerateFiles(Path.Combine(Corpus.Shared, "corpus", "fuzz"), "*", SearchOption.AllDirectories))
            foreach (Parser parser in FrameworkParsers.All)
                FuzzRun.Try(parser, File.ReadAllBytes(file)).Should().BeNull($"{parser.Name} reads {file}");
    }

    /// <summary>Every seed of the corpus of other projects, changed twice for every parser of its kind.</summary>
    [Fact]
    public void Every_changed_file_of_the_corpus_gives_a_result_or_a_typed_error()
    {
        if (Corpus.Shared is null) Assert.Skip(Corpus.Absent);
        SeedCorpus seeds = SeedCorpus.Load(shared: true);
        foreach (Parser parser in FrameworkParsers.All)
        {
            IReadOnlyList<byte[]> own = seeds.Of(parser.Seeds);
            for (int i = 0; i < 2 * own.Count; i++)
                FuzzRun.Try(parser, new Mutator((ulong)i).Mutate(own[i / 2], own[(i + 7) % own.Count])).Should().BeNull($"{parser.Name} reads change {i}");
        }
    }

    [Theory]
    [MemberData(nameof(Found))]
    public void What_was_found_once_is_answered_properly(string file)
    {
        byte[] input = File.ReadAllBytes(Path.Combine(Folder, file));
        FuzzRun.Try(Named(file[..file.LastIndexOf('-')]), input).Should().BeNull();
    }

    [Fact]
    public void A_parser_that_breaks_or_takes_too_much_is_a_finding()
    {
        FuzzRun.Try(new Parser("breaks", SeedKind.Media, static _ => throw new InvalidOperationException("here")), []).Should().Contain("here");
        FuzzRun.Try(new Parser("eats", SeedKind.Media, static _ => GC.KeepAlive(new byte[100 << 20])), []).Should().Contain("MiB");
        FuzzRun.Try(new Parser("refuses", SeedKind.Media, static _ => throw new MediaFormatException("x", new FormatError("no", "", 0))), []).Should().BeNull();
        byte[] seed = [.. Enumerable.Range(0, 100).Select(i => (byte)i)];
        new Mutator(5).Mutate(seed, seed).Should().Equal(new Mutator(5).Mutate(seed, seed)).And.NotEqual(seed);
    }

    private static Parser Named(string name) => FrameworkParsers.All.Single(parser => parser.Name == name);
}
