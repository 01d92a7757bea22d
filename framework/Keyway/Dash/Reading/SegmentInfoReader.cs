using System.Globalization;
using Keyway.Dash.Segments;
using Keyway.Dash.Xml;
using Keyway.Sources;

namespace Keyway.Dash.Reading;

/// <summary>Reads <c>SegmentBase</c>, <c>SegmentList</c> and <c>SegmentTemplate</c>.</summary>
/// <remarks>What cannot be understood is kept as an error of the element; a reader of the segments gets it then.</remarks>
internal sealed class SegmentInfoReader
{
    private readonly MpdCursor _at;
    private FormatError? _error;

    private SegmentInfoReader(MpdCursor at) => _at = at;

    public static SegmentInfo Read(MpdCursor at, SegmentInfoKind kind) => new SegmentInfoReader(at).Read(kind);

    private SegmentInfo Read(SegmentInfoKind kind)
    {
        string path = _at.Path;
        SegmentInfo info = new()
        {
            Kind = kind,
            Path = path,
            Timescale = Number("timescale"),
            PresentationTimeOffset = Number("presentationTimeOffset"),
            Duration = Number("duration"),
            StartNumber = Number("startNumber"),
            EndNumber = Number("endNumber"),
            Media = _at.Attribute("media"),
            InitializationTemplate = kind == SegmentInfoKind.Template ? _at.Attribute("initialization") : null,
            Availability = ManifestReader.ReadAvailability(_at),
            IndexRange = Range("indexRange"),
        };
        if (info.Timescale == 0) Fail("@timescale is 0");
        if (info.Duration == 0) Fail("@duration is 0");

        SegmentReference? initialization = null;
        SegmentTimeline? timeline = null;
        List<SegmentReference>? urls = null;
        _at.Children(() =>
        {
            if (!_at.IsDash) return;
            switch (_at.Name)
            {
                case "Initialization" or "Initialisation":
                    initialization ??= new SegmentReference(_at.Attribute("sourceURL"), Range("range"));
                    break;
                case "SegmentTimeline":
                    timeline ??= ReadTimeline();
                    break;
                case "SegmentURL" when kind == SegmentInfoKind.List:
                    (urls ??= []).Add(new SegmentReference(_at.Attribute("media"), Range("mediaRange")));
                    break;
            }
        });
        return info with { Initialization = initialization, Timeline = timeline, Urls = urls, Error = _error };
    }

    private SegmentTimeline ReadTimeline()
    {
        string path = _at.Path;
        List<TimelineEntry> entries = [];
        _at.Children(() =>
        {
            if (!_at.IsDash || _at.Name != "S") return;
            ulong? duration = Number("d");
            string? repeat = _at.Attribute("r");
            long times = 0;
            if (repeat is not null && !MpdValue.TryInt64(repeat, out times)) Fail("S@r is not a number");
            if (duration is null) Fail("S has no @d");
            else if (duration == 0 && times != 0) Fail("S repeats a segment of no duration");
            entries.Add(new TimelineEntry(Number("t"), Number("n"), duration ?? 0, times));
        });
        return new SegmentTimeline(path, entries);
    }

    private ulong? Number(string name)
    {
        if (_at.Attribute(name) is not { } text) return null;
        if (MpdValue.TryUInt64(text, out ulong value)) return value;
        Fail(string.Create(CultureInfo.InvariantCulture, $"@{name} is not a number"));
        return null;
    }

    private ByteRange? Range(string name)
    {
        if (_at.Attribute(name) is not { } text) return null;
        if (ByteRange.TryParse(text, out ByteRange range)) return range;
        Fail($"@{name} is not a range of bytes");
        return null;
    }

    private void Fail(string reason) => _error ??= new FormatError(reason, _at.Path, -1);
}
