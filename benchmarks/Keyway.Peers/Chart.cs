using System.Globalization;
using System.Text;

namespace Keyway.Peers;

/// <summary>Draws the medians of the large files as bars, as plain SVG.</summary>
internal static class Chart
{
    private const int Width = 760, Left = 170, Right = 70, Bar = 16, Gap = 6, Head = 30;

    public static string Draw(IReadOnlyList<Result> results)
    {
        List<Result> shown = [.. results.Where(static result => result.File.Kind == "big" && result.NotRun is null && result.Runs.Count > 0)];
        double most = shown.Count == 0 ? 1 : shown.Max(static result => result.Median);
        StringBuilder bars = new();
        int y = 34;
        foreach (IGrouping<string, Result> scheme in shown.GroupBy(static result => result.File.Scheme))
        {
            Text(bars, 12, y + 14, scheme.Key, "start", bold: true);
            y += Head - 8;
            foreach (Result result in scheme)
            {
                double length = Math.Max(1, result.Median / most * (Width - Left - Right));
                string colour = result.Peer.Name.StartsWith("keyway", StringComparison.Ordinal) ? "#2f6f9f" : result.Peer.Decrypts ? "#b9b9b9" : "#dedede";
                Text(bars, Left - 8, y + 12, result.Peer.Name, "end");
                bars.AppendLine(CultureInfo.InvariantCulture, $"""  <rect x="{Left}" y="{y}" width="{length:0.0}" height="{Bar}" fill="{colour}"/>""");
                Text(bars, Left + (int)length + 6, y + 12, result.Median.ToString("0.00 s", CultureInfo.InvariantCulture), "start");
                y += Bar + Gap;
            }

            y += 10;
        }

        double size = shown.Count == 0 ? 0 : new FileInfo(shown[0].File.Path).Length / 1e6;
        StringBuilder svg = new();
        svg.AppendLine(CultureInfo.InvariantCulture, $"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Width} {y}" width="{Width}" height="{y}" font-family="sans-serif" font-size="12">""");
        svg.AppendLine(CultureInfo.InvariantCulture, $"""  <rect width="{Width}" height="{y}" fill="white"/>""");
        Text(svg, 12, 20, string.Create(CultureInfo.InvariantCulture, $"Seconds to decrypt a file of {size:0} MB, start-up included (shorter is better)"), "start", bold: true);
        return svg.Append(bars).AppendLine("</svg>").ToString().ReplaceLineEndings("\n");
    }

    private static void Text(StringBuilder svg, int x, int y, string text, string anchor, bool bold = false) =>
        svg.AppendLine(CultureInfo.InvariantCulture, $"""  <text x="{x}" y="{y}" text-anchor="{anchor}" fill="#222"{(bold ? " font-weight=\"bold\"" : "")}>{text}</text>""");
}
