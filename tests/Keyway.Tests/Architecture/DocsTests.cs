using Keyway.Testing;

namespace Keyway.Architecture;

/// <summary>Pages that rot are worse than none: code that they show is code that is compiled, and links lead somewhere.</summary>
public sealed class DocsTests
{
    private const string From = "<!-- from ";

    public static TheoryData<string> Pages { get; } =
    [
        "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md",
        .. Directory.EnumerateFiles(Path.Combine(Corpus.Root, "docs"), "*.md", SearchOption.AllDirectories).Select(static file => Path.GetRelativePath(Corpus.Root, file).Replace('\\', '/')),
        .. Directory.EnumerateFiles(Path.Combine(Corpus.Root, "samples"), "README.md", SearchOption.AllDirectories).Select(static file => Path.GetRelativePath(Corpus.Root, file).Replace('\\', '/')),
    ];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Code_on_a_page_is_in_the_file_that_it_names(string page)
    {
        string[] lines = File.ReadAllLines(Path.Combine(Corpus.Root, page));
        for (int i = 0; i < lines.Length; i++)
        {
            if (lines[i] != "```csharp") continue;
            lines[i - 1].Should().StartWith(From, $"{page}:{i + 1} shows code, and the line above it names its file");
            string file = lines[i - 1][From.Length..^" -->".Length];
            // In its order. Documentation comments and attributes of the file may be left out on the page.
            Queue<string> source = new(File.ReadLines(Path.Combine(Corpus.Root, file)).Select(static line => line.Trim()));
            for (i++; lines[i] != "```"; i++)
            {
                string wanted = lines[i].Trim();
                if (wanted.Length == 0) continue;
                while (source.Count > 0 && source.Peek() != wanted) source.Dequeue();
                source.Should().NotBeEmpty($"{page}:{i + 1} shows '{wanted}', and {file} has it no longer, or elsewhere");
                source.Dequeue();
            }
        }
    }

    [Fact]
    public void Page_of_failures_and_the_table_of_contents_have_every_page()
    {
        string failures = File.ReadAllText(Path.Combine(Corpus.Root, "docs", "failures.md")), contents = File.ReadAllText(Path.Combine(Corpus.Root, "docs", "toc.yml"));
        foreach (string page in Directory.EnumerateFiles(Path.Combine(Corpus.Root, "docs", "errors"), "*.md").Select(static file => Path.GetFileName(file)!))
            failures.Should().Contain($"| `{Path.GetFileNameWithoutExtension(page)}` |").And.Contain($"](errors/{page})");
        foreach (string page in Directory.EnumerateFiles(Path.Combine(Corpus.Root, "docs"), "*.md", SearchOption.AllDirectories).Select(static file => Path.GetRelativePath(Path.Combine(Corpus.Root, "docs"), file).Replace('\\', '/')))
            contents.Should().Contain($"href: {page}\n", "the site has a way to {0}", page);
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void Links_of_a_page_lead_to_files(string page)
    {
        string path = Path.Combine(Corpus.Root, page);
        foreach (System.Text.RegularExpressions.Match link in System.Text.RegularExpressions.Regex.Matches(File.ReadAllText(path), @"\]\(([^)\s]+)\)"))
        {
            string target = link.Groups[1].Value.Split('#')[0];
            if (target.Length == 0 || target.Contains("://", StringComparison.Ordinal)) continue;
            Path.Exists(Path.Combine(Path.GetDirectoryName(path)!, target)).Should().BeTrue($"{page} links to {target}");
        }
    }
}
