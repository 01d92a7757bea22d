using System.Buffers;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using Keyway.Licensing.Exchanges;

namespace Keyway.Licensing.Recording;

/// <summary>What of a request or an answer may be written down as it is. Everything that is not named here is a fingerprint.</summary>
internal static partial class RecordText
{
    private const string Redacted = LicenseRecord.Redacted;

    private const int LongestName = 64;
    private const int LongestWord = 40;
    private const int LongestCode = 23;         // what is longer may be a key or a token
    private const int Members = 100;            // of a query, as people write them; the rest is one fingerprint

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");
    private static readonly SearchValues<char> NameLetters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.");

    // A name, or words put together (rightsmanager.asmx, license-proxy, AcquireLicense), each with a short number behind it at most (v1): no identifier, key or token looks like that.
    [GeneratedRegex("""^(?:[0-9]{1,3}|(?:[A-Z]+|[A-Z]?[a-z]+)(?:[A-Z][a-z]{2,})*[0-9]{0,3})(?:[-_.](?:[0-9]{1,3}|(?:[A-Z]+|[A-Z]?[a-z]+)(?:[A-Z][a-z]{2,})*[0-9]{0,3}))*$""", RegexOptions.CultureInvariant)]
    private static partial Regex Words();

    /// <summary>What may be written down of a request.</summary>
    /// <param name="exchange">The exchange. What it has told the service in confidence is not shown wherever it stands.</param>
    /// <param name="fingerprints">Names what is not shown.</param>
    public static RecordedMessage Of(LicenseExchange exchange, Fingerprints fingerprints)
    {
        (LicenseRequest request, ReadOnlySequence<byte> body) = (exchange.Request, exchange.Body);
        ExchangeRun? run = ExchangeRun.Find(exchange);
        List<KeyValuePair<string, string>> query = [.. QueryOf(request.Url, IsPlain, fingerprints)];
        string members = query.Count == 0 ? "" : "?" + string.Join('&', query.Select(static member => $"{member.Key}={member.Value}"));
        IEnumerable<KeyValuePair<string, string>> headers = request.ContentType is { } type ? request.Headers.Prepend(KeyValuePair.Create("Content-Type", type)) : request.Headers;
        return new RecordedMessage
        {
            Method = IsName(request.Method) ? request.Method : Redacted,
            Url = PathOf(request.Url, segment => IsPlain(segment) ? segment : Redacted + fingerprints.Of(segment)) + members,
            Headers = [.. headers.Select(header => Of(header, fingerprints))],
            Query = query,
            MediaType = MediaTypeOf(request.ContentType),
            Length = body.Length,
            Fingerprint = body.IsEmpty ? null : fingerprints.Of(body),
        };

        bool IsPlain(string text) => IsWord(text) && (run is null || run.Mask(text) == text);
    }

    public static RecordedMessage Of(LicenseAnswer answer, Fingerprints fingerprints) => new()
    {
        Status = answer.Status,
        Headers = [.. answer.Headers.Select(header => Of(header, fingerprints))],
        MediaType = MediaTypeOf(answer.ContentType),
        Length = answer.Body.Length,
        Fingerprint = answer.Body.IsEmpty ? null : fingerprints.Of(answer.Body),
    };

    /// <summary>A code as services have them; <see langword="null"/> for anything longer or other: a service may repeat there what it was told.</summary>
    public static string? Code(string? text) => text is not null && (IsWord(text) || (text.Length <= LongestCode && IsName(text))) ? text : null;

    /// <summary>An address of which nothing is shown that may be a secret: scheme, host and port, and parts of the path that are words.</summary>
    /// <param name="url">The address.</param>
    /// <param name="hidden">What stands in the place of a part that is none.</param>
    public static string Address(Uri url, string hidden) => PathOf(url, segment => IsWord(segment) || IsFingerprint(segment) ? segment : hidden);

    /// <summary>A media type without its parameters, which may be anything; empty where the text is none.</summary>
    public static string MediaTypeOf(string? text) =>
        text is { Length: <= LongestName * 2 } && MediaTypeHeaderValue.TryParse(text, out MediaTypeHeaderValue? type) && type.MediaType is { Length: <= LongestName } media ? media : "";

    /// <summary>Whether a text is a name: letters, digits, dashes, dots, not many.</summary>
    public static bool IsName(string text) => text.Length is > 0 and <= LongestName && !text.AsSpan().ContainsAnyExcept(NameLetters);

    private static bool IsWord(string text) => text.Length is > 0 and <= LongestWord && Words().IsMatch(text);

    private static bool IsFingerprint(string text) => text.Length == Redacted.Length + Fingerprints.Digits && text.StartsWith(Redacted, StringComparison.Ordinal) && text.AsSpan(Redacted.Length).IndexOfAnyExcept(HexDigits) < 0;

    private static KeyValuePair<string, string> Of(KeyValuePair<string, string> header, Fingerprints fingerprints)
    {
        string name = IsName(header.Key) ? header.Key : Redacted + fingerprints.Of(header.Key);
        bool isNumber = long.TryParse(header.Value, NumberStyles.None, CultureInfo.InvariantCulture, out _);
        string? plain = name.ToUpperInvariant() switch
        {
            "CONTENT-TYPE" => MediaTypeOf(header.Value),
            "CONTENT-LENGTH" or "RETRY-AFTER" or "AGE" when isNumber => header.Value,
            // That of another clock than the client's is a fault that people look for.
            "DATE" when DateTimeOffset.TryParseExact(header.Value, "r", CultureInfo.InvariantCulture, DateTimeStyles.None, out _) => header.Value,
            _ => null,
        };
        return KeyValuePair.Create(name, plain is { Length: > 0 } ? plain : Redacted + fingerprints.Of(header.Value));
    }

    private static IEnumerable<KeyValuePair<string, string>> QueryOf(Uri url, Func<string, bool> isPlain, Fingerprints fingerprints)
    {
        foreach (string member in url.Query.TrimStart('?').Split('&', Members, StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = member.IndexOf('=', StringComparison.Ordinal);
            // Without a name, what stands there may be the value; base64 of one ends with the sign.
            string name = equals > 0 && isPlain(member[..equals]) ? member[..equals] : Redacted + fingerprints.Of(equals > 0 ? member[..equals] : member);
            yield return KeyValuePair.Create(name, equals < 0 ? "" : Redacted + fingerprints.Of(member[(equals + 1)..]));
        }
    }

    private static string PathOf(Uri url, Func<string, string> shown) =>
        url.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped) + string.Join('/', url.AbsolutePath.Split('/').Select(segment => segment.Length == 0 ? segment : shown(segment)));
}
