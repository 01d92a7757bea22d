using System.Security.Cryptography;
using System.Text;
using Keyway.Content;
using Keyway.Protection;
using Keyway.Sources;
using Keyway.Timeline;

namespace Keyway;

/// <content>For those who watch presentations and do not play them: manifests again and again, a segment now and then.</content>
public sealed partial class KeywayEngine
{
    private const int ProbeBuffer = 64 << 10;

    /// <summary>Reads a manifest, and nothing that it names but playlists. Each request is made once: who watches wants to know of the first that fails.</summary>
    /// <param name="source">Where it is: <c>file</c>, <c>http</c> or <c>https</c>; a relative one is a path from the working directory.</param>
    /// <param name="options">How; headers, origins and the wishes for tracks count.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>What it says now.</returns>
    /// <exception cref="SourceException">It cannot be reached.</exception>
    /// <exception cref="ManifestException">It cannot be read, or is none.</exception>
    public async ValueTask<ManifestFacts> ReadManifestAsync(Uri source, PresentationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        source = Absolute(source);
        options ??= new PresentationOptions();
        (ContentKind kind, PresentationTimeline timeline) = await new ContentReader(SourcesAskedOnce(options), keys: null).ReadTimelineAsync(source, options.Wishes, cancellationToken).ConfigureAwait(false);
        return new ManifestFacts { Source = source, Kind = kind, Timeline = timeline, ServerAhead = timeline.Live?.ServerAhead, ProtectionDigest = DigestOf(timeline) };
    }

    /// <summary>What a manifest says of what protects its renditions, merged by key. Headers are read by their key systems.</summary>
    /// <param name="manifest">The manifest.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The view. What initialisation segments and fragments say is not in it: <see cref="InspectAsync(Uri, PresentationOptions, CancellationToken)"/> has that.</returns>
    /// <exception cref="Licensing.LicenseServiceException">A key system does not come back from reading a header.</exception>
    public ValueTask<ProtectionMap> ReadProtectionAsync(ManifestFacts manifest, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        return _keySystems.ReadHeadersAsync(new ProtectionMapBuilder().Add(manifest.Timeline), cancellationToken);
    }

    /// <summary>Asks the clock that a manifest names; without one, the <c>Date</c> of its server counts.</summary>
    /// <param name="manifest">The manifest.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>How far it is ahead of ours; <see langword="null"/>: nobody tells.</returns>
    public async ValueTask<TimeSpan?> ReadClockAsync(ManifestFacts manifest, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        if (manifest.Timeline is { Live: not null, Source: { } source } && await source.ReadClockAsync(_options.Clock, _options.Clock.GetUtcNow(), static _ => { }, cancellationToken).ConfigureAwait(false) is { } ahead) return ahead;
        return manifest.ServerAhead;
    }

    /// <summary>Asks for a segment once, and throws away what comes.</summary>
    /// <param name="manifest">The manifest that names it.</param>
    /// <param name="segment">The segment, of a rendition of the manifest.</param>
    /// <param name="most">How many bytes are read at most.</param>
    /// <param name="options">As when the manifest was read.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>How much came, and how long it took.</returns>
    /// <exception cref="SourceException">It is not there, or cannot be reached.</exception>
    public async ValueTask<SegmentProbe> ProbeAsync(ManifestFacts manifest, TimelineSegment segment, long most = long.MaxValue, PresentationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(most);
        if (segment.IsGap) throw new SourceException(segment.Name, "its manifest says that it is missing");
        long begun = _options.Clock.GetTimestamp();
        byte[] buffer = System.Buffers.ArrayPool<byte>.Shared.Rent(ProbeBuffer);
        try
        {
            // As it is: nothing is opened, and so no key asked for.
            Stream stream = await new AlternativeSource(SourcesAskedOnce(options ?? new PresentationOptions()), manifest.Timeline.Origin).OpenAsync(segment.Part with { Opening = null }, cancellationToken).ConfigureAwait(false);
            await using (stream.ConfigureAwait(false))
            {
                long bytes = 0;
                TimeSpan first = default;
                while (bytes < most)
                {
                    int read = await stream.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, most - bytes)), cancellationToken).ConfigureAwait(false);
                    if (bytes == 0) first = _options.Clock.GetElapsedTime(begun);
                    if (read == 0) return new SegmentProbe(bytes, first, _options.Clock.GetElapsedTime(begun), IsWhole: true);
                    bytes += read;
                }

                return new SegmentProbe(bytes, first, _options.Clock.GetElapsedTime(begun), IsWhole: false);
            }
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Lists the segments of a rendition of a manifest, and reads its index or its playlist where only that names them.</summary>
    /// <param name="manifest">The manifest.</param>
    /// <param name="rendition">A rendition of it.</param>
    /// <param name="range">Which; without it, all: of a live presentation those that are there now.</param>
    /// <param name="options">As when the manifest was read.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The segments in order. Where nothing names any, the file is one.</returns>
    /// <exception cref="RangeNotFoundException">The range lies outside the presentation.</exception>
    /// <exception cref="ManifestException">The manifest says it in a way that cannot be understood.</exception>
    /// <exception cref="MediaFormatException">The index is malformed.</exception>
    /// <exception cref="SourceException">The index cannot be reached.</exception>
    public async ValueTask<IReadOnlyList<TimelineSegment>> ListSegmentsAsync(ManifestFacts manifest, Rendition rendition, TimeRange range = default, PresentationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        ArgumentNullException.ThrowIfNull(rendition);
        SegmentList segments = await rendition.Segments.OpenAsync(SourcesAskedOnce(options ?? new PresentationOptions()), manifest.Timeline.Origin, cancellationToken).ConfigureAwait(false);
        return SegmentLister.List(segments, manifest.Timeline, rendition, range, _options.Clock.GetUtcNow() + (manifest.ServerAhead ?? TimeSpan.Zero));
    }

    private MediaSources SourcesAskedOnce(PresentationOptions options) => Sources(options, attempts: 1);

    /// <summary>Goes through statements in the manifest's order: what is said in another order is another text of the same meaning, and costs one more look.</summary>
    private static string DigestOf(PresentationTimeline timeline)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        HashSet<(string, string)> seen = [];
        foreach (RenditionProtection said in timeline.Periods.SelectMany(static period => period.Renditions).SelectMany(static rendition => rendition.Protection))
        {
            string text = $"{said.System} {said.Scheme} {said.IsStatement} {said.IsOfSegments} {said.KeyFile} {string.Join(' ', said.KeyIds)} {string.Join(' ', said.LicenseUrls.Select(static url => url.Url.OriginalString))}";
            string headers = string.Join(' ', said.Headers.Select(static header => Convert.ToHexString(SHA256.HashData(header.Box.Box.Span))));
            // A manifest says the same of each rendition, and of each period of a key.
            if (!seen.Add((text, headers))) continue;
            hash.AppendData(Encoding.UTF8.GetBytes(text));
            hash.AppendData(Encoding.UTF8.GetBytes(headers));
            hash.AppendData([0]);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
