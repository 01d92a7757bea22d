using Keyway.Hosting;
using Keyway.Licensing;
using Keyway.Protection;
using Spectre.Console;

namespace Keyway.Cli;

/// <summary>What <c>inspect</c> shows of a file that holds licences, and no content.</summary>
internal sealed record LicenseFileReport(Uri Source, string KeySystem, IReadOnlyList<LicenseDescription> Licenses)
{
    // Longer files hold content.
    private const int Longest = 1 << 20;

    /// <summary>Asks the key systems whether a file holds licences of theirs.</summary>
    /// <param name="keyway">The host, started.</param>
    /// <param name="source">What the user named.</param>
    /// <param name="only">The key system that the user named.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <returns><see langword="null"/>: it does not, or cannot be read as a file.</returns>
    public static async Task<LicenseFileReport?> ReadAsync(KeywayHost keyway, Uri source, string? only, CancellationToken cancellationToken)
    {
        if (!source.IsFile || await ReadFileAsync(source.LocalPath, cancellationToken) is not { } data) return null;
        foreach (KeySystemCandidate candidate in keyway.KeySystems)
        {
            if (only is not null && !candidate.Name.Equals(only, StringComparison.OrdinalIgnoreCase)) continue;
            if (candidate.KeySystem is ILicenseInspector inspector && inspector.DescribeLicenses(data) is { } licenses) return new LicenseFileReport(source, candidate.Name, licenses);
        }

        return null;
    }

    public string ToJson() => Json.Write(json =>
    {
        json.WriteStartObject();
        json.WriteString("source", PresentationReport.TextOf(Source));
        json.WriteString("kind", "license");
        json.WriteString("keySystem", KeySystem);
        json.WriteStartArray("licenses");
        foreach (LicenseDescription license in Licenses)
        {
            json.WriteStartObject();
            json.WriteStrings("kids", license.KeyIds.Select(static id => id.ToString()));
            json.WriteStartArray("facts");
            foreach (HeaderFact fact in license.Facts)
            {
                json.WriteStartObject();
                json.WriteString("name", fact.Name);
                json.WriteString("value", fact.Value);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            if (license.Refusal is { } refusal)
            {
                json.WriteStartObject("refusal");
                json.WriteString("reason", Failure.Words(refusal.Kind));
                json.WriteString("providerCode", refusal.ProviderCode);
                json.WriteString("message", refusal.Message);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    });

    public void Show(IAnsiConsole console)
    {
        console.MarkupLine($"[bold]{Shown.Markup(PresentationReport.TextOf(Source))}[/]  {Licenses.Count} licence{(Licenses.Count == 1 ? "" : "s")} of {Shown.Markup(KeySystem)}; nothing of what they say is verified");
        foreach (LicenseDescription license in Licenses)
        {
            console.MarkupLine($"[bold]Licence[/]  {string.Join(' ', license.KeyIds.Select(static id => id.ToString()))}");
            foreach (HeaderFact fact in license.Facts) console.MarkupLine($"  {Shown.Markup(fact.Name)}: {Shown.Markup(fact.Value)}");
            if (license.Refusal is { } refusal) console.MarkupLine($"  [yellow]is refused: {Shown.Markup(refusal.Message)}[/]");
        }
    }

    private static async Task<byte[]?> ReadFileAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            // A device or a pipe has no length, and is read once: by whoever reads content.
            FileInfo file = new(path);
            return file is { Exists: true, Length: > 0 and <= Longest } ? await File.ReadAllBytesAsync(path, cancellationToken) : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
