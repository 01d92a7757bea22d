using System.Buffers;
using System.Buffers.Text;
using System.Collections.Frozen;
using System.Security;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Keyway.Licensing.Secrets;

/// <summary>
/// Texts that no message may repeat, and what a service makes of them when it repeats them all the same: the credentials behind a scheme, user name and
/// password, the value of a cookie, a piece of a token, what base64 of it says, and all of these in base64, hexadecimal or behind escapes.
/// </summary>
/// <remarks>Threads: any.</remarks>
internal sealed class SecretTexts
{
    // A shorter value is a word that messages are made of; what is a secret by its nature is one sooner.
    public const int ShortestValue = 6;
    public const int ShortestSecret = 4;

    // Eight characters of a token are a leak, fewer are chance; a text that is not much longer is known as a whole.
    private const int Window = 8;
    private const int ShortestWithPieces = 16;

    // A challenge is some kilobytes; of a longer one the beginning will do.
    private const int MaximumBytes = 64 * 1024;

    // What is in base64 in what is in base64.
    private const int Depth = 3;

    // RFC 9110, 11.1, the names that IANA lists, and those that services made up: what stands behind them is the secret.
    private static readonly FrozenSet<string> Schemes = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase, "Basic", "Bearer", "Digest", "DPoP", "GNAP", "HOBA", "Mutual", "Negotiate", "NTLM", "OAuth", "PrivateToken", "SCRAM-SHA-1", "SCRAM-SHA-256",
        "vapid", "Token", "ApiKey", "Api-Key", "JWT", "AWS4-HMAC-SHA256");

    // Of the parameters of a scheme these are no secrets, and words that messages are made of.
    private static readonly FrozenSet<string> Plain = FrozenSet.Create(StringComparer.OrdinalIgnoreCase, "realm", "algorithm", "qop", "nc", "charset", "stale", "domain", "uri");

    private readonly Lock _gate = new();
    private readonly HashSet<string> _texts = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);

    // Only digests of pieces: they need not stand in memory once more.
    private readonly HashSet<int> _pieces = [];

    /// <summary>Remembers a text as it is.</summary>
    /// <param name="text">The text.</param>
    public void Add(string? text)
    {
        if (text is null) return;
        lock (_gate) Keep(text, ShortestValue);
    }

    /// <summary>Remembers a text with its parts and with what it says in base64: a header's value, a token, custom data.</summary>
    /// <param name="text">The text.</param>
    public void AddSecret(string? text)
    {
        if (text is null) return;
        lock (_gate) Take(text, Depth);
    }

    /// <summary>Remembers bytes, by what a text may hold of them: a challenge.</summary>
    /// <param name="bytes">The bytes.</param>
    public void AddBytes(ReadOnlySequence<byte> bytes)
    {
        if (bytes.Length < ShortestWithPieces) return;
        lock (_gate) KeepBytes(bytes.Slice(0, Math.Min(bytes.Length, MaximumBytes)).ToArray());
    }

    /// <summary>Takes out of a text everything that was remembered.</summary>
    /// <param name="text">The text.</param>
    public string Mask(string text)
    {
        lock (_gate)
        {
            // The longest first: one may be part of another.
            foreach (string secret in _texts.OrderByDescending(static secret => secret.Length)) text = text.Replace(secret, Redactor.Mask, StringComparison.OrdinalIgnoreCase);
            return _pieces.Count == 0 ? text : WithoutPieces(text);
        }
    }

    public void Clear()
    {
        lock (_gate)
        {
            _texts.Clear();
            _taken.Clear();
            _pieces.Clear();
        }
    }

    private void Take(string text, int depth)
    {
        text = text.Trim();
        if (text.Length < ShortestSecret || !_taken.Add(text)) return;
        Keep(text, ShortestSecret);
        KeepPieces(text);
        if (depth == 0) return;
        if (text[0] is '{' or '[' && TryTakeJson(text, depth - 1)) return;
        if (TryDecode(text) is { } decoded) Take(decoded, depth - 1);
        if (text.Contains('%', StringComparison.Ordinal)) Take(Uri.UnescapeDataString(text), depth - 1);
        foreach (string part in PartsOf(text)) Take(part, depth - 1);
    }

    /// <summary>Remembers a text in the forms that it may be repeated in.</summary>
    private void Keep(string text, int shortest)
    {
        if (text.Length < shortest || !_texts.Add(text)) return;
        _texts.Add(Uri.EscapeDataString(text));
        _texts.Add(JavaScriptEncoder.Default.Encode(text));
        _texts.Add(SecurityElement.Escape(text));
        KeepBytes(Encoding.UTF8.GetBytes(text));
    }

    /// <summary>Remembers bytes in hexadecimal and in base64, as they stand in it behind zero, one and two other bytes.</summary>
    private void KeepBytes(ReadOnlySpan<byte> bytes)
    {
        const int shortest = 6, digits = 6, bits = 8;
        _texts.Add(Convert.ToHexStringLower(bytes));
        for (int before = 0; before < 3; before++)
        {
            byte[] moved = [.. new byte[before], .. bytes];
            string encoded = Convert.ToBase64String(moved).TrimEnd('=');
            // The digits at the edges hold bits of the neighbours too.
            int start = before == 0 ? 0 : before + 1, end = moved.Length * bits / digits;
            foreach (string form in (string[])[before == 0 ? encoded : "", encoded[start..Math.Max(start, end)]])
            {
                if (form.Length < shortest) continue;
                string other = form.Replace('+', '-').Replace('/', '_');
                _texts.Add(form);
                _texts.Add(other);
                if (bytes.Length < ShortestWithPieces) continue;
                KeepPieces(form);
                KeepPieces(other);
            }
        }
    }

    private void KeepPieces(string text)
    {
        if (text.Length < ShortestWithPieces || text.Any(static c => char.IsWhiteSpace(c) || c is '<' or '{' or '"')) return;
        for (int i = 0; i + Window <= text.Length; i++) _pieces.Add(Digest(text.AsSpan(i, Window)));
    }

    private static int Digest(ReadOnlySpan<char> piece) => string.GetHashCode(piece, StringComparison.OrdinalIgnoreCase);

    private string WithoutPieces(string text)
    {
        StringBuilder clean = new(text.Length);
        int copied = 0;
        for (int i = 0; i + Window <= text.Length; i++)
        {
            if (!_pieces.Contains(Digest(text.AsSpan(i, Window)))) continue;
            int end = i + Window;
            while (end < text.Length && _pieces.Contains(Digest(text.AsSpan(end - Window + 1, Window)))) end++;
            clean.Append(text, copied, i - copied).Append(Redactor.Mask);
            copied = end;
            i = end - 1;
        }

        return copied == 0 ? text : clean.Append(text, copied, text.Length - copied).ToString();
    }

    /// <summary>What a service may take out of a value: what stands behind a scheme, between separators, on either side of a colon, behind a name.</summary>
    private static IEnumerable<string> PartsOf(string text)
    {
        int space = text.IndexOf(' ', StringComparison.Ordinal);
        if (space > 0 && Schemes.Contains(text[..space]))
        {
            yield return text[(space + 1)..];
            yield break;
        }

        string[] words = text.Split([' ', '\t', ';', ',', '&', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (words.Length > 1)
        {
            foreach (string word in words)
                if (word.Contains('=', StringComparison.Ordinal) || word.Length >= ShortestValue) yield return word;
            yield break;
        }

        int sign = text.IndexOf('=', StringComparison.Ordinal);
        if (sign > 0 && sign < text.Length - 1 && text[sign + 1] != '=')
        {
            if (!Plain.Contains(text[..sign])) yield return text[(sign + 1)..].Trim('"', '\'');
            yield break;
        }

        int colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon >= 0 && !text.AsSpan(colon).StartsWith("://"))
        {
            yield return text[..colon];
            yield return text[(colon + 1)..];
            yield break;
        }

        // A JWT (RFC 7515, 3.1) and its like: header, payload, signature.
        foreach (string segment in text.Split('.'))
            if (segment.Length >= ShortestWithPieces && segment.Length < text.Length) yield return segment;
    }

    private bool TryTakeJson(string text, int depth)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 16 });
            TakeLeaves(document.RootElement, depth);
            return true;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    private void TakeLeaves(JsonElement element, int depth)
    {
        if (element.ValueKind == JsonValueKind.Object) foreach (JsonProperty member in element.EnumerateObject()) TakeLeaves(member.Value, depth);
        else if (element.ValueKind == JsonValueKind.Array) foreach (JsonElement item in element.EnumerateArray()) TakeLeaves(item, depth);
        else if (element.ValueKind == JsonValueKind.String && element.GetString() is { Length: >= ShortestValue } leaf) Take(leaf, depth);
    }

    /// <summary>What base64 of either alphabet says, if that is a text.</summary>
    private static string? TryDecode(string text)
    {
        string letters = text.TrimEnd('=').Replace('+', '-').Replace('/', '_');
        if (letters.Length < ShortestValue || letters.Any(static c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_'))) return null;
        byte[] bytes = new byte[Base64Url.GetMaxDecodedLength(letters.Length)];
        if (Base64Url.DecodeFromChars(letters, bytes, out _, out int written) != OperationStatus.Done) return null;
        try
        {
            string decoded = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes, 0, written);
            return decoded.Any(char.IsControl) ? null : decoded;
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
