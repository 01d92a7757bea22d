using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Keyway.Licensing.Exchanges;
using Keyway.Licensing.Secrets;

namespace Keyway.Licensing.Templates;

/// <summary>A piece of a template: a text, or a name with the encodings that its value is written in.</summary>
/// <param name="Text">The text or the name.</param>
/// <param name="IsName">Whether it is a name.</param>
/// <param name="Encodings">The encodings, the innermost first.</param>
internal sealed record TemplatePart(string Text, bool IsName, ValueEncoding[] Encodings);

/// <summary>
/// A text with values in it: <c>{name}</c>, or <c>{name:encoding:encoding}</c>; <c>{{</c> and <c>}}</c> are braces.
/// </summary>
internal sealed class TextTemplate
{
    private TextTemplate(TemplatePart[] parts) => Parts = parts;

    public static TextTemplate Empty { get; } = new([]);

    public IReadOnlyList<TemplatePart> Parts { get; }

    /// <summary>The names in it.</summary>
    public IEnumerable<string> Names => Parts.Where(static part => part.IsName).Select(static part => part.Text);

    /// <summary>A template of one name and nothing else.</summary>
    public static TextTemplate OfName(string name, params ValueEncoding[] encodings) => new([new TemplatePart(name, true, encodings)]);

    public static bool TryParse(string text, [NotNullWhen(true)] out TextTemplate? template, [NotNullWhen(false)] out string? reason)
    {
        template = null;
        reason = null;
        List<TemplatePart> parts = [];
        StringBuilder literal = new();
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (c is not ('{' or '}')) literal.Append(c);
            else if (i + 1 < text.Length && text[i + 1] == c)
            {
                literal.Append(c);
                i++;
            }
            else
            {
                int end = c == '{' ? text.IndexOf('}', i) : -1;
                if (end <= i + 1)
                {
                    reason = "a brace without its partner: names stand as {name}, a brace itself as {{ or }}";
                    return false;
                }

                if (literal.Length > 0) parts.Add(new TemplatePart(literal.ToString(), false, []));
                literal.Clear();
                if (!TryParseName(text[(i + 1)..end], out TemplatePart? name, out reason)) return false;
                parts.Add(name);
                i = end;
            }
        }

        if (literal.Length > 0) parts.Add(new TemplatePart(literal.ToString(), false, []));
        template = new TextTemplate([.. parts]);
        return true;
    }

    /// <summary>Writes a value in the encodings of its place.</summary>
    /// <param name="part">The place.</param>
    /// <param name="value">The value.</param>
    /// <param name="plain">The encoding where the place names none.</param>
    /// <param name="destination">Where to write it.</param>
    /// <returns><see langword="false"/> when the value cannot be written so.</returns>
    public static bool TryWrite(TemplatePart part, TemplateValue value, ValueEncoding plain, IBufferWriter<byte> destination)
    {
        if (value.IsSymbol)
        {
            string suffix = part.Encodings.Length == 0 || value.Text == Redactor.Mask ? "" : ":" + string.Join(':', part.Encodings.Select(ValueEncoder.NameOf));
            destination.Write(Encoding.UTF8.GetBytes(value.Text![^1] == '}' ? $"{value.Text[..^1]}{suffix}}}" : value.Text));
            return true;
        }

        if (part.Encodings.Length > 0) return ValueEncoder.TryWrite(value.Bytes.Span, part.Encodings, destination);
        return ValueEncoder.TryWrite(value.Text is { } text ? Encoding.UTF8.GetBytes(text) : value.Bytes.Span, [plain], destination);
    }

    private static bool TryParseName(string text, [NotNullWhen(true)] out TemplatePart? part, [NotNullWhen(false)] out string? reason)
    {
        part = null;
        reason = null;
        string[] words = text.Split(':');
        List<ValueEncoding> encodings = [];
        foreach (string word in words.Skip(1))
        {
            if (ValueEncoder.TryParse(word, out ValueEncoding encoding)) encodings.Add(encoding);
            else
            {
                reason = $"'{word}' is no encoding (there are {ValueEncoder.Known})";
                return false;
            }
        }

        part = new TemplatePart(words[0], true, [.. encodings]);
        return true;
    }
}
