using System.Runtime.InteropServices;
using System.Xml;
using Keyway.Dash.Xml;
using Keyway.Timeline;

namespace Keyway.Dash;

/// <summary>A manifest as it was read, for those who make another of it.</summary>
public static class DashDocument
{
    /// <summary>
    /// Reads the manifest of a presentation from its beginning, under the limits that it was read with before: no DTD, nothing fetched, and those prefixes bound that real manifests use without
    /// saying so. Places are those of <see cref="Rendition.Path"/>: names with ordinals from 0 among siblings of the same name; the root has none.
    /// </summary>
    /// <param name="timeline">The presentation, as its manifest describes it.</param>
    /// <returns>The reader. Ownership: the caller's.</returns>
    /// <exception cref="ArgumentException">It came from something else than a DASH manifest.</exception>
    public static XmlReader Open(PresentationTimeline timeline)
    {
        ArgumentNullException.ThrowIfNull(timeline);
        if (timeline.Document.IsEmpty) throw new ArgumentException("it was not read from a DASH manifest", nameof(timeline));
        MemoryStream stream = MemoryMarshal.TryGetArray(timeline.Document, out ArraySegment<byte> array)
            ? new MemoryStream(array.Array!, array.Offset, array.Count, writable: false)
            : new MemoryStream(timeline.Document.ToArray(), writable: false);
        XmlReaderSettings settings = XmlCursor.Settings();
        settings.CloseInput = true;
        return XmlReader.Create(stream, settings, MpdNames.Context());
    }
}
