using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Keyway.Licensing.Answers;
using Keyway.Licensing.Configuration;
using Keyway.Licensing.Origins;
using Keyway.Licensing.Steps;

namespace Keyway.Licensing.Tokens;

/// <summary>A token, and what came with it. No text shows it.</summary>
internal sealed class PackToken(string value)
{
    public string Value { get; } = value;

    /// <summary>The licence URL that came with it, as it was written.</summary>
    public string? Url { get; init; }

    public DateTimeOffset? Expires { get; set; }
}

/// <summary>How a token, and the licence URL that may come with it, is read: told apart by content, not by content type.</summary>
/// <param name="Form">What the text must look like: JSON, a list of URLs, or any text.</param>
/// <param name="Token">JSON: the token's path. A list of URLs: the query member that holds it.</param>
/// <param name="Url">JSON: the URL's path.</param>
/// <param name="ExpiresIn">JSON: the path of the seconds that it lives.</param>
/// <param name="Pattern">Text: what it must look like.</param>
internal sealed record PackTokenRead(PackTokenForm Form, string? Token, string? Url, string? ExpiresIn, Regex? Pattern)
{
    public static PackTokenRead Plain { get; } = new(PackTokenForm.Text, null, null, null, null);

    public static IReadOnlyList<PackTokenRead> Read(PackReader reader, string name) => [.. reader.Items(name).Select(item => Read(item, reader.Mistakes)).OfType<PackTokenRead>()];

    public PackToken? TryRead(ReadOnlyMemory<byte> text, DateTimeOffset now)
    {
        switch (Form)
        {
            case PackTokenForm.Json:
                ReadOnlySequence<byte> body = new(text);
                using (JsonDocument? document = PackSniffer.Sniff(body) == PackContent.Json ? PackText.TryParse(body) : null)
                {
                    if (document is null || PackText.TextOf(document, Token!) is not { Length: > 0 } token) return null;
                    bool lives = ExpiresIn is not null & double.TryParse(ExpiresIn is null ? null : PackText.TextOf(document, ExpiresIn), NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds);
                    return new PackToken(token)
                    {
                        Url = Url is null ? null : PackText.TextOf(document, Url),
                        Expires = lives && seconds is > 0 and < 1e9 ? now.AddSeconds(seconds) : null,
                    };
                }

            case PackTokenForm.UriList:
                // RFC 2483, 5: a line a URL; lines that begin with # are comments.
                string? line = Encoding.UTF8.GetString(text.Span).Split('\n').Select(static each => each.Trim()).FirstOrDefault(static each => each.Length > 0 && each[0] != '#');
                if (line is null || !Uri.TryCreate(line, UriKind.Absolute, out Uri? url) || !Origin.IsHttp(url)) return null;
                return PackQuery.Find(line, Token!) is { Length: > 0 } member ? new PackToken(member) { Url = line } : null;
            default:
                string plain = Encoding.UTF8.GetString(text.Span).Trim();
                return plain.Length == 0 || plain.Any(static c => char.IsControl(c)) || Pattern?.IsMatch(plain) == false ? null : new PackToken(plain);
        }
    }

    private static PackTokenRead? Read(PackNode item, PackMistakes mistakes)
    {
        PackReader reader = new(item, mistakes);
        PackTokenForm? form = reader.Choice<PackTokenForm>("as");
        PackTokenRead read = new(form ?? PackTokenForm.Text, reader.Text("token"), reader.Text("url"), reader.Text("expiresIn"), PackErrorProbe.ReadPattern(reader, "pattern"));
        if (reader.Member("as") is null) reader.Missing("as");
        if (form is PackTokenForm.Json or PackTokenForm.UriList && read.Token is null) reader.Missing("token");
        if (form is PackTokenForm.Text && read.Token is not null) mistakes.Add(item, "a text is the token itself: it has no 'token'");
        if (form is not PackTokenForm.Text && reader.Member("pattern") is { } pattern) mistakes.Add(pattern, "a pattern is for a text");
        if (form is not PackTokenForm.Json && (read.Url ?? read.ExpiresIn) is not null) mistakes.Add(item, "'url' and 'expiresIn' are paths in JSON");
        reader.End();
        return form is null ? null : read;
    }
}

/// <summary>What a token source's answer looks like.</summary>
internal enum PackTokenForm
{
    Text = 0,
    Json,
    UriList,
}
