using System.Globalization;
using System.Runtime.InteropServices;
using System.Xml;
using Keyway.Dash.Xml;
using Keyway.Sources;

namespace Keyway.Dash.Reading;

/// <summary>Reads a manifest with the parts of it that stand in documents of their own (xlink; ISO/IEC 23009-1, 5.5).</summary>
/// <remarks>
/// They are fetched from where the manifest is and from nowhere else, so many, so deep in each other and so large as <see cref="ManifestLimits"/> says.
/// One that cannot be had, or is another kind of element than it stands for, leaves the manifest's own element as it is, and a remark.
/// Links to be followed on request are followed too: all of the presentation is read.
/// </remarks>
internal sealed class ManifestLoader
{
    private readonly MediaSources _sources;
    private readonly ContentOrigin _origin;
    private readonly List<ManifestNote> _notes = [];
    private readonly CancellationToken _cancellation;
    private int _remote;

    private ManifestLoader(MediaSources sources, ContentOrigin origin, CancellationToken cancellationToken) =>
        (_sources, _origin, _cancellation) = (sources, origin, cancellationToken);

    /// <summary>Reads a manifest.</summary>
    /// <param name="sources">What opens addresses.</param>
    /// <param name="document">The manifest as it was fetched.</param>
    /// <param name="elapsed">Of one that was dynamic and may have become static: how much of the presentation is past.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="ManifestException">It is none, or is larger with all its parts than is read.</exception>
    public static async ValueTask<Manifest> LoadAsync(MediaSources sources, SourceDocument document, TimeSpan? elapsed, CancellationToken cancellationToken)
    {
        Manifest manifest = ManifestReader.Read(document, elapsed);
        if (!manifest.HasRemoteElements) return manifest with { Document = document.Content };
        ManifestLoader loader = new(sources, document.Origin, cancellationToken);
        using MemoryStream whole = new();
        // Written into memory: there is nothing to wait for.
        using (XmlWriter writer = XmlWriter.Create(whole))
            await loader.CopyAsync(document.Content, document.Origin.Location, writer, whole, depth: 0).ConfigureAwait(false);
        ReadOnlyMemory<byte> content = whole.GetBuffer().AsMemory(0, (int)whole.Length);
        manifest = ManifestReader.Read(document with { Content = content }, elapsed);
        return manifest with { Document = content, Notes = [.. loader._notes, .. manifest.Notes], LeftOut = [.. loader._notes, .. manifest.LeftOut] };
    }

    private async ValueTask CopyAsync(ReadOnlyMemory<byte> content, Uri location, XmlWriter writer, MemoryStream whole, int depth)
    {
        using XmlReader reader = Open(content);
        List<Dictionary<string, int>> counts = [];
        List<string> path = [];
        bool more = reader.Read();
        while (more)
        {
            switch (reader.NodeType)
            {
                case XmlNodeType.Element:
                    if (whole.Length > ManifestLimits.Bytes)
                        throw new ManifestException(SourceText.Of(_origin.Location), new FormatError($"with the parts that it links to it is larger than {ManifestLimits.Bytes >> 20} MiB", "", -1));
                    Enter(reader, path, counts);
                    if (MpdNames.IsLinked(reader) && await TryReplaceAsync(reader, string.Concat(path), location, writer, whole, depth).ConfigureAwait(false))
                    {
                        // Its place has been taken, by nothing perhaps.
                        reader.Skip();
                        continue;
                    }

                    Begin(reader, writer);
                    break;
                case XmlNodeType.EndElement:
                    writer.WriteEndElement();
                    break;
                case XmlNodeType.Text or XmlNodeType.CDATA:
                    writer.WriteString(reader.Value);
                    break;
            }

            more = reader.Read();
        }
    }

    // Names with ordinals from 0 among siblings of the same name, as everywhere in messages about manifests; the root has none.
    private static void Enter(XmlReader reader, List<string> path, List<Dictionary<string, int>> counts)
    {
        path.RemoveRange(reader.Depth, path.Count - reader.Depth);
        if (counts.Count > reader.Depth + 1) counts.RemoveRange(reader.Depth + 1, counts.Count - reader.Depth - 1);
        while (counts.Count <= reader.Depth) counts.Add(new(StringComparer.Ordinal));
        Dictionary<string, int> siblings = counts[reader.Depth];
        int ordinal = siblings.GetValueOrDefault(reader.LocalName);
        siblings[reader.LocalName] = ordinal + 1;
        string name = reader.LocalName.Length <= ManifestLimits.NameInPath ? reader.LocalName : reader.LocalName[..ManifestLimits.NameInPath];
        path.Add(reader.Depth == 0 ? $"/{name}" : string.Create(CultureInfo.InvariantCulture, $"/{name}[{ordinal}]"));
    }

    private static XmlReader Open(ReadOnlyMemory<byte> content)
    {
        MemoryStream stream = MemoryMarshal.TryGetArray(content, out ArraySegment<byte> array)
            ? new MemoryStream(array.Array!, array.Offset, array.Count, writable: false)
            : new MemoryStream(content.ToArray(), writable: false);
        XmlReaderSettings settings = XmlCursor.Settings();
        settings.ConformanceLevel = ConformanceLevel.Fragment;
        settings.CloseInput = true;
        return XmlReader.Create(stream, settings, MpdNames.Context());
    }

    private static void Begin(XmlReader reader, XmlWriter writer)
    {
        bool empty = reader.IsEmptyElement;
        writer.WriteStartElement(reader.Prefix, reader.LocalName, reader.NamespaceURI);
        while (reader.MoveToNextAttribute())
        {
            if (reader.NamespaceURI == MpdNames.XLink) continue;
            writer.WriteAttributeString(reader.Prefix, reader.LocalName, reader.NamespaceURI, reader.Value);
        }

        reader.MoveToElement();
        if (empty) writer.WriteEndElement();
    }

    /// <summary>Writes what an element links to in its place.</summary>
    /// <returns><see langword="false"/>: the element stays as it is.</returns>
    private async ValueTask<bool> TryReplaceAsync(XmlReader reader, string path, Uri location, XmlWriter writer, MemoryStream whole, int depth)
    {
        string name = reader.LocalName;
        string link = reader.GetAttribute("href", MpdNames.XLink)!.Trim();
        if (link == MpdNames.ResolveToZero) return true;
        SourceDocument remote;
        try
        {
            if (depth >= ManifestLimits.RemoteNesting) return Leave(path, $"links lead more than {ManifestLimits.RemoteNesting} documents deep");
            if (++_remote > ManifestLimits.RemoteElements) return Leave(path, $"there are more than {ManifestLimits.RemoteElements} links");
            if (link.Length > ManifestLimits.Address || !Uri.TryCreate(location, link, out Uri? address)) return Leave(path, "the link is not an address");
            remote = await _sources.ReadRemoteAsync(_origin, address, _cancellation).ConfigureAwait(false);
            if (WhyNot(remote.Content, name) is { } reason) return Leave(path, $"{SourceText.Of(address)}: {reason}");
        }
        catch (SourceException exception)
        {
            return Leave(path, exception.Message);
        }

        await CopyAsync(remote.Content, remote.Origin.Location, writer, whole, depth + 1).ConfigureAwait(false);
        return true;
    }

    /// <summary>Why a document cannot stand for an element of a name. An empty one stands for nothing.</summary>
    private static string? WhyNot(ReadOnlyMemory<byte> content, string name)
    {
        try
        {
            using XmlReader reader = Open(content);
            while (reader.Read())
            {
                if (reader.Depth > ManifestLimits.Nesting) return $"elements are nested more than {ManifestLimits.Nesting} deep";
                if (reader.NodeType == XmlNodeType.Element && reader.Depth == 0 && (reader.LocalName != name || !MpdNames.IsDash(reader.NamespaceURI)))
                    return $"it holds another element than {name}";
                if (reader.NodeType is XmlNodeType.Text or XmlNodeType.CDATA && reader.Depth == 0) return "it is not XML";
            }

            return null;
        }
        catch (XmlException e)
        {
            return $"it is not well-formed XML: {XmlCursor.Words(e)}";
        }
    }

    private bool Leave(string path, string reason)
    {
        if (_notes.Count < ManifestLimits.Notes) _notes.Add(new ManifestNote(path, $"xlink is not followed: {reason}"));
        return false;
    }
}
