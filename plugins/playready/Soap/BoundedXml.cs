using System.Xml;
using System.Xml.Linq;

namespace Keyway.PlayReady.Soap;

/// <summary>XML from outside: no DTD, no entities of its own, nothing fetched, a bounded size and a bounded depth.</summary>
internal static class BoundedXml
{
    private const int Deepest = 64;

    /// <summary>Parses markup.</summary>
    /// <exception cref="XmlException">It is not well-formed, too long, too deep, or has a DTD.</exception>
    public static XDocument Parse(string markup)
    {
        using (XmlReader depth = Open(markup))
            while (depth.Read())
                if (depth.Depth > Deepest) throw new XmlException("elements are nested too deeply");

        using XmlReader reader = Open(markup);
        return XDocument.Load(reader, LoadOptions.PreserveWhitespace);
    }

    /// <summary>The children of an element by local name, whatever namespace they were put in.</summary>
    public static IEnumerable<XElement> ElementsNamed(this XElement parent, string name) =>
        parent.Elements().Where(child => child.Name.LocalName == name);

    /// <summary>The one child of a name; <see langword="null"/> when there is none or more than one.</summary>
    public static XElement? OnlyNamed(this XElement? parent, string name)
    {
        if (parent is null) return null;
        using IEnumerator<XElement> found = parent.ElementsNamed(name).GetEnumerator();
        if (!found.MoveNext()) return null;
        XElement first = found.Current;
        return found.MoveNext() ? null : first;
    }

    private static XmlReader Open(string markup) => XmlReader.Create(new StringReader(markup), new XmlReaderSettings
    {
        DtdProcessing = DtdProcessing.Prohibit,
        XmlResolver = null,
        MaxCharactersInDocument = PlayReadyConstants.LongestMessage,
        CheckCharacters = true,
        CloseInput = true,
    });
}
