using Keyway.Decryption;
using Keyway.Manifests.Smooth.Codecs;
using Keyway.Manifests.Smooth.Model;
using Keyway.Manifests.Smooth.Reading;
using Keyway.Manifests.Smooth.Segments;
using Keyway.Manifests.Smooth.Xml;
using Keyway.Protection;
using Keyway.Sources;
using Keyway.Timeline;

namespace Keyway.Manifests.Smooth;

/// <summary>A presentation as a timeline: one period with all streams, and of a live one what is new in its manifest.</summary>
/// <remarks>
/// No clock counts: what is listed is there, and the newest fragment is now. Live fragments name those that follow, so that the list grows between two readings of the manifest.
/// Threads: one at a time; the lists of fragments, any.
/// </remarks>
internal sealed class SmoothPresentation : ITimelineSource
{
    private readonly MediaSources _sources;
    private readonly Dictionary<string, ChunkFeed> _feeds = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (SmoothTrack Track, string? Refusal)> _tracks = new(StringComparer.Ordinal);
    private readonly IReadOnlyList<SmoothHeader> _headers;
    private readonly UInt128 _begin;
    private readonly ulong _beginScale;
    private readonly bool _isFollowed;
    private SmoothManifest _manifest;

    /// <param name="sources">What opens fragments.</param>
    /// <param name="manifest">The manifest as it was read first.</param>
    public SmoothPresentation(MediaSources sources, SmoothManifest manifest)
    {
        (_sources, _manifest, _headers) = (sources, manifest, manifest.Headers);
        // One in a file is a recording of a live presentation: it does not grow.
        _isFollowed = manifest.IsLive && !manifest.Origin.Location.IsFile;
        (_begin, _beginScale) = BeginOf(manifest, _isFollowed);
    }

    private bool IsLive => _isFollowed && _manifest.IsLive;

    private string Name => SourceText.Of(_manifest.Origin.Location);

    /// <inheritdoc/>
    public async ValueTask<PresentationTimeline> RefreshAsync(TimeSpan? elapsed, Action<string> note, CancellationToken cancellationToken)
    {
        ContentOrigin origin = _manifest.Origin;
        SourceDocument document = await _sources.ReadManifestAsync(origin, origin.Given, cancellationToken).ConfigureAwait(false);
        SmoothManifest next = SmoothManifestReader.Read(document);
        KeyId[] before = KeysOf(_manifest), now = KeysOf(next);
        if (!now.ToHashSet().SetEquals(before)) note($"{Name}: the manifest names other keys than before; fragments that do not say theirs are opened with the one that was named when reading began");
        _manifest = next;
        foreach (SmoothStream stream in next.Streams)
        {
            if (!_feeds.TryGetValue(KeyOf(stream), out ChunkFeed? feed)) continue;
            // A list that cannot be understood changes nothing; the next may be better.
            if (stream.Problem is { } problem) note(new ManifestException(Name, problem).Message);
            else feed.Take(stream.Chunks, next.IsLive);
        }

        // What is no longer named does not grow.
        if (!next.IsLive)
            foreach (ChunkFeed feed in _feeds.Values.Where(static feed => feed.IsLive)) feed.Take(feed.Current, isLive: false);
        return ToTimeline();
    }

    /// <inheritdoc/>
    /// <remarks>What is listed is there: nobody's clock counts.</remarks>
    public ValueTask<TimeSpan?> ReadClockAsync(TimeProvider clock, DateTimeOffset opened, Action<string> note, CancellationToken cancellationToken) => new(TimeSpan.Zero);

    /// <summary>The presentation as it is now.</summary>
    /// <exception cref="ManifestException">No stream of it can be read.</exception>
    public PresentationTimeline ToTimeline()
    {
        List<string> notes = [.. _manifest.Notes], leftOut = [.. _manifest.LeftOut];
        if (_manifest.IsLive && !_isFollowed) notes.Add($"{Name}: the manifest says that it is live; what is listed now is read");
        List<Rendition> renditions = [];
        foreach ((SmoothStream stream, int index) in _manifest.Streams.Select(static (stream, index) => (stream, index)))
        {
            foreach (SmoothQuality quality in stream.Qualities)
            {
                (SmoothTrack track, string? refusal) = TrackOf(stream, quality);
                if (refusal is not null)
                {
                    string text = $"{refusal} is not played (at {quality.Path})";
                    notes.Add(text);
                    leftOut.Add(text);
                }

                renditions.Add(Of(stream, index, quality, track, refusal));
            }
        }

        TimeSpan? listed = IsLive ? null : ListedLength();
        TimeSpan? length = IsLive ? null : _manifest.Duration is { } duration && !_isFollowed ? MediaTime.Span(duration, _manifest.Timescale) : listed;
        return new PresentationTimeline
        {
            Origin = _manifest.Origin,
            Duration = length,
            Periods = [new TimelinePeriod { Path = "the manifest", Start = TimeSpan.Zero, Duration = listed > length || length is null ? listed : length, Renditions = renditions }],
            Live = IsLive ? new LiveTiming { UpdatePeriod = Pause(), TimeShiftBuffer = _manifest.Window is { } window ? MediaTime.Span(window, _manifest.Timescale) : null } : null,
            Notes = notes,
            LeftOut = leftOut,
            Source = this,
        };
    }

    private static KeyId[] KeysOf(SmoothManifest manifest) => [.. manifest.Headers.SelectMany(static header => header.KeyIds).Distinct()];

    private static string KeyOf(SmoothStream stream) => $"{stream.Kind} {stream.Name} {stream.Language} {stream.Subtype}";

    /// <summary>When the presentation begins on the clock of the media: where its first fragment does; of a live one where all streams have begun.</summary>
    private static (UInt128 Units, ulong Scale) BeginOf(SmoothManifest manifest, bool isFollowed)
    {
        (UInt128 Units, ulong Scale)? found = null;
        foreach (SmoothStream stream in manifest.Streams)
        {
            if (stream.Chunks.IsEmpty || stream.Kind is not (MediaKind.Video or MediaKind.Audio)) continue;
            UInt128 start = stream.Chunks.Start;
            if (found is not { } other || (isFollowed ? start * other.Scale > other.Units * stream.Timescale : start * other.Scale < other.Units * stream.Timescale)) found = (start, stream.Timescale);
        }

        return found ?? (0, 1);
    }

    /// <summary>When the last fragment that is listed ends, from the beginning of the presentation.</summary>
    private TimeSpan? ListedLength()
    {
        TimeSpan? listed = null;
        foreach (SmoothStream stream in _manifest.Streams)
        {
            if (stream.Kind is not (MediaKind.Video or MediaKind.Audio) || !_feeds.TryGetValue(KeyOf(stream), out ChunkFeed? feed) || feed.Current.IsEmpty) continue;
            ulong offset = OffsetOf(stream);
            TimeSpan end = feed.Current.End > offset ? MediaTime.Span(feed.Current.End - offset, stream.Timescale) : TimeSpan.Zero;
            if (listed is null || end > listed) listed = end;
        }

        return listed;
    }

    private ulong OffsetOf(SmoothStream stream) => (ulong)UInt128.Min(_begin * stream.Timescale / _beginScale, ulong.MaxValue);

    /// <summary>How long after one reading of the manifest the next is due: a fragment, by the newest.</summary>
    private TimeSpan Pause()
    {
        TimeSpan shortest = SmoothLimits.LongestUpdate;
        foreach (SmoothStream stream in _manifest.Streams)
        {
            if (stream.Kind is not (MediaKind.Video or MediaKind.Audio) || stream.Chunks.IsEmpty) continue;
            TimeSpan length = MediaTime.Span(stream.Chunks.Last.Duration, stream.Timescale);
            if (length < shortest) shortest = length;
        }

        return shortest;
    }

    private (SmoothTrack Track, string? Refusal) TrackOf(SmoothStream stream, SmoothQuality quality)
    {
        string key = $"{KeyOf(stream)} {quality.Bitrate} {quality.CustomAttributes} {quality.Url}";
        if (_tracks.TryGetValue(key, out (SmoothTrack Track, string? Refusal) known)) return known;
        if (!_feeds.TryGetValue(KeyOf(stream), out ChunkFeed? feed)) _feeds.Add(KeyOf(stream), feed = new ChunkFeed(stream.Chunks, IsLive));
        CodecSetup? setup = CodecReader.Read(stream, quality, out string reason);
        return _tracks[key] = (new SmoothTrack(_sources, () => _manifest.Origin, stream, quality, _headers, feed, setup), setup is null ? reason : null);
    }

    private Rendition Of(SmoothStream stream, int index, SmoothQuality quality, SmoothTrack track, string? refusal) => new()
    {
        Path = quality.Path,
        Kind = stream.Kind,
        Segments = new SmoothSegmentList(track, Name, OffsetOf(stream), IsLive),
        Id = $"{stream.Name}={quality.Bitrate}",
        Group = stream.Name,
        GroupIndex = index,
        Bandwidth = (long)Math.Min(quality.Bitrate, long.MaxValue),
        Width = track.Setup is { Width: > 0 } own ? own.Width : quality.MaxWidth,
        Height = track.Setup is { Height: > 0 } sized ? sized.Height : quality.MaxHeight,
        FrameRate = quality.FrameRate,
        AudioSamplingRate = quality.SamplingRate?.ToString(System.Globalization.CultureInfo.InvariantCulture),
        Codecs = track.Setup?.Codecs ?? (quality.FourCC.Length > 0 ? SmoothCursor.Shown(quality.FourCC) : null),
        Language = stream.Language is { Length: > 0 } language && !language.Equals("und", StringComparison.OrdinalIgnoreCase) ? language : null,
        Label = stream.Name,
        Roles = stream.Subtype.ToUpperInvariant() switch { "DESC" => ["description"], "CAPT" => ["caption"], _ => [] },
        MimeType = stream.Kind switch { MediaKind.Video => "video/mp4", MediaKind.Audio => "audio/mp4", _ => "application/mp4" },
        IsReadable = refusal is null,
        NotUnderstood = refusal,
        Protection = [.. _manifest.Headers.Select(static header => Of(header))],
    };

    private static RenditionProtection Of(SmoothHeader header)
    {
        ProtectionSource source = new(ProtectionOrigin.Manifest, header.Path);
        return new RenditionProtection
        {
            Source = source,
            System = header.System,
            IsStatement = true,
            Scheme = header.IsChained ? ProtectionScheme.None : ProtectionScheme.Cenc,
            KeyIds = header.KeyIds,
            Headers = [.. header.Boxes.Select(box => new HeaderStatement { Box = box, Source = source })],
        };
    }
}
