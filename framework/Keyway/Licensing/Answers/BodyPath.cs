using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Xml;

namespace Keyway.Licensing.Answers;

/// <summary>Takes texts out of JSON and XML by path.</summary>
internal static class BodyPath
{
    private const int MaximumCharacters = 2 * 1024 * 1024;
    private const int MaximumDepth = 64;

    public static JsonDocument? TryParse(ReadOnlySequence<byte> body)
    {
        try
        {
            return JsonDocument.Parse(BodyText.WithoutMark(body), new JsonDocumentOptions { MaxDepth = 32 });
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>A member's text: a text itself, a number or flag as it is written; nothing else.</summary>
    public static string? TextOf(JsonDocument document, string path) => BodyText.Find(document, path) is not { } member ? null : member.ValueKind switch
    {
        JsonValueKind.String => BodyText.TextOf(member),
        JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => member.GetRawText(),
        _ => null,
    };

    /// <summary>
    /// The text of an element or attribute: <c>Envelope/Body/Fault/faultcode</c>, <c>License/@status</c>. Names are compared without their prefix;
    /// the first that fits counts. Document types are refused.
    /// </summary>
    public static string? FindXml(ReadOnlySequence<byte> body, string path)
    {
        string[] names = path.Split('/');
        string? attribute = names[^1].StartsWith('@') ? names[^1][1..] : null;
        int elements = attribute is null ? names.Length : names.Length - 1;
        XmlReaderSettings settings = new() { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, MaxCharactersInDocument = MaximumCharacters };
        try
        {
            using MemoryStream stream = new(body.ToArray(), writable: false);
            using XmlReader reader = XmlReader.Create(stream, settings);
            int matched = 0;
            while (reader.Read())
            {
                if (reader.Depth > MaximumDepth) return null;
                if (reader.NodeType == XmlNodeType.EndElement && reader.Depth < matched) matched = reader.Depth;
                if (reader.NodeType != XmlNodeType.Element || reader.Depth != matched || reader.LocalName != names[matched]) continue;
                bool empty = reader.IsEmptyElement;
                if (++matched < elements)
                {
                    if (empty) matched--;
                    continue;
                }

                return attribute is null ? reader.ReadElementContentAsString() : reader.GetAttribute(attribute);
            }
        }
        catch (Exception exception) when (exception is XmlException or InvalidOperationException)
        {
            // Not XML, or not as the path has it.
        }

        return null;
    }

    public static string Bounded(ReadOnlySequence<byte> body, int maximum) => Encoding.UTF8.GetString(body.Slice(0, Math.Min(body.Length, maximum)));
}
