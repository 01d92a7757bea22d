using System.Text.RegularExpressions;
using Keyway.Testing;

namespace Keyway;

/// <summary>The page docs/trust.md says what is proved, and by which test: it cannot name one that is not there.</summary>
public sealed partial class TrustPageTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(Corpus.Root, "docs", "trust.md"));

    [Fact]
    public void Every_test_that_the_page_names_exists()
    {
        (string Class, string Method)[] named = [.. Named().Matches(Page).Select(static match => (match.Groups[1].Value, match.Groups[2].Value)).Distinct()];
        named.Length.Should().BeGreaterThan(60);
        HashSet<(string, string)> tests = [.. Tests()];
        tests.Should().Contain((nameof(TrustPageTests), nameof(Every_test_that_the_page_names_exists)), "the search finds this one");
        named.Where(name => !tests.Contains(name)).Should().BeEmpty("they are no tests");
    }

    [Fact]
    public void Every_row_of_the_page_names_a_test()
    {
        string[] rows = [.. Page.Split('\n').Where(static line => line.StartsWith('|') && !line.StartsWith("|---", StringComparison.Ordinal) && !line.Contains("| Proved by |", StringComparison.Ordinal))];
        rows.Length.Should().BeGreaterThan(35);
        rows.Where(static row => !Named().IsMatch(row.Split('|')[^2])).Should().BeEmpty("it is a rule that nobody executes");
    }

    [Fact]
    public void Every_room_that_the_page_names_exists()
    {
        string[] files = [.. Room().Matches(Page).Select(static match => match.Groups[1].Value).Distinct()];
        files.Length.Should().BeGreaterThan(8);
        files.Where(static file => !Directory.EnumerateFiles(Path.Combine(Corpus.Root, "framework"), Path.GetFileName(file) + ".cs", SearchOption.AllDirectories)
            .Any(path => path.Replace('\\', '/').EndsWith($"/{file}.cs", StringComparison.Ordinal))).Should().BeEmpty("they are no files");
    }

    /// <summary>The methods with an attribute of xunit, each with the class whose file it stands in (of a class in several files, the part before the dot).</summary>
    private static IEnumerable<(string, string)> Tests() =>
        from file in Directory.EnumerateFiles(Path.Combine(Corpus.Root, "tests"), "*Tests*.cs", SearchOption.AllDirectories)
        where !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal)
        let text = File.ReadAllText(file)
        from Match method in Test().Matches(text)
        select (Path.GetFileName(file).Split('.')[0], method.Groups[1].Value);

    [GeneratedRegex("`([A-Za-z]+Tests)\\.([A-Za-z0-9_]+)`")]
    private static partial Regex Named();

    [GeneratedRegex("`([A-Z][A-Za-z]+(?:/[A-Z][A-Za-z]+)+)`")]
    private static partial Regex Room();

    [GeneratedRegex("\\[(?:Fact|Theory)[^\\n]*\\](?:\\s*\\[[^\\n]*\\][^\\n]*|\\s*//[^\\n]*)*\\s*public [^(\\n]*?([A-Za-z0-9_]+)\\(")]
    private static partial Regex Test();
}
