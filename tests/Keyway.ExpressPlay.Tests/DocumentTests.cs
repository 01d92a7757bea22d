using Keyway.Testing;

namespace Keyway.ExpressPlay;

/// <summary>docs/expressplay.md says what the code says.</summary>
public sealed class DocumentTests
{
    [Fact]
    public void Table_of_errors_has_every_code_with_its_kind_and_advice()
    {
        const string storefront = "the storefront's token request is wrong: ";
        string[] rows = [.. File.ReadLines(Path.Combine(Corpus.Root, "docs", "expressplay.md")).Where(static line => line.StartsWith("| `-", StringComparison.Ordinal))];
        rows.Should().Equal(ExpressPlayCode.All.Select(code =>
            $"| `{code.Code}` | `{code.Kind}` | {(code.Advice.StartsWith(storefront, StringComparison.Ordinal) ? "† " + code.Advice[storefront.Length..] : code.Advice)} |"));
    }
}
