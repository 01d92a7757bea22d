using System.Text.RegularExpressions;
using Keyway.Cli.Run;
using Keyway.Licensing;
using Keyway.Testing;

namespace Keyway.Cli;

/// <summary>Every failure has a page, and every page is of a failure.</summary>
public sealed partial class ExplainTests
{
    private static string Source => File.ReadAllText(Path.Combine(Corpus.Root, "hosts", "cli", "Failure.cs"));

    [Fact]
    public async Task Every_word_that_a_failure_ends_with_has_a_page_and_no_page_is_left_over()
    {
        IEnumerable<string> ofLicences = Enum.GetNames<LicenseErrorKind>().Select(static name => CapitalInside().Replace(name, static letter => "-" + letter.Value).ToLowerInvariant());
        IEnumerable<string> ofTheCommand = Word().Matches(Source).Select(static match => match.Groups[1].Value);
        string[] kinds = (await CommandRun.OfAsync("explain")).ShouldEndWith(ExitCode.Done).Out.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        kinds.Should().BeEquivalentTo(ofLicences.Concat(ofTheCommand).Distinct());
    }

    [Fact]
    public async Task Page_says_the_exit_code_and_what_to_do_and_its_links_lead_somewhere()
    {
        string folder = Path.Combine(Corpus.Root, "docs", "errors");
        foreach (string file in Directory.EnumerateFiles(folder, "*.md"))
        {
            string text = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
            text.Should().StartWith($"# {Path.GetFileNameWithoutExtension(file)}\n\nExit code ").And.Contain("## What to do");
            foreach (Match link in Link().Matches(text)) File.Exists(Path.Combine(folder, link.Groups[1].Value)).Should().BeTrue($"{file} links to {link.Groups[1].Value}");
        }
    }

    [Fact]
    public async Task What_a_page_links_to_is_beside_the_program_and_named_with_its_whole_path()
    {
        foreach (string kind in (await CommandRun.OfAsync("explain")).Out.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            string text = (await CommandRun.OfAsync("explain", kind)).ShouldEndWith(ExitCode.Done).Out;
            text.Should().NotContain("](", "a terminal follows no links");
            foreach (Match path in ShownPath().Matches(text)) File.Exists(path.Groups[1].Value).Should().BeTrue($"{kind} names {path.Groups[1].Value}");
            if (text.Contains("Read on:", StringComparison.Ordinal)) ShownPath().Count(text).Should().BePositive();
        }
    }

    [Fact]
    public async Task Failure_names_its_page()
    {
        CommandRun run = (await CommandRun.OfAsync("inspect", "nosuch.mpd")).ShouldEndWith(ExitCode.Unreachable);
        run.Error.Should().Contain("keyway explain source");
        (await CommandRun.OfAsync("inspect", "nosuch.mpd", "--json")).ShouldFailInJson(ExitCode.Unreachable, "source").Json.GetProperty("error").GetProperty("page").GetString().Should().Be("docs/errors/source.md");
        (await CommandRun.OfAsync("explain", "source")).ShouldEndWith(ExitCode.Done).Out.Should().StartWith("# source");
        (await CommandRun.OfAsync("explain", "source", "--json")).ShouldEndWith(ExitCode.Done).Json.GetProperty("kind").GetString().Should().Be("source");
    }

    [Theory]
    [InlineData("nosuch")]
    [InlineData("../../appsettings")]
    public async Task Word_that_no_failure_ends_with_is_a_mistake_of_usage(string kind) =>
        (await CommandRun.OfAsync("explain", kind, "--json")).ShouldFailInJson(ExitCode.Usage, "usage");

    [GeneratedRegex("(?<=.)[A-Z]")]
    private static partial Regex CapitalInside();

    [GeneratedRegex("""(?:new\((?:ExitCode\.\w+|sandbox\.Code[^,]*|ExitCodeOf[^,]*), |\bOf\()"([a-z-]+)",""")]
    private static partial Regex Word();

    [GeneratedRegex(@"\((/[^)#\s]+\.md)(?:#[^)]*)?\)")]
    private static partial Regex ShownPath();

    [GeneratedRegex(@"\]\(([^)#]+)[^)]*\)")]
    private static partial Regex Link();
}
