using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Keyway.Licensing.Configuration;
using Keyway.Licensing.Exchanges;

namespace Keyway.Licensing.Answers;

/// <summary>What a refusal means.</summary>
internal sealed record ErrorMeaning(LicenseErrorKind? Kind, string? Advice, bool? Retryable);

/// <summary>
/// Recognises a refusal of a service: by status, in a header, in JSON, or in any text by a pattern; under any status, 200 included, unless it names some.
/// A refusal in the protocol's own words (a SOAP fault) is the session's to recognise.
/// </summary>
internal sealed class ErrorProbe
{
    private const int MaximumText = 16 * 1024;

    private readonly (int From, int To)[] _statuses;
    private readonly BodyContent? _content;
    private readonly string? _header;
    private readonly (string? Code, string? Message)? _json;
    private readonly Regex? _body;
    private readonly HashSet<string> _success;
    private readonly Dictionary<string, ErrorMeaning> _codes;
    private readonly (string Contains, ErrorMeaning Meaning)[] _texts;
    private readonly ErrorMeaning _otherwise;

    private ErrorProbe(SettingReader reader)
    {
        _statuses = [.. reader.Texts("status").Select(item => ReadStatus(item, reader.Mistakes)).OfType<(int, int)>()];
        _content = reader.Choice<BodyContent>("if");
        _header = reader.Text("header");
        if (reader.Object("json") is { } json)
        {
            _json = (json.Text("code"), json.Text("message"));
            json.End();
            if (_json is (null, null)) reader.Mistakes.Add(json.Node, "'code', 'message' or both are expected: paths of members");
        }

        _body = ReadPattern(reader, "body");
        if (_body?.GetGroupNames().Any(static name => !char.IsAsciiDigit(name[0]) && name is not ("code" or "message")) == true)
            reader.Mistakes.Add(reader.Member("body")!, "its groups are named 'code' and 'message'");
        _success = new HashSet<string>(reader.Texts("success").Select(static item => item.Text!), StringComparer.OrdinalIgnoreCase);
        _codes = reader.Entries("codes").DistinctBy(static entry => entry.Name, StringComparer.OrdinalIgnoreCase)
            .ToDictionary(static entry => entry.Name, entry => ReadMeaning(entry.Node, reader.Mistakes), StringComparer.OrdinalIgnoreCase);
        _texts = [.. reader.Items("texts").Select(item => ReadText(item, reader.Mistakes))];
        _otherwise = new ErrorMeaning(reader.Choice<LicenseErrorKind>("kind"), reader.Text("advice"), reader.Member("retryable") is null ? null : reader.Flag("retryable", otherwise: false));
        reader.End();
        int places = (_header is null ? 0 : 1) + (_json is null ? 0 : 1) + (reader.Member("body") is null ? 0 : 1);
        if (places > 1) reader.Mistakes.Add(reader.Node, "one of 'header', 'json' and 'body' is looked at, not several: write several probes");
        if (places == 0 && _statuses.Length == 0 && reader.Member("status") is null) reader.Mistakes.Add(reader.Node, "a probe looks at 'status', 'header', 'json' or 'body'");
    }

    private ErrorProbe(string code, string message, IEnumerable<string> success, Dictionary<string, ErrorMeaning> codes)
    {
        (_statuses, _texts, _json) = ([], [], (code, message));
        (_success, _codes) = (new HashSet<string>(success, StringComparer.OrdinalIgnoreCase), codes);
        _otherwise = new ErrorMeaning(LicenseErrorKind.Unknown, null, null);
    }

    /// <summary>A refusal is a code in JSON.</summary>
    /// <param name="code">The code's path.</param>
    /// <param name="message">The message's path.</param>
    /// <param name="success">Codes that are no refusal.</param>
    /// <param name="codes">What the others mean; one that is not among them is unknown.</param>
    public static ErrorProbe OfJson(string code, string message, IEnumerable<string> success, Dictionary<string, ErrorMeaning> codes) => new(code, message, success, codes);

    public static IReadOnlyList<ErrorProbe> Read(SettingReader reader, string name) => [.. reader.Items(name).Select(item => new ErrorProbe(new SettingReader(item, reader.Mistakes)))];

    /// <summary>The codes that it knows, with what they mean.</summary>
    public IEnumerable<KeyValuePair<string, ErrorMeaning>> Codes => _codes;

    /// <summary>For people.</summary>
    public string Describe()
    {
        string place = _header is not null ? $"header {_header}" : _json is { } json ? $"JSON {json.Code ?? json.Message}" : _body is not null ? "text" : "";
        string status = _statuses.Length == 0 ? "" : $"status {string.Join(", ", _statuses.Select(static range => range.From == range.To ? $"{range.From}" : $"{range.From}–{range.To}"))}";
        return string.Join(" ", ((string[])[place, status]).Where(static text => text.Length > 0));
    }

    /// <summary>Looks at an answer.</summary>
    /// <param name="answer">The answer.</param>
    /// <param name="who">Who refuses, for people.</param>
    /// <param name="mask">Takes secrets out of a text.</param>
    /// <returns>The refusal; <see langword="null"/> when the probe sees none.</returns>
    public LicenseServiceException? Judge(LicenseAnswer answer, string who, Func<string, string> mask)
    {
        if (_statuses.Length > 0 && !_statuses.Any(range => answer.Status >= range.From && answer.Status <= range.To)) return null;
        if (_content is { } content && ContentSniffer.Sniff(answer.Body) != content) return null;
        if (Look(answer) is not var (code, message) || (code is not null && _success.Contains(code))) return null;

        ErrorMeaning? known = code is null ? null : _codes.GetValueOrDefault(code);
        known ??= message is null ? null : _texts.FirstOrDefault(text => message.Contains(text.Contains, StringComparison.OrdinalIgnoreCase)).Meaning;
        string shownCode = code is null ? "" : mask(code);
        string said = string.Join(" ", ((string[])[shownCode, message is null ? "" : mask(message)]).Where(static text => text.Length > 0));
        return new LicenseServiceException(
            known?.Kind ?? _otherwise.Kind ?? AnswerJudge.KindOf(answer.Status),
            string.Create(CultureInfo.InvariantCulture, $"{who} refuses{(said.Length > 0 ? ": " : "")}{(said.Length > 0 ? said : $" with HTTP {answer.Status}")}"))
        {
            ProviderCode = code is null ? null : shownCode,
            Status = answer.Status,
            Advice = known?.Advice ?? _otherwise.Advice,
            Retryable = known?.Retryable ?? _otherwise.Retryable ?? false,
            RetryAfter = RetryDelay.Read(answer, clock: null),
        };
    }

    /// <summary>What the place says that the probe looks at; <see langword="null"/> when it says nothing.</summary>
    private (string? Code, string? Message)? Look(LicenseAnswer answer)
    {
        if (_header is not null)
        {
            string? value = answer.Headers.FirstOrDefault(header => header.Key.Equals(_header, StringComparison.OrdinalIgnoreCase)).Value;
            return string.IsNullOrWhiteSpace(value) ? null : (null, Uri.UnescapeDataString(value));
        }

        if (_json is { } paths)
        {
            using JsonDocument? document = ContentSniffer.Sniff(answer.Body) == BodyContent.Json ? BodyPath.TryParse(answer.Body) : null;
            if (document is null) return null;
            string? code = paths.Code is null ? null : BodyPath.TextOf(document, paths.Code);
            string? message = paths.Message is null ? null : BodyPath.TextOf(document, paths.Message);
            return (paths.Code is null ? message : code) is null or "" ? null : (code, message);
        }

        if (_body is null) return (null, null);
        // What may well be a licence is looked through only by a probe that says so.
        if (_content is null && ContentSniffer.Sniff(answer.Body) is BodyContent.Binary or BodyContent.Base64) return null;
        Match match = _body.Match(BodyPath.Bounded(answer.Body, MaximumText));
        return match.Success ? (Group(match, "code"), Group(match, "message")) : null;
    }

    private static string? Group(Match match, string name) => match.Groups[name] is { Success: true, Value.Length: > 0 } group ? group.Value.Trim() : null;

    private static (int, int)? ReadStatus(SettingNode item, SettingMistakes mistakes)
    {
        string text = item.Text!;
        if (text.Length == 3 && text.EndsWith("xx", StringComparison.Ordinal) && text[0] is >= '1' and <= '5') return ((text[0] - '0') * 100, ((text[0] - '0') * 100) + 99);
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int status) && status is >= 100 and <= 599) return (status, status);
        mistakes.Add(item, "not a status: 403, or 4xx for all that begin so");
        return null;
    }

    /// <summary>Reads a pattern that takes no longer than its text is long: what it looks at is not trusted to be kind to it.</summary>
    public static Regex? ReadPattern(SettingReader reader, string name)
    {
        if (reader.Text(name) is not { } pattern) return null;
        try
        {
            return new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.Singleline);
        }
        catch (Exception exception) when (exception is ArgumentException or NotSupportedException)
        {
            reader.Mistakes.Add(reader.Member(name)!, $"not a pattern that can be used: {exception.Message}");
            return null;
        }
    }

    private static ErrorMeaning ReadMeaning(SettingNode node, SettingMistakes mistakes)
    {
        if (node.Kind == SettingNodeKind.Text)
        {
            if (SettingReader.TryChoice(node.Text!, out LicenseErrorKind kind)) return new ErrorMeaning(kind, null, null);
            mistakes.Add(node, $"not one of {string.Join(", ", Enum.GetNames<LicenseErrorKind>())}");
            return new ErrorMeaning(null, null, null);
        }

        SettingReader reader = new(node, mistakes);
        ErrorMeaning meaning = ReadMeaning(reader);
        reader.End();
        return meaning;
    }

    private static ErrorMeaning ReadMeaning(SettingReader reader)
    {
        LicenseErrorKind? kind = reader.Choice<LicenseErrorKind>("kind");
        if (reader.Member("kind") is null) reader.Missing("kind");
        return new ErrorMeaning(kind, reader.Text("advice"), reader.Member("retryable") is null ? null : reader.Flag("retryable", otherwise: false));
    }

    private static (string, ErrorMeaning) ReadText(SettingNode node, SettingMistakes mistakes)
    {
        SettingReader reader = new(node, mistakes);
        (string, ErrorMeaning) text = (reader.Required("contains"), ReadMeaning(reader));
        reader.End();
        return text;
    }
}
