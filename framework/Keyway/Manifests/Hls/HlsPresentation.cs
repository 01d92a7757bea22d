using Keyway.Manifests.Hls.Following;
using Keyway.Manifests.Hls.Model;
using Keyway.Manifests.Hls.Reading;
using Keyway.Manifests.Hls.Segments;
using Keyway.Sources;
using Keyway.Timeline;

namespace Keyway.Manifests.Hls;

/// <summary>A presentation while it is read: what it offers, and the playlists of what is played.</summary>
/// <remarks>Threads: one at a time.</remarks>
internal sealed class HlsPresentation
{
    private readonly HlsLoader _loader;
    private readonly HlsPlaylist _playlist;
    private readonly ISegmentKeys? _keys;
    private readonly List<string> _notes;
    // By their addresses.
    private readonly Dictionary<Uri, MediaPlaylist> _loaded = [];
    // When they were asked for.
    private readonly Dictionary<Uri, DateTimeOffset> _began = [];
    private List<Rendition> _offered;

    /// <param name="sources">What opens addresses.</param>
    /// <param name="playlist">What the presentation's own address leads to.</param>
    /// <param name="keys">What opens segments that are encrypted as a whole; <see langword="null"/>: they are not looked at.</param>
    public HlsPresentation(MediaSources sources, HlsPlaylist playlist, ISegmentKeys? keys)
    {
        (_playlist, _keys) = (playlist, keys);
        _notes = [.. playlist.Notes];
        _loader = new HlsLoader(sources, playlist.Origin, playlist is MultivariantPlaylist ? playlist.Variables : null);
        _offered = playlist is MultivariantPlaylist multivariant ? HlsRenditions.Of(multivariant, _loader, _notes) : HlsRenditions.Of((MediaPlaylist)playlist, _loader);
    }

    /// <summary>Fetches the playlists of what will be chosen, and of all others where they are wanted.</summary>
    /// <exception cref="ManifestException">One cannot be understood.</exception>
    /// <exception cref="SourceException">One cannot be reached.</exception>
    /// <exception cref="TrackNotFoundException">Nothing fits the wishes.</exception>
    public async ValueTask LoadAsync(TrackWishes wishes, bool everyTrack, CancellationToken cancellationToken)
    {
        _began[AddressOf(_offered[0])] = _loader.Sources.Clock.GetUtcNow();
        if (_playlist is MediaPlaylist own) await TakeAsync(AddressOf(_offered[0]), own, cancellationToken).ConfigureAwait(false);
        while (true)
        {
            // What a playlist holds may be another thing than it was taken for, and then something else is chosen.
            Chosen = [.. wishes.Choose(Draft()).Tracks.SelectMany(static track => track.Renditions)];
            Uri[] missing = [.. Chosen.Select(AddressOf).Distinct().Where(address => !_loaded.ContainsKey(address))];
            if (missing.Length == 0) break;
            DateTimeOffset began = _loader.Sources.Clock.GetUtcNow();
            foreach (Uri address in missing) _began[address] = began;
            MediaPlaylist[] found = await Task.WhenAll(missing.Select(address => _loader.GetAnyAsync(address, Note, cancellationToken).AsTask())).ConfigureAwait(false);
            for (int i = 0; i < missing.Length; i++) await TakeAsync(missing[i], found[i], cancellationToken).ConfigureAwait(false);
        }

        if (!everyTrack) return;
        Uri[] others = [.. _offered.Select(AddressOf).Distinct().Where(address => !_loaded.ContainsKey(address))];
        foreach (Uri address in others.Take(ManifestLimits.InspectedRepresentations))
        {
            try
            {
                await TakeAsync(address, await _loader.GetAsync(address, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
            }
            catch (KeywayException exception) when (exception is SourceException or ManifestException)
            {
                // What would not be played may be missing.
                _notes.Add(exception.Message);
            }
        }

        Chosen = [.. wishes.Choose(Draft()).Tracks.SelectMany(static track => track.Renditions)];
    }

    private void Note(string text)
    {
        lock (_notes) _notes.Add(text);
    }

    /// <summary>What is played, video first.</summary>
    public IReadOnlyList<Rendition> Chosen { get; private set; } = [];

    /// <summary>The presentation as a timeline.</summary>
    /// <exception cref="ManifestException">It has more periods than are read.</exception>
    public PresentationTimeline ToTimeline()
    {
        MediaPlaylist[] played = [.. Chosen.Select(PlaylistOf).OfType<MediaPlaylist>().Distinct()];
        // One in a file that is not complete is a recording of a live presentation: it does not grow.
        if (!_playlist.Origin.Location.IsFile && Array.Exists(played, static playlist => !playlist.IsComplete && !playlist.IsOnDemand && !playlist.IsIFrames)) return ToLiveTimeline();
        PeriodCut cut = new(played);
        List<string> notes = NotesOf();
        foreach (MediaPlaylist playlist in played.Where(playlist => !cut.IsAligned(playlist)))
            notes.Add($"{playlist.Name}: its discontinuities are not those of {played[0].Name}; its segments are played when the playlist says, and may be some milliseconds off");
        if (!played[0].IsComplete && !played[0].IsOnDemand) notes.Add($"{played[0].Name}: the playlist does not say that it is complete; what is there now is read");

        IEnumerable<Rendition> listed = _offered;
        if ((long)_offered.Count * cut.Count > HlsLimits.ListedRenditions)
        {
            listed = Chosen;
            notes.Add($"of {_offered.Count} renditions in {cut.Count} periods only those that are played are listed");
        }

        Dictionary<MediaPlaylist, PlaylistSlice[]> slices = new(ReferenceEqualityComparer.Instance);
        foreach (MediaPlaylist playlist in _loaded.Values) slices.TryAdd(playlist, cut.Slice(playlist));
        List<TimelinePeriod> periods = [];
        for (int i = 0; i < cut.Count; i++)
        {
            List<Rendition> renditions = [];
            foreach (Rendition offered in listed)
            {
                string path = cut.Count == 1 ? offered.Path : $"period {i + 1}, {offered.Path}";
                if (PlaylistOf(offered) is not { } playlist)
                {
                    renditions.Add(offered with { Path = path, Segments = Deferred(offered, path, cut, i) });
                    continue;
                }

                if (slices[playlist][i].Count == 0) continue;
                HlsSegmentList segments = new(playlist, slices[playlist][i], path, cut.IsAligned(playlist) ? cut.AnchorOf(i) : null) { Mirrors = _loader.RedundantTo(AddressOf(offered)) };
                renditions.Add(offered with { Path = path, Segments = segments, Protection = segments.OwnProtection });
                MediaAnchor anchor = cut.AnchorOf(i);
                if (ReferenceEquals(segments.Anchor, anchor) && Chosen.Any(each => each.Path == offered.Path) && (i == 0 || !ReferenceEquals(cut.AnchorOf(i - 1), anchor))) anchor.Renditions = [.. anchor.Renditions, segments];
            }

            periods.Add(new TimelinePeriod
            {
                Path = cut.Count == 1 ? "the playlist" : $"period {i + 1}",
                Start = cut.StartOf(i),
                Duration = cut.EndOf(i) - cut.StartOf(i),
                Renditions = renditions,
            });
        }

        return new PresentationTimeline { Origin = _playlist.Origin, Duration = cut.End, Periods = periods, Notes = notes, KeysAhead = SessionKeyFiles(played) };
    }

    private DeferredSegments Deferred(Rendition offered, string path, PeriodCut cut, int period) => new(
        _loader, AddressOf(offered), path, playlist => new HlsSegmentList(playlist, cut.Slice(playlist)[period], path, cut.IsAligned(playlist) ? cut.AnchorOf(period) : null));

    private static Uri AddressOf(Rendition offered) => ((DeferredSegments)offered.Segments).Address;

    private MediaPlaylist? PlaylistOf(Rendition offered) => _loaded.GetValueOrDefault(AddressOf(offered));

    /// <summary>Keys of the session are hints. Where they contradict the playlists, that is said, and the playlists count.</summary>
    private IEnumerable<string> SessionNotes()
    {
        if (_playlist is not MultivariantPlaylist { SessionKeys: { Count: > 0 } session }) yield break;
        Dictionary<string, KeyTag> keys = new(StringComparer.Ordinal);
        foreach (KeyTag key in _loaded.Values.SelectMany(static playlist => playlist.Keys))
            if (key.Uri is { } uri) keys.TryAdd(uri.OriginalString, key);
        foreach (KeyTag hint in session)
        {
            if (hint.Uri is { } uri && keys.TryGetValue(uri.OriginalString, out KeyTag? key) && (key.MethodText != hint.MethodText || key.Format != hint.Format || key.FormatVersions != hint.FormatVersions))
                yield return $"{hint.Place}: the key of the session differs from that of the playlist ({key.Place}) in method or format; the playlist counts";
        }
    }

    /// <summary>
    /// The key files of the session that are worth asking for now: those that the playlists name that are played; of one that goes on nobody knows yet which it will name.
    /// </summary>
    private List<SegmentKey> SessionKeyFiles(IReadOnlyList<MediaPlaylist> played)
    {
        if (_playlist is not MultivariantPlaylist { SessionKeys: { Count: > 0 } session }) return [];
        bool mayGrow = played.Any(static playlist => !playlist.IsComplete && !playlist.IsOnDemand);
        HashSet<(KeyMethod, Uri)> named = [.. played.SelectMany(static playlist => playlist.Keys).Where(static key => key.Uri is not null).Select(static key => (key.Method, key.Uri!))];
        return
        [
            .. session.Where(key => key is { IsKeyFile: true, Problem: null, Uri: { } uri } && !DataUri.Is(key.UriText) && !key.IsIdentifierOf(session) && (mayGrow || named.Contains((key.Method, uri))))
                .Select(static key => new SegmentKey
                {
                    Method = key.Method switch { KeyMethod.Aes128 => SegmentKeyMethod.Aes128, KeyMethod.SampleAes => SegmentKeyMethod.SampleAes, _ => SegmentKeyMethod.SampleAesCtr },
                    Uri = key.Uri!,
                    Place = key.Place,
                })
                .Take(HlsLimits.KeysAhead),
        ];
    }

    private List<string> NotesOf() =>
    [
        .. _notes,
        .. SessionNotes(),
        .. _loaded.Values.Distinct().SelectMany(static playlist => playlist.Notes),
        .. _loaded.Values.Distinct().SelectMany(static playlist => playlist.Keys.Select(key => HlsProtection.NoteOf(key, playlist.Keys))).OfType<string>().Distinct(),
    ];

    private PresentationTimeline ToLiveTimeline()
    {
        (Uri, MediaPlaylist, DateTimeOffset)[] played = [.. Chosen.Select(AddressOf).Distinct().Select(address => (address, _loaded[address], _began[address]))];
        return new HlsSource(_loader, _playlist, _offered, played).ToTimeline() with { Notes = NotesOf(), KeysAhead = SessionKeyFiles([.. played.Select(static each => each.Item2)]) };
    }

    private PresentationTimeline Draft() => new() { Origin = _playlist.Origin, Periods = [new TimelinePeriod { Path = "the playlist", Renditions = _offered }] };

    /// <summary>Takes a playlist, and what it says of the renditions that are in it.</summary>
    private async ValueTask TakeAsync(Uri address, MediaPlaylist playlist, CancellationToken cancellationToken)
    {
        _loaded.Add(address, playlist);
        Rendition[] own = [.. _offered.Where(offered => AddressOf(offered) == address)];
        HlsContainer container = HlsContainer.Of(playlist);
        if (container.IsUnknown) container = await LookAsync(playlist, cancellationToken).ConfigureAwait(false);

        // Without CODECS nobody has said yet what is in it.
        IReadOnlyList<MediaKind> kinds = [];
        if (own.Any(static offered => offered.Codecs is null && offered.Kind is MediaKind.Video or MediaKind.Audio))
        {
            kinds = container switch
            {
                { IsMp4: true } => await KindsAsync(playlist, cancellationToken).ConfigureAwait(false),
                { IsText: true } => [MediaKind.Text],
                { IsPackedAudio: true } => [MediaKind.Audio],
                { IsTransportStream: true } => await StreamKindsAsync(playlist, cancellationToken).ConfigureAwait(false),
                _ => [],
            };
        }

        List<Rendition> renditions = [];
        foreach (Rendition offered in _offered)
        {
            if (!own.Contains(offered)) renditions.Add(offered);
            else if (kinds.Count == 0 || kinds.Contains(offered.Kind) || offered.Codecs is not null) renditions.Add(Known(offered, kinds));
            else if (!own.Any(each => kinds.Contains(each.Kind)) && ReferenceEquals(offered, own[0])) renditions.Add(Known(offered with { Kind = kinds[0] }, kinds));
        }

        _offered = renditions;

        bool IsMpegAudio(Rendition offered) => !container.IsMp4 && offered.Kind == MediaKind.Audio && HlsPresentation.IsMpegAudio(offered.Codecs);

        Rendition Known(Rendition offered, IReadOnlyList<MediaKind> kinds) => offered with
        {
            MimeType = IsMpegAudio(offered) ? "audio/mpeg" : container.TypeFor(offered.Kind) ?? offered.MimeType,
            IsReadable = (container.IsMp4 || container.IsUnknown || container.IsRepacked) && !IsMpegAudio(offered),
            IsTrickMode = offered.IsTrickMode || playlist.IsIFrames,
            IsMixed = kinds.Count == 0 ? offered.IsMixed : kinds.Count(static kind => kind is MediaKind.Video or MediaKind.Audio or MediaKind.Text) > 1,
        };
    }

    /// <summary>Whether CODECS says that all its audio is MP3 or MP2 (RFC 6381; ISO/IEC 14496-1, 7.2.6.6.2; 14496-3, 1.5.1.1).</summary>
    private static bool IsMpegAudio(string? codecs) => codecs?.Split(',').All(static codec => codec is "mp3" or "mp4a.40.32" or "mp4a.40.33" or "mp4a.40.34" || codec.Equals("mp4a.69", StringComparison.OrdinalIgnoreCase) || codec.Equals("mp4a.6b", StringComparison.OrdinalIgnoreCase)) == true;

    /// <summary>What a playlist's segments are packed in, by the first bytes of one.</summary>
    private async ValueTask<HlsContainer> LookAsync(MediaPlaylist playlist, CancellationToken cancellationToken)
    {
        if (MapOf(playlist) is { } map)
        {
            // Where it may not be looked at, its name and that of its segments count; what has no known name is MP4.
            if (map.Key is not null && _keys is null) return HlsContainer.OfName(playlist.Segments[0].Address) is { IsUnknown: false } named ? named : HlsContainer.Mp4;
            ReadOnlyMemory<byte> head = await FetcherOf().ReadBeginningAsync(map, HlsLimits.FirstBytes, cancellationToken).ConfigureAwait(false);
            return HlsContainer.OfBytes(head.Span) is { IsTransportStream: true } or { IsText: true } ? HlsContainer.OfBytes(head.Span) : HlsContainer.Mp4;
        }

        // What is encrypted as a whole and has no initialisation segment has always been one.
        if (ExampleOf(playlist) is not { } first) return default;
        if (first.Key is not null && _keys is null) return HlsContainer.TransportStream;
        ReadOnlyMemory<byte> bytes = await FetcherOf().ReadBeginningAsync(first, HlsLimits.FirstBytes, cancellationToken).ConfigureAwait(false);
        return HlsContainer.OfBytes(bytes.Span) is { IsUnknown: false } known ? known : first.Key is not null ? HlsContainer.TransportStream : default;
    }

    /// <summary>What is in transport streams whose playlist does not say it, by the tables of the first one.</summary>
    private async ValueTask<IReadOnlyList<MediaKind>> StreamKindsAsync(MediaPlaylist playlist, CancellationToken cancellationToken)
    {
        if (ExampleOf(playlist) is not { } first || (first.Key is not null && _keys is null)) return [];
        if (MapOf(playlist) is { } map && (map.Key is null || _keys is not null))
        {
            (ReadOnlyMemory<byte> head, _, _) = await FetcherOf().ReadInitializationAsync(map, kind: null, time: null, cancellationToken).ConfigureAwait(false);
            if (SegmentRepacker.KindsOf(head.Span, map.Name, _notes) is { Count: > 0 } said) return said;
        }

        for (int length = TimelineLimits.FirstLook; length <= TimelineLimits.LongLook; length *= TimelineLimits.LongLook / TimelineLimits.FirstLook)
        {
            ReadOnlyMemory<byte> bytes = await FetcherOf().ReadBeginningAsync(first, length, cancellationToken).ConfigureAwait(false);
            if (SegmentRepacker.KindsOf(bytes.Span, first.Name, _notes) is { } found && (found.Count > 0 || bytes.Length < length)) return found;
        }

        return [];
    }

    /// <summary>A segment that is there and tells what is in all of them; its key only where it is encrypted as a whole. Of a list that grows the last one: the first is about to go.</summary>
    private static TimelineSegment? ExampleOf(MediaPlaylist playlist)
    {
        bool grows = !playlist.IsComplete && !playlist.IsOnDemand;
        if ((grows ? playlist.Segments.LastOrDefault(static segment => !segment.IsGap) : playlist.Segments.FirstOrDefault(static segment => !segment.IsGap)) is not { } segment) return null;
        ulong number = playlist.FirstNumber + (ulong)playlist.Segments.TakeWhile(each => !ReferenceEquals(each, segment)).Count();
        return new TimelineSegment
        {
            Address = new Uri(playlist.Origin.Location, segment.Address),
            Range = segment.Range,
            Key = segment.Keys.Any(static key => key.IsOfSegments) ? SegmentKeys.Of(playlist, segment.Keys, number) : null,
        };
    }

    private SegmentFetcher FetcherOf() => new(_loader.Sources, _loader.Origin, _keys);

    /// <summary>What is in an MP4 whose playlist does not say it.</summary>
    private async ValueTask<IReadOnlyList<MediaKind>> KindsAsync(MediaPlaylist playlist, CancellationToken cancellationToken)
    {
        if (MapOf(playlist) is not { } map || (_keys is null && map.Key is not null)) return [];
        return (await FetcherOf().ReadInitializationAsync(map, kind: null, time: null, cancellationToken).ConfigureAwait(false)).Check.Kinds;
    }

    /// <summary>The first initialisation segment; its key only where it is encrypted.</summary>
    private static TimelineSegment? MapOf(MediaPlaylist playlist) =>
        playlist.Segments is [{ Map: { } map }, ..] ? new TimelineSegment { Address = map.Address, Range = map.Range, Key = SegmentKeys.OfMap(playlist, map) } : null;
}
