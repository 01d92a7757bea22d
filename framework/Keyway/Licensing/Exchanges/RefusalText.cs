using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Keyway.Licensing.Secrets;

namespace Keyway.Licensing.Exchanges;

/// <summary>What a service says in plain words when it refuses, of any content type: people who set a service up need to read it.</summary>
internal static partial class RefusalText
{
    private static readonly string[] WordNames = ["message", "msg", "error", "reason", "desc", "detail", "title", "text", "code", "status", "hint", "cause", "fault", "info"];

    // More than a page of an error has; what is shown is bounded by Redactor.Text.
    private const int MaximumBytes = 16 * 1024;

    /// <summary>Reads the words out of a body.</summary>
    /// <param name="exchange">The exchange, whose secrets are taken out.</param>
    /// <param name="answer">The answer.</param>
    /// <returns>The words on one line, fit to be shown; empty when the body is empty, is no text, or holds nothing that may be shown.</returns>
    public static string Of(LicenseExchange exchange, LicenseAnswer answer)
    {
        string text = Read(answer);
        if (text.StartsWith('<')) text = WithoutMarkup(text);
        else if (text.StartsWith('{') || text.StartsWith('[')) text = WordsOf(text) ?? text;
        text = WrappedBase64().Replace(text, "");
        text = KeyLike().Replace(text, static match => IsWord(match.ValueSpan) ? match.Value : Redactor.Mask);
        text = Numbers().Replace(text, Redactor.Mask);
        string shown = ExchangeRun.TextOf(exchange, WhiteSpace().Replace(text, " ").Trim()).Trim();
        return shown.Replace(Redactor.Mask, "", StringComparison.Ordinal).Any(char.IsLetterOrDigit) ? shown : "";
    }

    private static string Read(LicenseAnswer answer)
    {
        byte[] bytes = answer.Body.Slice(0, Math.Min(answer.Body.Length, MaximumBytes)).ToArray();
        ReadOnlySpan<byte> text = bytes.AsSpan().StartsWith("\uFEFF"u8) ? bytes.AsSpan(3) : bytes;
        string read;
        try
        {
            // What is cut may be cut inside of a character, which is left out then.
            char[] characters = new char[text.Length];
            int count = new UTF8Encoding(false, throwOnInvalidBytes: true).GetDecoder().GetChars(text, characters, flush: answer.Body.Length <= MaximumBytes);
            read = new string(characters, 0, count);
        }
        catch (DecoderFallbackException)
        {
            if (answer.ContentType?.StartsWith("text/", StringComparison.OrdinalIgnoreCase) != true) return "";
            read = Encoding.Latin1.GetString(text);
        }

        read = read.Trim();
        return read.Any(static c => char.IsControl(c) && !char.IsWhiteSpace(c)) ? "" : read;
    }

    /// <summary>Of JSON, what is called a message, a reason, a code: what stands under other names may be anything, keys included.</summary>
    private static string? WordsOf(string text)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 16 });
            List<string> words = [];
            Collect(document.RootElement, isWords: false, words);
            return string.Join("; ", words);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // "[7] not known" begins like a list and is none.
            return text.StartsWith('[') ? null : "";
        }
    }

    private static void Collect(JsonElement element, bool isWords, List<string> words)
    {
        if (element.ValueKind == JsonValueKind.Object)
            foreach (JsonProperty member in element.EnumerateObject()) Collect(member.Value, isWords || Array.Exists(WordNames, name => member.Name.Contains(name, StringComparison.OrdinalIgnoreCase)), words);
        else if (element.ValueKind == JsonValueKind.Array)
            foreach (JsonElement item in element.EnumerateArray()) Collect(item, isWords && item.ValueKind != JsonValueKind.Number, words);
        else if (isWords && element.ValueKind is JsonValueKind.String or JsonValueKind.Number && element.ToString() is { Length: > 0 } word && !words.Contains(word)) words.Add(word);
    }

    /// <summary>Whether a long run of letters is a word, or words that are joined: small or capital letters throughout, as no key is.</summary>
    private static bool IsWord(ReadOnlySpan<char> run)
    {
        const int mostChanges = 4;
        int changes = 0;
        for (int i = 0; i < run.Length; i++)
        {
            if (char.IsAsciiDigit(run[i])) return false;
            if (i > 0 && char.IsAsciiLetterUpper(run[i]) && char.IsAsciiLetterLower(run[i - 1])) changes++;
        }

        return changes < mostChanges;
    }

    private static string WithoutMarkup(string text) => System.Net.WebUtility.HtmlDecode(Tag().Replace(Unread().Replace(text, " "), " ")).Trim();

    [GeneratedRegex("""<(script|style|head)\b.*?</\1\s*>|<!--.*?-->""", RegexOptions.IgnoreCase | RegexOptions.Singleline | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Unread();

    // A line of base64 goes on in the next: the rest of it alone would look like a word.
    [GeneratedRegex("""(?<=[A-Za-z0-9+/_-]{40})\s*\r?\n\s*(?=[A-Za-z0-9+/_-]+={0,2}(?:\s|$))""", RegexOptions.CultureInvariant)]
    private static partial Regex WrappedBase64();

    // 16 bytes are 22 letters of base64 and 32 digits; eight of them are a leak.
    [GeneratedRegex("""[A-Za-z0-9+/_=-]{16,}|(?:[0-9A-Fa-f]{2}[\s:.-]){7,}[0-9A-Fa-f]{2}""", RegexOptions.CultureInvariant)]
    private static partial Regex KeyLike();

    [GeneratedRegex("""\d{1,3}(?:\s*,\s*\d{1,3}){7,}""", RegexOptions.CultureInvariant)]
    private static partial Regex Numbers();

    [GeneratedRegex("<[^>]*>", RegexOptions.CultureInvariant)]
    private static partial Regex Tag();

    [GeneratedRegex("""\s+""", RegexOptions.CultureInvariant)]
    private static partial Regex WhiteSpace();
}
