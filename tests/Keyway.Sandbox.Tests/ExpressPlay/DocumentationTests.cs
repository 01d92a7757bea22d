using System.Globalization;
using System.Text.RegularExpressions;

namespace Keyway.Sandbox.ExpressPlay;

/// <summary>What docs/sandbox.md says of the codes is what the program says.</summary>
public sealed partial class DocumentationTests
{
    [Fact]
    public async Task Table_of_codes_is_the_programs()
    {
        string page = await File.ReadAllTextAsync(Path.Combine(Root, "docs", "sandbox.md"), TestContext.Current.CancellationToken);

        IEnumerable<(int, int, Pages)> rows = Row().Matches(page).Select(row => (
            int.Parse(row.Groups["code"].Value, CultureInfo.InvariantCulture),
            int.Parse(row.Groups["status"].Value, CultureInfo.InvariantCulture),
            (row.Groups["w"].Length > 0 ? Pages.Widevine : 0) | (row.Groups["p"].Length > 0 ? Pages.PlayReady : 0)));

        rows.Should().Equal(ErrorCodes.All.Select(code => (code.Code, code.Status, code.Pages)));
    }

    private static string Root
    {
        get
        {
            DirectoryInfo folder = new(AppContext.BaseDirectory);
            while (!File.Exists(Path.Combine(folder.FullName, "Framework.sln"))) folder = folder.Parent!;
            return folder.FullName;
        }
    }

    [GeneratedRegex(@"^\| (?<code>-\d{4}) \| ?(?<w>x?) ?\| ?(?<p>x?) ?\| (?<status>\d{3}) \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
