using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Keyway.Licensing.Answers;
using Keyway.Licensing.Configuration;
using Keyway.Licensing.Exchanges;
using Keyway.Licensing.Origins;

namespace Keyway.Licensing.Tokens;

/// <summary>How a token, and the licence URL that may come with it, is read: told apart by content, not by content type.</summary>
/// <param name="Form">What the text must look like: JSON, a list of URLs, or any text.</param>
/// <param name="Token">JSON: the token's path. A list of URLs: the query member that holds it.</param>
/// <param name="Url">JSON: the URL's path.</param>
/// <param name="ExpiresIn">JSON: the path of the seconds that it lives.</param>
/// <param name="Pattern">Text: what it must look like.</param>
internal sealed record TokenReading(TokenForm Form, string? Token, string? Url, string? ExpiresIn, Regex? Pattern)
{
    public static TokenReading Plain { get; } = new(TokenForm.Text, null, null, null, null);

    public static TokenReading Raw { get; } = new(TokenForm.Raw, null, null, null, null);

    public static IReadOnlyList<TokenReading> Read(SettingReader reader, string name) => [.. reader.Items(name).Select(item => Read(item, reader.Mistakes)).OfType<TokenReading>()];

    public ServiceToken? TryRead(ReadOnlyMemory<byte> text, DateTimeOffset now)
    {
        switch (Form)
        {
            case TokenForm.Json:
                ReadOnlySequence<byte> body = new(text);
                using (JsonDocument? document = ContentSniffer.Sniff(body) == BodyContent.Json ? BodyPath.TryParse(body) : null)
                {
                    if (document is null || BodyPath.TextOf(document, Token!) is not { Length: > 0 } token) return null;
                    bool lives = ExpiresIn is not null & double.TryParse(ExpiresIn is null ? null : BodyPath.TextOf(document, ExpiresIn), NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds);
                    return new ServiceToken(token)
                    {
                        Url = Url is null ? null : BodyPath.TextOf(document, Url),
                        Expires = lives && seconds is > 0 and < 1e9 ? now.AddSeconds(seconds) : null,
                    };
                }

            case TokenForm.UriList:
                // RFC 2483, 5: a line a URL; lines that begin with # are comments.
                string? line = Encoding.UTF8.GetString(text.Span).Split('\n').Select(static each => each.Trim()).FirstOrDefault(static each => each.Length > 0 && each[0] != '#');
                if (line is null || !Uri.TryCreate(line, UriKind.Absolute, out Uri? url) || !Origin.IsHttp(url)) return null;
                return QueryMembers.Find(line, Token!) is { Length: > 0 } member ? new ServiceToken(member) { Url = line } : null;
            case TokenForm.Raw:
                return text.IsEmpty ? null : new ServiceToken(Encoding.UTF8.GetString(text.Span));
            default:
                string plain = Encoding.UTF8.GetString(text.Span).Trim();
                return plain.Length == 0 || plain.Any(static c => char.IsControl(c)) || Pattern?.IsMatch(plain) == false ? null : new ServiceToken(plain);
        }
    }

    private static TokenReading? Read(SettingNode item, SettingMistakes mistakes)
    {
        SettingReader reader = new(item, mistakes);
        TokenForm? form = reader.Choice<TokenForm>("as");
        TokenReading read = new(form ?? TokenForm.Text, reader.Text("token"), reader.Text("url"), reader.Text("expiresIn"), ErrorProbe.ReadPattern(reader, "pattern"));
        if (reader.Member("as") is null) reader.Missing("as");
        if (form is TokenForm.Json or TokenForm.UriList && read.Token is null) reader.Missing("token");
        if (form is TokenForm.Text or TokenForm.Raw && read.Token is not null) mistakes.Add(item, "a text is the token itself: it has no 'token'");
        if (form is not TokenForm.Text && reader.Member("pattern") is { } pattern) mistakes.Add(pattern, "a pattern is for a text");
        if (form is not TokenForm.Json && (read.Url ?? read.ExpiresIn) is not null) mistakes.Add(item, "'url' and 'expiresIn' are paths in JSON");
        reader.End();
        return form is null ? null : read;
    }
}

/// <summary>What a token source's answer looks like.</summary>
internal enum TokenForm
{
    Text = 0,
    Json,
    UriList,

    /// <summary>Whatever it is, line breaks inside of it included.</summary>
    Raw,
}
