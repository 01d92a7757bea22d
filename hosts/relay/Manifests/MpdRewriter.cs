using System.Globalization;
using System.Text;
using System.Xml;
using Keyway.Dash;
using Keyway.Relay.Endpoints;
using Keyway.Relay.Serving;
using Keyway.Timeline;

namespace Keyway.Relay.Manifests;

/// <summary>
/// A DASH manifest made clear: the original, with whatever it says that is none of ours (roles, labels, events, unknown elements), without protection, and with no address but the relay's.
/// </summary>
/// <remarks>Threads: one at a time. The original was read by the engine before: it is well-formed and within its limits.</remarks>
internal sealed class MpdRewriter
{
    private const string XLink = "http://www.w3.org/1999/xlink";
    private const string Xmlns = "http://www.w3.org/2000/xmlns/";

    // What leads elsewhere, and has its own in the relay's or is of no use there.
    private static readonly HashSet<string> LeftOut = new(StringComparer.Ordinal)
    {
        "ContentProtection", "BaseURL", "Location", "PatchLocation", "ContentSteering", "UTCTiming", "Metrics", "InitializationSet", "InitializationGroup", "InitializationPresentation",
        "RepresentationIndex", "BitstreamSwitching",
    };

    // Descriptors whose meaning is an address, or a change of addresses.
    private static readonly string[] LeadingElsewhere = ["urn:mpeg:dash:urlparam:", "urn:mpeg:dash:chaining:", "urn:mpeg:dash:fallback:", "urn:mpeg:dash:event:callback:", "urn:mpeg:dash:event:alternativempd:"];

    // Attributes of a dynamic manifest that one that does not change has no use for.
    private static readonly HashSet<string> OfLive = new(StringComparer.Ordinal) { "availabilityStartTime", "availabilityEndTime", "minimumUpdatePeriod", "timeShiftBufferDepth", "suggestedPresentationDelay", "publishTime" };

    private readonly MapSnapshot _map;
    private readonly IReadOnlyDictionary<ServedRendition, IReadOnlyList<TimelineSegment>> _listed;
    private readonly Dictionary<string, ServedRendition> _byPath;
    private readonly HashSet<string> _servedSets;
    private readonly string _now;
    private readonly List<string> _path = [];
    private readonly List<Dictionary<string, int>> _counts = [];
    private readonly Stack<ulong> _firstNumbers = new([1]);

    private MpdRewriter(MapSnapshot map, IReadOnlyDictionary<ServedRendition, IReadOnlyList<TimelineSegment>> listed, string now)
    {
        (_map, _listed, _now) = (map, listed, now);
        _byPath = map.Renditions.ToDictionary(static rendition => rendition.Rendition.Path, StringComparer.Ordinal);
        _servedSets = [.. map.Renditions.Where(static rendition => rendition.Refusal is null).Select(static rendition => SetOf(rendition.Rendition.Path))];
    }

    /// <summary>Makes it.</summary>
    /// <param name="map">What is served.</param>
    /// <param name="listed">Those renditions whose segments are written one by one, in place of what says where they are in a file, and the segments.</param>
    /// <param name="now">Where the relay tells the time.</param>
    /// <returns>The manifest in UTF-8.</returns>
    public static ReadOnlyMemory<byte> Write(MapSnapshot map, IReadOnlyDictionary<ServedRendition, IReadOnlyList<TimelineSegment>> listed, Uri now)
    {
        using MemoryStream output = new();
        using (XmlWriter writer = XmlWriter.Create(output, new XmlWriterSettings { Encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false) }))
        {
            using XmlReader reader = DashDocument.Open(map.Timeline);
            reader.MoveToContent();
            writer.WriteStartDocument();
            new MpdRewriter(map, listed, now.AbsoluteUri).Copy(reader, writer, parent: "");
            writer.WriteEndDocument();
        }

        return output.GetBuffer().AsMemory(0, (int)output.Length);
    }

    /// <summary>Copies the element that the reader is at, or leaves it out, and moves the reader behind it.</summary>
    private void Copy(XmlReader reader, XmlWriter writer, string parent)
    {
        string path = Enter(reader);
        if (IsLeftOut(reader, path))
        {
            reader.Skip();
            return;
        }

        string name = IsDash(reader.NamespaceURI) ? reader.LocalName : "";
        ServedRendition? rendition = name == "Representation" ? _byPath.GetValueOrDefault(path) : null;
        (string prefix, string space) = (reader.Prefix, reader.NamespaceURI);
        bool isEmpty = reader.IsEmptyElement;
        writer.WriteStartElement(prefix, reader.LocalName, space);
        CopyAttributes(reader, writer, name, parent);
        _firstNumbers.Push(ulong.TryParse(reader.GetAttribute("startNumber"), NumberStyles.None, CultureInfo.InvariantCulture, out ulong first) ? first : _firstNumbers.Peek());
        if (rendition is not null) WriteAddresses(writer, prefix, space, rendition);
        int depth = reader.Depth, urls = 0;
        reader.Read();
        while (!isEmpty && reader.Depth > depth)
        {
            if (reader.NodeType == XmlNodeType.Element)
            {
                if (name == "SegmentList" && reader.LocalName == "SegmentURL") WriteSegmentUrl(reader, writer, urls++);
                else if (rendition is not null && _listed.ContainsKey(rendition) && reader.LocalName is "SegmentBase" or "SegmentList" or "SegmentTemplate")
                {
                    Enter(reader);
                    reader.Skip();
                }
                else Copy(reader, writer, name);
                continue;
            }

            if (reader.NodeType is XmlNodeType.Text or XmlNodeType.CDATA or XmlNodeType.SignificantWhitespace) writer.WriteString(reader.Value);
            reader.Read();
        }

        // The end of the element, where it has one of its own.
        if (!isEmpty) reader.Read();
        if (name == "MPD" && _map.IsLive) WriteClock(writer, prefix, space);
        _firstNumbers.Pop();
        writer.WriteEndElement();
    }

    private bool IsLeftOut(XmlReader reader, string path)
    {
        if (!IsDash(reader.NamespaceURI)) return IsOfProtection(reader.NamespaceURI);
        if (LeftOut.Contains(reader.LocalName)) return true;
        if (reader.GetAttribute("schemeIdUri") is { } scheme && LeadingElsewhere.Any(each => scheme.AsSpan().Trim().StartsWith(each, StringComparison.OrdinalIgnoreCase))) return true;
        // A link to nothing: its element is not there.
        if (reader.GetAttribute("href", XLink)?.Trim() == "urn:mpeg:dash:resolve-to-zero:2013") return true;
        return reader.LocalName switch
        {
            "Representation" => !_byPath.TryGetValue(path, out ServedRendition? rendition) || rendition.Refusal is not null,
            // A set without representations is none.
            "AdaptationSet" => !_servedSets.Contains(path),
            _ => false,
        };
    }

    private void CopyAttributes(XmlReader reader, XmlWriter writer, string name, string parent)
    {
        bool isStill = name == "MPD" && !_map.IsLive && reader.GetAttribute("type") == "dynamic";
        bool isIncomplete = reader.GetAttribute("availabilityTimeComplete")?.Trim() == "false";
        // What is a part of the file that the representation is stays where it is.
        bool isInFile = name == "Initialization" && parent == "SegmentBase" && reader.GetAttribute("sourceURL") is null;
        bool hasDuration = reader.GetAttribute("mediaPresentationDuration") is not null;
        while (reader.MoveToNextAttribute())
        {
            string? value = reader.NamespaceURI switch
            {
                XLink => null,
                Xmlns => reader.Value,
                { Length: > 0 } space => IsOfProtection(space) || reader.LocalName == "schemaLocation" ? null : reader.Value,
                _ when isStill && OfLive.Contains(reader.LocalName) => null,
                _ when isStill && reader.LocalName == "type" => "static",
                _ => ValueOf(name, reader.LocalName, reader.Value, isIncomplete, isInFile),
            };
            if (value is not null) writer.WriteAttributeString(reader.Prefix, reader.LocalName, reader.NamespaceURI, value);
        }

        reader.MoveToElement();
        if (name == "Initialization" && !isInFile) writer.WriteAttributeString("sourceURL", MediaEndpoints.Initialization);
        if (isStill && !hasDuration && _map.Periods is [.., { Duration: { } length } last]) writer.WriteAttributeString("mediaPresentationDuration", XmlConvert.ToString(last.Start + length));
    }

    private static string? ValueOf(string element, string attribute, string value, bool isIncomplete, bool isInFile) => (element, attribute) switch
    {
        // By time or by number, as it was; which rendition it is, its base address says.
        ("SegmentTemplate", "media") => value.Contains("$Time", StringComparison.Ordinal) ? $"t$Time$.{SegmentName.Mp4}" : $"n$Number$.{SegmentName.Mp4}",
        ("SegmentTemplate", "initialization") => MediaEndpoints.Initialization,
        ("SegmentTemplate", "index" or "bitstreamSwitching") => null,
        // What is there early is there in pieces; here segments are whole.
        ("SegmentTemplate" or "SegmentList" or "SegmentBase", "availabilityTimeComplete") => null,
        ("SegmentTemplate" or "SegmentList" or "SegmentBase", "availabilityTimeOffset") => isIncomplete ? null : value,
        ("Initialization", "sourceURL") => null,
        ("Initialization", "range") => isInFile ? value : null,
        ("ProgramInformation", "moreInformationURL") => null,
        _ => value,
    };

    /// <summary>Where addresses of a representation count from: its folder, or itself as a file. Its segments, where it lists them here.</summary>
    private void WriteAddresses(XmlWriter writer, string prefix, string space, ServedRendition rendition)
    {
        bool isListed = _listed.TryGetValue(rendition, out IReadOnlyList<TimelineSegment>? segments);
        bool isFile = !isListed && rendition.Rendition.Segments is RepresentationSegments { Addressing: SegmentAddressing.Index or SegmentAddressing.SingleFile };
        writer.WriteElementString(prefix, "BaseURL", space, $"{rendition.Folder}/{(isFile ? MediaEndpoints.File : "")}");
        if (isListed) SegmentTemplateWriter.Write(writer, prefix, space, segments!, rendition.Rendition.Segments.MediaOffset, TimeSpan.Zero, hasInitialization: true);
    }

    private void WriteSegmentUrl(XmlReader reader, XmlWriter writer, int index)
    {
        Enter(reader);
        writer.WriteStartElement(reader.Prefix, reader.LocalName, reader.NamespaceURI);
        writer.WriteAttributeString("media", new SegmentName(IsTime: false, _firstNumbers.Peek() + (ulong)index, SegmentName.Mp4).ToString());
        writer.WriteEndElement();
        reader.Skip();
    }

    /// <summary>The relay's clock is that of the feed: a player with another asks too early or too late.</summary>
    private void WriteClock(XmlWriter writer, string prefix, string space)
    {
        writer.WriteStartElement(prefix, "UTCTiming", space);
        writer.WriteAttributeString("schemeIdUri", "urn:mpeg:dash:utc:http-iso:2014");
        writer.WriteAttributeString("value", _now);
        writer.WriteEndElement();
    }

    // Names with ordinals from 0 among siblings of the same name, as the engine calls places in a manifest; the root has none.
    private string Enter(XmlReader reader)
    {
        if (_path.Count > reader.Depth) _path.RemoveRange(reader.Depth, _path.Count - reader.Depth);
        if (_counts.Count > reader.Depth + 1) _counts.RemoveRange(reader.Depth + 1, _counts.Count - reader.Depth - 1);
        while (_counts.Count <= reader.Depth) _counts.Add(new(StringComparer.Ordinal));
        Dictionary<string, int> siblings = _counts[reader.Depth];
        int ordinal = siblings.GetValueOrDefault(reader.LocalName);
        siblings[reader.LocalName] = ordinal + 1;
        _path.Add(reader.Depth == 0 ? $"/{reader.LocalName}" : string.Create(CultureInfo.InvariantCulture, $"/{reader.LocalName}[{ordinal}]"));
        return string.Concat(_path);
    }

    private static string SetOf(string path) => path[..Math.Max(0, path.LastIndexOf('/'))];

    private static bool IsDash(string space) => space.Length == 0 || space.StartsWith("urn:mpeg:dash:schema:mpd:", StringComparison.OrdinalIgnoreCase);

    private static bool IsOfProtection(string space) => space.StartsWith("urn:mpeg:cenc", StringComparison.OrdinalIgnoreCase) || space.StartsWith("urn:microsoft", StringComparison.OrdinalIgnoreCase)
        || space.Contains("dashif.org", StringComparison.OrdinalIgnoreCase) || space.StartsWith("urn:marlin:", StringComparison.OrdinalIgnoreCase);
}
