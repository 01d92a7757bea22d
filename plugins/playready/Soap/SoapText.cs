using System.Text;
using System.Xml;

namespace Keyway.PlayReady.Soap;

/// <summary>Text in canonical form (Canonical XML 1.0, 2.3), written by hand because a digest covers the exact bytes.</summary>
internal static class SoapText
{
    /// <summary>Escapes the text of an element.</summary>
    /// <exception cref="XmlException">A character has no place in XML.</exception>
    public static string Escape(string text)
    {
        XmlConvert.VerifyXmlChars(text);
        StringBuilder escaped = new(text.Length);
        foreach (char character in text)
        {
            _ = character switch
            {
                '&' => escaped.Append("&amp;"),
                '<' => escaped.Append("&lt;"),
                '>' => escaped.Append("&gt;"),
                '\r' => escaped.Append("&#xD;"),
                _ => escaped.Append(character),
            };
        }

        return escaped.ToString();
    }
}
