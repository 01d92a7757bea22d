using System.Globalization;
using System.Numerics;
using System.Xml;
using Keyway.Relay.Endpoints;
using Keyway.Relay.Serving;
using Keyway.Timeline;

namespace Keyway.Relay.Manifests;

/// <summary>Writes segments as a <c>SegmentTemplate</c> with a timeline.</summary>
internal static class SegmentTemplateWriter
{
    /// <summary>Writes it.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="prefix">The prefix of its namespace.</param>
    /// <param name="space">The namespace of DASH.</param>
    /// <param name="segments">The segments in order.</param>
    /// <param name="mediaStart">What time of the media the beginning of the period is, by the clock that the segments have (see <paramref name="ahead"/>).</param>
    /// <param name="ahead">How far the clock of the media is ahead of the times of the segments: where the original manifest names durations only.</param>
    /// <param name="hasInitialization">Whether something describes them that is not in them.</param>
    public static void Write(XmlWriter writer, string prefix, string space, IReadOnlyList<TimelineSegment> segments, TimeSpan mediaStart, TimeSpan ahead, bool hasInitialization)
    {
        ulong scale = segments.Count > 0 ? segments[0].Timescale : 1;
        // Times are times of the media, and of addresses only where the two are the same.
        bool isByTime = ahead == TimeSpan.Zero && segments.All(static segment => segment.Duration > 0);
        writer.WriteStartElement(prefix, "SegmentTemplate", space);
        writer.WriteAttributeString("timescale", scale.ToString(CultureInfo.InvariantCulture));
        ulong offset = Units(mediaStart, scale);
        if (offset > 0) writer.WriteAttributeString("presentationTimeOffset", offset.ToString(CultureInfo.InvariantCulture));
        if (hasInitialization) writer.WriteAttributeString("initialization", MediaEndpoints.Initialization);
        writer.WriteAttributeString("media", isByTime ? $"t$Time$.{SegmentName.Mp4}" : $"n$Number$.{SegmentName.Mp4}");
        if (!isByTime && segments.Count > 0) writer.WriteAttributeString("startNumber", segments[0].Number.ToString(CultureInfo.InvariantCulture));
        writer.WriteStartElement(prefix, "SegmentTimeline", space);
        ulong shift = Units(ahead, scale);
        for (int i = 0; i < segments.Count;)
        {
            int run = i + 1;
            while (run < segments.Count && segments[run].Duration == segments[i].Duration && segments[run].Time == segments[run - 1].Time + segments[i].Duration) run++;
            writer.WriteStartElement(prefix, "S", space);
            if (i == 0 || segments[i].Time != segments[i - 1].Time + segments[i - 1].Duration) writer.WriteAttributeString("t", (segments[i].Time + shift).ToString(CultureInfo.InvariantCulture));
            writer.WriteAttributeString("d", segments[i].Duration.ToString(CultureInfo.InvariantCulture));
            if (run - i > 1) writer.WriteAttributeString("r", (run - i - 1).ToString(CultureInfo.InvariantCulture));
            writer.WriteEndElement();
            i = run;
        }

        writer.WriteEndElement();
        writer.WriteEndElement();
    }

    private static ulong Units(TimeSpan time, ulong scale) => (ulong)(((BigInteger)time.Ticks * scale + (TimeSpan.TicksPerSecond / 2)) / TimeSpan.TicksPerSecond);
}
