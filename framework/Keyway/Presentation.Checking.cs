using System.Runtime.InteropServices;
using Keyway.MediaUnits;
using Keyway.Mp4;
using Keyway.Sessions;
using Keyway.Sources;
using Keyway.Timeline;

namespace Keyway;

/// <content>One segment opened and thrown away.</content>
public sealed partial class Presentation
{
    /// <summary>
    /// Opens the samples of one segment with the keys of this presentation, looks whether they fit, and throws them away: each is zeroed where it lies. The segment is of a manifest
    /// that was read for itself (<see cref="KeywayEngine.ReadManifestAsync"/>), so that nothing has to be followed for it.
    /// </summary>
    /// <param name="manifest">The manifest of now, of the same source.</param>
    /// <param name="rendition">A rendition of it.</param>
    /// <param name="segment">A segment of the rendition.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>What was found.</returns>
    /// <remarks>Threads: any, several at once.</remarks>
    /// <exception cref="ArgumentException">The manifest is of another source.</exception>
    /// <exception cref="KeyUnavailableException">There is no key for it.</exception>
    /// <exception cref="MediaFormatException">It is malformed, not of the rendition, or in a container that is not read.</exception>
    /// <exception cref="SampleDecryptionException">A sample cannot be decrypted, or the key does not fit.</exception>
    /// <exception cref="SourceException">It cannot be reached.</exception>
    public async ValueTask<SegmentCheck> CheckSegmentAsync(ManifestFacts manifest, Rendition rendition, TimelineSegment segment, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        ArgumentNullException.ThrowIfNull(rendition);
        if (manifest.Source != _setup.Content.Origin.Given) throw new ArgumentException("the manifest is of another presentation", nameof(manifest));
        ContentOrigin origin = manifest.Timeline.Origin;
        SegmentList segments = await rendition.Segments.OpenAsync(_setup.Sources, origin, cancellationToken).ConfigureAwait(false);
        if (!rendition.IsReadable || !segments.IsReadable) throw new MediaFormatException(segment.Name, new FormatError($"{rendition.MimeType ?? "its container"} is not read", "", -1));
        if (segments.IsWholeFile) throw new MediaFormatException(segment.Name, new FormatError("it is one file without an index: there is no segment to be looked at", "", -1));

        SegmentFetcher fetcher = new(_setup.Sources, origin, _setup.KeyFiles);
        ReadOnlyMemory<byte> head = segments.Initialization is { } initialization ? await InitializationAsync(manifest.Timeline, initialization, cancellationToken).ConfigureAwait(false) : default;
        RenditionCheck check = head.IsEmpty ? new RenditionCheck(null) { Kind = rendition.Kind } : SegmentFetcher.CheckOf(head, rendition.Kind, segment.Name);
        CheckedSegment found = await fetcher.ReadAsync(segment, check, time: null, cancellationToken).ConfigureAwait(false);
        // One that was put into another container describes itself, and so does one of a transport stream.
        bool describesItself = head.IsEmpty || !found.Original.IsEmpty;
        long size = found.Original.IsEmpty ? found.Size : found.Original.Length;
        ListedUnits units = describesItself ? new(found.ToUnit(place: null)) : new(MediaUnit.Initialization(head, segment.Name), found.ToUnit(place: null));
        using Mp4Reader reader = await Mp4Reader.OpenAsync(units, segment.Name, cancellationToken).ConfigureAwait(false);
        using PresentationKeys keys = new(_setup, IndexOf(rendition), _setup.Options.Output, _segmentReader);
        Func<Mp4Track, bool>? own = rendition.TrackId is { } id ? track => track.Id == id : rendition.IsMixed ? track => HandlerKind.Of(track.Handler) == rendition.Kind : null;
        await foreach (ClearFragment fragment in reader.ReadAsync(keys, own, cancellationToken).ConfigureAwait(false))
        {
            foreach (ClearSample sample in fragment.Samples)
                if (sample.WasProtected) MemoryMarshal.AsMemory(sample.Data).Span.Clear();
        }

        IReadOnlyList<Mp4TrackSummary> tracks = [.. reader.Summary.Tracks.Where(track => own?.Invoke(track.Track) != false)];
        Mp4TrackSummary? seen = tracks.FirstOrDefault(static track => track.KeyCheck is not null);
        return new SegmentCheck
        {
            Samples = tracks.Sum(static track => track.Samples),
            ProtectedSamples = tracks.Sum(static track => track.ProtectedSamples),
            Bytes = size,
            KeyCheck = seen?.KeyCheck?.Result ?? Mp4KeyCheckResult.None,
            KeyCheckReason = seen?.KeyCheck?.Reason ?? "",
            KeyIds = [.. tracks.SelectMany(static track => track.KeyIds).Distinct()],
        };
    }
}
