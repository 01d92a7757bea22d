using System.Globalization;
using System.Text;
using System.Xml;
using Keyway.Relay.Endpoints;
using Keyway.Relay.Serving;
using Keyway.Timeline;

namespace Keyway.Relay.Manifests;

/// <summary>A DASH manifest for what came from something else: playlists, Smooth Streaming, a file.</summary>
internal sealed class MpdWriter
{
    private const string Space = "urn:mpeg:dash:schema:mpd:2011";

    private readonly XmlWriter _writer;

    private MpdWriter(XmlWriter writer) => _writer = writer;

    /// <summary>Makes it.</summary>
    /// <param name="map">What is served.</param>
    /// <param name="media">What is known of the renditions that can be written, and their segments.</param>
    /// <param name="live">Of a live presentation its times; <see langword="null"/>: it is none.</param>
    /// <param name="said">How long it is, where that is known.</param>
    /// <param name="now">Where the relay tells the time.</param>
    /// <returns>The manifest in UTF-8.</returns>
    public static ReadOnlyMemory<byte> Write(MapSnapshot map, IReadOnlyDictionary<ServedRendition, RenditionSegments> media, LiveTimes? live, TimeSpan? said, Uri now)
    {
        using MemoryStream output = new();
        using (XmlWriter writer = XmlWriter.Create(output, new XmlWriterSettings { Encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false) })) new MpdWriter(writer).WriteAll(map, media, live, said, now);
        return output.GetBuffer().AsMemory(0, (int)output.Length);
    }

    private void WriteAll(MapSnapshot map, IReadOnlyDictionary<ServedRendition, RenditionSegments> media, LiveTimes? live, TimeSpan? said, Uri now)
    {
        _writer.WriteStartDocument();
        _writer.WriteStartElement("MPD", Space);
        Write("profiles", "urn:mpeg:dash:profile:isoff-live:2011");
        Write("type", live is null ? "static" : "dynamic");
        Write("minBufferTime", "PT2S");
        if (live is not null)
        {
            Write("availabilityStartTime", XmlConvert.ToString(live.AvailabilityStart));
            Write("publishTime", XmlConvert.ToString(live.Now));
            Write("minimumUpdatePeriod", XmlConvert.ToString(live.UpdatePeriod));
            Write("timeShiftBufferDepth", XmlConvert.ToString(live.Window));
            if (live.Delay is { } delay) Write("suggestedPresentationDelay", XmlConvert.ToString(delay));
        }
        else if ((said ?? LengthOf(map, media)) is { } length && length > TimeSpan.Zero) Write("mediaPresentationDuration", XmlConvert.ToString(length));

        foreach (ServedPeriod period in map.Periods)
        {
            _writer.WriteStartElement("Period", Space);
            Write("id", string.Create(CultureInfo.InvariantCulture, $"p{period.Number}"));
            Write("start", XmlConvert.ToString(period.Start));
            if (period.Duration is { } duration) Write("duration", XmlConvert.ToString(duration));
            foreach (IGrouping<string, ServedRendition> set in period.Renditions.Where(media.ContainsKey).GroupBy(rendition => SetOf(rendition, media[rendition]))) WriteSet([.. set], media);
            _writer.WriteEndElement();
        }

        if (live is not null)
        {
            _writer.WriteStartElement("UTCTiming", Space);
            Write("schemeIdUri", "urn:mpeg:dash:utc:http-iso:2014");
            Write("value", now.AbsoluteUri);
            _writer.WriteEndElement();
        }

        _writer.WriteEndElement();
        _writer.WriteEndDocument();
    }

    private void WriteSet(ServedRendition[] renditions, IReadOnlyDictionary<ServedRendition, RenditionSegments> media)
    {
        Rendition first = renditions[0].Rendition;
        _writer.WriteStartElement("AdaptationSet", Space);
        Write("contentType", first.Kind.ToString().ToLowerInvariant());
        if (first.Language is { Length: > 0 } language) Write("lang", language);
        Write("segmentAlignment", "true");
        Write("startWithSAP", "1");
        if (first.IsTrickMode)
        {
            _writer.WriteStartElement("EssentialProperty", Space);
            Write("schemeIdUri", "http://dashif.org/guidelines/trickmode");
            _writer.WriteEndElement();
        }

        foreach (string role in first.Roles)
        {
            _writer.WriteStartElement("Role", Space);
            Write("schemeIdUri", "urn:mpeg:dash:role:2011");
            Write("value", role);
            _writer.WriteEndElement();
        }

        if (first.Label is { Length: > 0 } label) _writer.WriteElementString("Label", Space, label);
        foreach (ServedRendition rendition in renditions) WriteRepresentation(rendition, media[rendition]);
        _writer.WriteEndElement();
    }

    private void WriteRepresentation(ServedRendition served, RenditionSegments media)
    {
        Rendition rendition = served.Rendition;
        MediaForm form = media.Facts.IsRepacked ? MediaForm.Mp4 : media.Facts.Form;
        _writer.WriteStartElement("Representation", Space);
        Write("id", served.Folder.Replace('/', '-'));
        Write("mimeType", MediaEndpoints.TypeOf(rendition.Kind, form, rendition.MimeType));
        if (media.Codecs is { } codecs) Write("codecs", codecs);
        Write("bandwidth", Math.Max(1, rendition.Bandwidth > 0 ? rendition.Bandwidth : media.Estimate).ToString(CultureInfo.InvariantCulture));
        if (rendition.Width is { } width) Write("width", width.ToString(CultureInfo.InvariantCulture));
        if (rendition.Height is { } height) Write("height", height.ToString(CultureInfo.InvariantCulture));
        if (FrameRateOf(rendition.FrameRate) is { } rate) Write("frameRate", rate);
        if (rendition.AudioSamplingRate is { Length: > 0 } sampling && sampling.All(char.IsAsciiDigit)) Write("audioSamplingRate", sampling);
        bool isFile = media.Facts.IsWholeFile;
        _writer.WriteElementString("BaseURL", Space, $"{served.Folder}/{(isFile ? MediaEndpoints.File : "")}");
        if (media.Facts.Parts.Count > 0) WriteParts(media.Facts.Parts);
        else if (!isFile)
        {
            SegmentTemplateWriter.Write(_writer, "", Space, media.Segments, media.Facts.MediaStart, media.Facts.MediaStart - media.Facts.ListStart, media.Facts.HasInitialization || !media.Facts.Initialization.IsEmpty);
        }

        _writer.WriteEndElement();
    }

    /// <summary>The fragments of a file that has no index of its own.</summary>
    private void WriteParts(IReadOnlyList<FilePart> parts)
    {
        _writer.WriteStartElement("SegmentList", Space);
        Write("timescale", TimeSpan.TicksPerSecond.ToString(CultureInfo.InvariantCulture));
        if (parts[0].Start > TimeSpan.Zero) Write("presentationTimeOffset", parts[0].Start.Ticks.ToString(CultureInfo.InvariantCulture));
        _writer.WriteStartElement("Initialization", Space);
        Write("range", string.Create(CultureInfo.InvariantCulture, $"0-{parts[0].First - 1}"));
        _writer.WriteEndElement();
        _writer.WriteStartElement("SegmentTimeline", Space);
        foreach (FilePart part in parts)
        {
            _writer.WriteStartElement("S", Space);
            Write("t", part.Start.Ticks.ToString(CultureInfo.InvariantCulture));
            Write("d", Math.Max(1, part.Length.Ticks).ToString(CultureInfo.InvariantCulture));
            _writer.WriteEndElement();
        }

        _writer.WriteEndElement();
        foreach (FilePart part in parts)
        {
            _writer.WriteStartElement("SegmentURL", Space);
            Write("mediaRange", string.Create(CultureInfo.InvariantCulture, $"{part.First}-{part.First + part.Count - 1}"));
            _writer.WriteEndElement();
        }

        _writer.WriteEndElement();
    }

    private void Write(string name, string value) => _writer.WriteAttributeString(name, value);

    private static string SetOf(ServedRendition served, RenditionSegments media) =>
        $"{served.Rendition.Kind} {served.Rendition.GroupIndex} {served.Rendition.Language} {served.Rendition.IsTrickMode} {media.Facts.Form} {string.Join(',', served.Rendition.Roles)} {media.Codecs?.Split('.')[0]} {(served.Rendition.Kind == MediaKind.Video ? "" : served.Rendition.Label)}";

    private static TimeSpan? LengthOf(MapSnapshot map, IReadOnlyDictionary<ServedRendition, RenditionSegments> media)
    {
        if (map.Timeline.Duration is { } said) return said;
        if (map.Periods is not [.., { } last]) return null;
        if (last.Duration is { } length) return last.Start + length;
        // What no manifest says the segments do.
        TimeSpan end = TimeSpan.Zero;
        foreach (ServedRendition rendition in last.Renditions)
            if (media.TryGetValue(rendition, out RenditionSegments? known) && known.Segments is [.., { } segment] && known.Facts.StartOf(segment) + segment.Length is var until && until > end) end = until;
        return last.Start + end;
    }

    // 25, 30000/1001; playlists write 29.970.
    private static string? FrameRateOf(string? text)
    {
        if (text is null) return null;
        if (text.All(static letter => char.IsAsciiDigit(letter) || letter == '/')) return text;
        return double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double rate) && rate is > 0 and < 1000
            ? Math.Abs(rate - Math.Round(rate)) < 0.001 ? Math.Round(rate).ToString(CultureInfo.InvariantCulture) : string.Create(CultureInfo.InvariantCulture, $"{Math.Round(rate * 1001)}/1001")
            : null;
    }
}
