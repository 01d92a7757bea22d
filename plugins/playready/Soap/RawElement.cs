namespace Keyway.PlayReady.Soap;

/// <summary>An element as the characters that were transmitted.</summary>
internal static class RawElement
{
    /// <summary>Finds the one element of a name, from its <c>&lt;</c> to the <c>&gt;</c> of its end tag. False when there is more than one, or none.</summary>
    public static bool TryFind(string text, string name, out string markup)
    {
        markup = "";
        string open = "<" + name;
        string close = $"</{name}>";
        int start = -1;
        for (int at = text.IndexOf(open, StringComparison.Ordinal); at >= 0; at = text.IndexOf(open, at + 1, StringComparison.Ordinal))
        {
            bool whole = at + open.Length < text.Length && text[at + open.Length] is ' ' or '>' or '\t' or '\r' or '\n';
            if (!whole) continue;   // a longer name
            if (start >= 0) return false;
            start = at;
        }

        int end = text.IndexOf(close, StringComparison.Ordinal);
        if (start < 0 || end < start || text.IndexOf(close, end + 1, StringComparison.Ordinal) >= 0) return false;
        markup = text[start..(end + close.Length)];
        return true;
    }
}
