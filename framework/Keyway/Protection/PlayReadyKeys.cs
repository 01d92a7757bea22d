using System.Buffers.Binary;
using System.Text;
using System.Xml;

namespace Keyway.Protection;

/// <summary>Which keys a PlayReady object names: what a manifest that has nothing else must be asked for. All else in it is its key system's to read.</summary>
/// <remarks>
/// <code>
/// object: length:4 count:2 record…     record: type:2 length:2 value     all little-endian; the value of type 1 is XML in UTF-16LE
/// WRMHEADER 4.0:  DATA ─ KID                                  text
///           4.1:  DATA ─ PROTECTINFO ─ KID                    VALUE
///           4.2…: DATA ─ PROTECTINFO ─ KIDS ─ KID…            VALUE
/// </code>
/// </remarks>
internal sealed record PlayReadyKeys
{
    private const int Header = 6, RecordHeader = 4, MarkupRecord = 1;

    /// <summary>The keys, in the order of the header. None where they come with the content.</summary>
    public IReadOnlyList<KeyId> KeyIds { get; private init; } = [];

    /// <summary>Whether it says that samples are encrypted in cipher block chaining mode.</summary>
    public bool IsChained { get; private init; }

    /// <summary>Why nothing can be read; <see langword="null"/>: it can.</summary>
    public string? Problem { get; private init; }

    /// <summary>Reads an object, or the header alone, which some write in its place.</summary>
    /// <param name="data">Its bytes.</param>
    public static PlayReadyKeys Read(ReadOnlySpan<byte> data)
    {
        if (!TryFindMarkup(data, out ReadOnlySpan<byte> markup, out string problem)) return new PlayReadyKeys { Problem = problem };
        if (markup.IsEmpty) return new PlayReadyKeys();
        bool isWide = markup.Length > 1 && (markup[1] == 0 || markup[0] == 0xFF);
        string text = (isWide ? Encoding.Unicode : Encoding.UTF8).GetString(markup).Trim('\uFEFF', '\0', ' ', '\r', '\n', '\t');
        List<KeyId> ids = [];
        bool isChained = false;
        try
        {
            XmlReaderSettings settings = XmlCursor.Settings();
            using StringReader letters = new(text);
            using XmlReader xml = XmlReader.Create(letters, settings);
            bool inside = false;
            int custom = int.MaxValue;
            while (xml.Read())
            {
                if (xml.NodeType == XmlNodeType.Element)
                {
                    // What stands in CUSTOMATTRIBUTES is its author's own.
                    if (xml.Depth > custom) continue;
                    custom = xml.LocalName == "CUSTOMATTRIBUTES" ? xml.Depth : int.MaxValue;
                    if (xml.Depth > ManifestLimits.Nesting) return new PlayReadyKeys { Problem = $"elements are nested more than {ManifestLimits.Nesting} deep" };
                    inside = xml.LocalName == "KID" && !xml.IsEmptyElement;
                    if (xml.LocalName is not ("KID" or "ALGID")) continue;
                    isChained |= xml.GetAttribute("ALGID") == "AESCBC";
                    if (xml.GetAttribute("VALUE") is not { } value) continue;
                    inside = false;
                    if (!TryAdd(value)) return Malformed();
                }
                else if (xml.NodeType is XmlNodeType.Text or XmlNodeType.CDATA && inside)
                {
                    inside = false;
                    if (!TryAdd(xml.Value)) return Malformed();
                }
            }
        }
        catch (XmlException e)
        {
            return new PlayReadyKeys { Problem = $"its header is not well-formed XML: {XmlCursor.Words(e)}" };
        }

        return new PlayReadyKeys { KeyIds = ids, IsChained = isChained };

        bool TryAdd(string value)
        {
            // In the order of a GUID: the first three fields little-endian.
            if (!LenientBase64.TryRead(value, out byte[] bytes) || bytes.Length != KeyId.Size || ids.Count == Mp4Limits.KeyIds) return false;
            Span<byte> ordered = stackalloc byte[KeyId.Size];
            new Guid(bytes, bigEndian: false).TryWriteBytes(ordered, bigEndian: true, out _);
            if (KeyId.TryRead(ordered, out KeyId id) && !ids.Contains(id)) ids.Add(id);
            return true;
        }

        static PlayReadyKeys Malformed() => new() { Problem = $"its header has a KID that is no key identifier, or more than {Mp4Limits.KeyIds} of them" };
    }

    private static bool TryFindMarkup(ReadOnlySpan<byte> data, out ReadOnlySpan<byte> markup, out string problem)
    {
        problem = "";
        markup = default;
        if (data.Length > 0 && data[0] == (byte)'<')
        {
            markup = data;
            return true;
        }

        if (data.Length < Header)
        {
            problem = $"an object of {data.Length} bytes is none";
            return false;
        }

        int count = BinaryPrimitives.ReadUInt16LittleEndian(data[4..]), at = Header;
        for (int i = 0; i < count; i++)
        {
            if (data.Length - at < RecordHeader) return Cut(out problem);
            int type = BinaryPrimitives.ReadUInt16LittleEndian(data[at..]), length = BinaryPrimitives.ReadUInt16LittleEndian(data[(at + 2)..]);
            at += RecordHeader;
            if (data.Length - at < length) return Cut(out problem);
            if (type == MarkupRecord)
            {
                markup = data.Slice(at, length);
                return true;
            }

            at += length;
        }

        return true;

        static bool Cut(out string problem)
        {
            problem = "its records are cut short";
            return false;
        }
    }
}
