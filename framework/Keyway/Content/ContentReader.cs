using System.Globalization;
using Keyway.Dash;
using Keyway.Decryption;
using Keyway.Manifests.Hls;
using Keyway.Manifests.Smooth;
using Keyway.Mp4;
using Keyway.Protection;
using Keyway.Sources;
using Keyway.Timeline;

namespace Keyway.Content;

/// <summary>Finds out what a presentation consists of and what protects it: manifest and initialisation segments, or the boxes of a file.</summary>
/// <param name="sources">What opens addresses.</param>
/// <param name="keys">What opens segments that are encrypted as a whole; <see langword="null"/>: they are left as they are, and nothing is asked for their keys.</param>
internal sealed class ContentReader(MediaSources sources, ISegmentKeys? keys)
{
    // The forms of manifests that are read. Nothing else knows which one it was.
    // Whatever other markup there is may be DASH.
    private static readonly (ContentKind Kind, ITimelineReader Reader)[] Manifests = [(ContentKind.Smooth, new SmoothReader()), (ContentKind.Dash, new DashReader()), (ContentKind.Hls, new HlsReader())];

    /// <summary>Reads content.</summary>
    /// <param name="source">Where it is; the caller's own choice.</param>
    /// <param name="wishes">Which tracks.</param>
    /// <param name="everyTrack">Whether the boxes of tracks that are not chosen are read too.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async ValueTask<OpenedContent> ReadAsync(Uri source, TrackWishes wishes, bool everyTrack, CancellationToken cancellationToken)
    {
        (ContentKind kind, ITimelineReader? reader) = await FormOfAsync(source, cancellationToken).ConfigureAwait(false);
        return reader is not null
            ? await ReadManifestAsync(source, kind, reader, wishes, everyTrack, cancellationToken).ConfigureAwait(false)
            : await ReadFileAsync(source, kind == ContentKind.WebM ? FileRepacker.MimeType : null, wishes, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads a manifest, and nothing that it names but playlists.</summary>
    /// <param name="source">Where it is; the caller's own choice.</param>
    /// <param name="wishes">Which tracks.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="ManifestException">It is no manifest.</exception>
    public async ValueTask<(ContentKind Kind, PresentationTimeline Timeline)> ReadTimelineAsync(Uri source, TrackWishes wishes, CancellationToken cancellationToken)
    {
        (ContentKind kind, ITimelineReader? reader) = await FormOfAsync(source, cancellationToken).ConfigureAwait(false);
        if (reader is null) throw new ManifestException(SourceText.Of(source), new FormatError("a manifest is expected, and this is a file", "", 0));
        return (kind, await reader.ReadAsync(sources, source, wishes, everyTrack: false, keys, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>The file's tracks of one kind that fit a wish, the one to be played first.</summary>
    internal static IReadOnlyList<Mp4Track> Fitting(IReadOnlyList<Mp4Track> tracks, MediaKind wanted, TrackQuery? query)
    {
        IEnumerable<Mp4Track> kind = tracks.Where(track => KindOf(track) == wanted);
        if (query is null) return wanted == MediaKind.Video ? [.. kind.OrderByDescending(static track => (long)track.Width * track.Height)] : [.. kind];
        if (query.IsNone) return [];
        return [.. kind.Where(track => query.Fits(track.Id, track.Height, track.Language)).OrderByDescending(static track => track.Height)];
    }

    private async ValueTask<(ContentKind Kind, ITimelineReader? Reader)> FormOfAsync(Uri source, CancellationToken cancellationToken)
    {
        string extension = Path.GetExtension(source.AbsolutePath).ToLowerInvariant();
        if (Array.Find(Manifests, form => form.Reader.IsNamed(extension)) is { Reader: not null } named) return named;
        if (extension is ".mp4" or ".m4v" or ".m4a" or ".m4s" or ".mp4v" or ".mp4a" or ".cmfv" or ".cmfa" or ".ismv" or ".isma" or ".mov" or ".m4b" or ".3gp") return default;

        // The root of markup may stand behind remarks.
        byte[] beginning = new byte[ManifestLimits.FirstBytes];
        Stream stream = await sources.OpenAsync(source, cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            int length = await stream.ReadAtLeastAsync(beginning, beginning.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
            return FileRepacker.Takes(beginning.AsSpan(0, length)) ? (ContentKind.WebM, null)
                : Array.Find(Manifests, form => form.Reader.IsLikely(source, beginning.AsSpan(0, length)) || form.Reader.Begins(beginning.AsSpan(0, length)));
        }
    }

    private async ValueTask<OpenedContent> ReadManifestAsync(Uri source, ContentKind kind, ITimelineReader reader, TrackWishes wishes, bool everyTrack, CancellationToken cancellationToken)
    {
        PresentationTimeline timeline = await reader.ReadAsync(sources, source, wishes, everyTrack, keys, cancellationToken).ConfigureAwait(false);
        TrackSelection selection = wishes.Choose(timeline);
        List<string> notes = [.. timeline.Notes];
        ProtectionMapBuilder protection = new ProtectionMapBuilder().Add(timeline);

        List<ContentTrack> tracks = [];
        Dictionary<string, string> descriptions = new(StringComparer.Ordinal);
        using SegmentShare share = new(Enumerable.Range(0, selection.Tracks.Count));
        for (int i = 0; i < selection.Tracks.Count; i++)
        {
            SelectedTrack selected = selection.Tracks[i];
            SharedTrack own = share.Of(i);
            List<ContentTrack> periods = [];
            foreach (Rendition rendition in selected.Renditions)
            {
                if (periods.Count >= ManifestLimits.ProbedPeriods && !everyTrack)
                {
                    periods.Add(Describe(rendition, null));
                    continue;
                }

                // Those before it have had theirs.
                int[] others = [.. share.With(i, other => other == i ? rendition : selection.Tracks[other].Renditions.FirstOrDefault(each => each.IsMixed && each.Id == rendition.Id)).Where(other => other > i)];
                MovieFacts facts = await ProbeAsync(timeline.Origin, rendition, cancellationToken, (segment, fetch, token) => share.GetAsync(own, others, segment, fetch, token)).ConfigureAwait(false);
                ContentMap.Add(protection, NameOf(rendition), facts, rendition.Path);
                notes.AddRange(facts.Notes);
                if (facts.Description.Length > 0) descriptions[rendition.Path] = facts.Description;
                periods.Add(Describe(rendition, facts));
            }

            tracks.Add(Together(periods) with { IsChosen = true, Why = selected.Reason });
        }

        int read = 0;
        List<ContentTrack> rest = [];
        foreach (RejectedTrack rejected in selection.Others)
        {
            ContentTrack track = Describe(rejected.Rendition, null) with { WhyNot = rejected.Reason };
            // What nothing here understands or reads has no boxes to be looked at.
            bool isForeign = rejected.Rendition is { NotUnderstood: not null, IsReadable: false };
            bool isRead = everyTrack && !isForeign && rejected.Rendition is { Kind: MediaKind.Video or MediaKind.Audio } or { Kind: MediaKind.Text, IsReadable: true } && read++ < ManifestLimits.InspectedRepresentations;
            if (isRead)
            {
                try
                {
                    Rendition rendition = rejected.Rendition;
                    if (rendition.Segments.IsElsewhere)
                    {
                        // What its own document says of protection, which is read only now.
                        SegmentList opened = await rendition.Segments.OpenAsync(sources, timeline.Origin, cancellationToken).ConfigureAwait(false);
                        rendition = rendition with { Segments = opened, Protection = [.. rendition.Protection, .. opened.OwnProtection] };
                        protection.Add(opened.OwnProtection, rendition.Path);
                    }

                    MovieFacts facts = await ProbeAsync(timeline.Origin, rendition, cancellationToken).ConfigureAwait(false);
                    ContentMap.Add(protection, NameOf(rendition), facts, rendition.Path);
                    track = Describe(rendition, facts) with { WhyNot = rejected.Reason };
                }
                catch (KeywayException exception)
                {
                    // What would not be played may be missing: it is said, and the rest is read.
                    notes.Add(exception.Message);
                }
            }

            rest.Add(track);
        }

        // A rendition of several periods is told once, where it is the same in all of them.
        tracks.AddRange(rest.GroupBy(static track => track.Id.Length == 0 ? track.Path : $"{track.Kind} {track.Id} {track.Codec} {track.Width}x{track.Height} {track.Bandwidth} {track.Language} {track.WhyNot}", StringComparer.Ordinal).Select(static same => Together([.. same])));

        if (everyTrack && read > ManifestLimits.InspectedRepresentations) notes.Add($"the boxes of {read - ManifestLimits.InspectedRepresentations} further renditions were not read");
        return new OpenedContent
        {
            Origin = timeline.Origin,
            Kind = kind,
            Timeline = timeline,
            Tracks = tracks,
            Periods = PeriodRow.Of(timeline, selection, [.. selection.Tracks.Select(static track => track.Kind)], rendition => descriptions.GetValueOrDefault(rendition.Path)),
            Protection = protection,
            Notes = notes,
        };
    }

    private async ValueTask<OpenedContent> ReadFileAsync(Uri source, string? mimeType, TrackWishes wishes, CancellationToken cancellationToken)
    {
        Stream stream = await sources.OpenAsync(source, cancellationToken).ConfigureAwait(false);
        MovieFacts facts;
        await using (stream.ConfigureAwait(false))
            facts = await ReadMovieAsync(stream, SourceText.Of(source), mimeType, isInitialization: false, cancellationToken).ConfigureAwait(false);

        List<(Mp4Track Track, string Why)> chosen = [];
        Choose(MediaKind.Video, wishes.Video, "video");
        Choose(MediaKind.Audio, wishes.Audio, "audio");
        if (wishes.Text is { IsNone: false } text) Choose(MediaKind.Text, text, "text");
        if (chosen.Count == 0 && wishes is { Video: null, Audio: null } && facts.Tracks.Count > 0) chosen.Add((facts.Tracks[0], "the file has neither video nor audio: its first track"));
        if (chosen.Count == 0) throw new TrackNotFoundException(SourceText.Of(source), "video or audio that is wanted", List());

        ProtectionMapBuilder protection = new();
        ContentMap.Add(protection, "", facts, track: null);
        PresentationTimeline timeline = TimelineOf(source, mimeType, facts);
        Dictionary<uint, Rendition> renditions = timeline.Periods[0].Renditions.ToDictionary(static rendition => rendition.TrackId!.Value);
        return new OpenedContent
        {
            Origin = timeline.Origin,
            Kind = mimeType is not null ? ContentKind.WebM : facts.IsFragmented ? ContentKind.FragmentedMp4 : ContentKind.ProgressiveMp4,
            Notes = facts.Notes,
            Timeline = timeline,
            Periods =
            [
                new PeriodRow { Key = "file", Period = timeline.Periods[0], Tracks = [.. chosen.Select(each => new TrackPeriod { Rendition = renditions[each.Track.Id], Description = facts.Description })] },
            ],
            Tracks =
            [
                .. chosen.Select(static each => Describe(each.Track) with { IsChosen = true, Why = each.Why }),
                .. facts.Tracks.Where(track => !chosen.Exists(each => each.Track == track)).Select(static track => Describe(track) with { WhyNot = KindOf(track) switch
                {
                    MediaKind.Video or MediaKind.Audio => "another one is chosen",
                    MediaKind.Text => "text is played only where it is asked for",
                    _ => "only video, audio and text in MP4 are played",
                } }),
            ],
            Protection = protection,
        };

        void Choose(MediaKind kind, TrackQuery? query, string name)
        {
            IReadOnlyList<Mp4Track> fitting = Fitting(facts.Tracks, kind, query);
            if (fitting.Count > 0) chosen.Add((fitting[0], query is not null ? $"'{query}'" : fitting.Count == 1 ? $"the only {name}" : kind == MediaKind.Video ? "the highest video" : "the first audio"));
            else if (query is { IsNone: false }) throw new TrackNotFoundException(SourceText.Of(source), $"{name} '{query}'", List());
        }

        IReadOnlyList<string> List() => [.. facts.Tracks.Select(static track => $"{track.Handler} id {track.Id} {track.Codec} {(track.Height > 0 ? $"{track.Width}x{track.Height} " : "")}{track.Language}")];
    }

    /// <summary>A file as a timeline of one period.</summary>
    private static PresentationTimeline TimelineOf(Uri source, string? mimeType, MovieFacts facts)
    {
        FileSegments segments = new(source, SourceText.Of(source));
        HashSet<uint> numbers = [];
        return new PresentationTimeline
        {
            Origin = ContentOrigin.Of(source),
            Periods =
            [
                new TimelinePeriod
                {
                    Path = SourceText.Of(source),
                    Start = TimeSpan.Zero,
                    Renditions =
                    [
                        // Two tracks of one number cannot be told apart: the first has it.
                        .. facts.Tracks.Where(track => numbers.Add(track.Id)).Select(track => new Rendition
                        {
                            Path = ContentMap.TrackName(track),
                            Kind = KindOf(track),
                            Id = track.Id.ToString(CultureInfo.InvariantCulture),
                            Codecs = track.Codec,
                            Width = track.Width > 0 ? track.Width : null,
                            Height = track.Height > 0 ? track.Height : null,
                            Language = track.Language == "und" ? null : track.Language,
                            Segments = segments,
                            MimeType = mimeType,
                            TrackId = track.Id,
                        }),
                    ],
                },
            ],
        };
    }

    /// <summary>Reads what a rendition says before its samples.</summary>
    /// <param name="origin">Where the manifest came from.</param>
    /// <param name="rendition">The rendition.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <param name="shared">What gets a segment where other tracks that are looked at are in it; <see langword="null"/>: no other is.</param>
    public async ValueTask<MovieFacts> ProbeAsync(ContentOrigin origin, Rendition rendition, CancellationToken cancellationToken, SharedFetch? shared = null)
    {
        SegmentList segments = rendition.Segments;
        if (segments.IsElsewhere) segments = await segments.OpenAsync(sources, origin, cancellationToken).ConfigureAwait(false);
        if (segments.Initialization is { } initialization && !segments.IsWholeFile && !segments.IsIndexed)
        {
            // Nothing is asked for just to be looked at.
            if (keys is null && initialization.Key is { Method: SegmentKeyMethod.Aes128 }) return MovieFacts.Hidden;
            ReadOnlyMemory<byte> bytes = await new AlternativeSource(sources, origin).ReadAsync(initialization.PartFor(keys, origin) with { IsMedia = false }, ManifestLimits.InitializationBytes, cancellationToken).ConfigureAwait(false);
            if (SegmentRepacker.IsHead(bytes.Span, initialization.Name)) return await ProbeSegmentAsync(origin, rendition, segments, bytes, rendition.IsMixed ? shared : null, cancellationToken).ConfigureAwait(false);
            using MemoryStream memory = new(bytes.ToArray(), writable: false);
            return await ReadMovieAsync(memory, SourceText.Of(initialization.Address), FileRepacker.Takes(bytes.Span) ? FileRepacker.MimeType : null, isInitialization: true, cancellationToken).ConfigureAwait(false);
        }

        if (!segments.IsInOneFile && !segments.IsIndexed && !segments.IsWholeFile) return await ProbeSegmentAsync(origin, rendition, segments, head: default, rendition.IsMixed ? shared : null, cancellationToken).ConfigureAwait(false);
        Stream stream = await RenditionStream.OpenAsync(sources, origin, [segments], keys, cancellationToken: cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
            return await ReadMovieAsync(stream, NameOf(rendition), rendition.MimeType, isInitialization: false, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What the first segment says that is there, of a rendition without an initialisation segment of MP4.</summary>
    private async ValueTask<MovieFacts> ProbeSegmentAsync(ContentOrigin origin, Rendition rendition, SegmentList segments, ReadOnlyMemory<byte> head, SharedFetch? shared, CancellationToken cancellationToken)
    {
        const int attempts = 3;
        SegmentFetcher fetcher = new(sources, origin, keys);
        KeywayException? failure = null;
        // The oldest of a live presentation are about to go.
        foreach (TimelineSegment segment in (segments.IsLive ? segments.Played().Reverse() : segments.Played()).Where(static segment => !segment.IsGap).Take(attempts))
        {
            // Nothing is asked for just to be looked at.
            if (keys is null && segment.Key is { Method: SegmentKeyMethod.Aes128 }) return MovieFacts.Hidden;
            try
            {
                CheckedSegment found = await fetcher.ReadAsync(segment, new RenditionCheck(null) { Kind = rendition.Kind, Head = head }, time: null, cancellationToken, shared).ConfigureAwait(false);
                await using (found.ConfigureAwait(false))
                {
                    using MemoryStream memory = new(found.Bytes.ToArray(), writable: false);
                    MovieFacts facts = await ReadMovieAsync(memory, segment.Name, mimeType: null, isInitialization: false, cancellationToken).ConfigureAwait(false);
                    return facts with { NamesNoKeys = !found.Original.IsEmpty };
                }
            }
            catch (KeywayException exception) when (exception is SourceException or MediaFormatException)
            {
                // The next may be there.
                failure ??= exception;
            }
        }

        throw failure ?? new ManifestException(rendition.Path, new FormatError("it has no segment", "", -1));
    }

    private static async ValueTask<MovieFacts> ReadMovieAsync(Stream stream, string name, string? mimeType, bool isInitialization, CancellationToken cancellationToken)
    {
        Stream file = FileRepacker.Open(stream, name, mimeType, isInitialization);
        await using (file.ConfigureAwait(false))
        {
            using Mp4Reader reader = await Mp4Reader.OpenAsync(file, name, cancellationToken).ConfigureAwait(false);
            return new MovieFacts(reader.Tracks, reader.Protection, reader.IsFragmented, reader.Description) { OpaqueKeyIds = FileRepacker.KeyIdsOf(file), Notes = FileRepacker.NotesOf(file) };
        }
    }

    /// <summary>The file that a rendition is in, for messages.</summary>
    internal static string NameOf(Rendition rendition) =>
        SourceText.Of(rendition.Segments.Initialization?.Address ?? rendition.Segments.WholeFile.Address);

    private static ContentTrack Describe(Rendition rendition, MovieFacts? boxes)
    {
        Mp4Track? file = boxes?.Tracks.FirstOrDefault(track => KindOf(track) == rendition.Kind) ?? (boxes?.Tracks is [Mp4Track only, ..] ? only : null);
        List<KeyId> ids = [.. rendition.Protection.SelectMany(static said => said.KeyIds).Distinct()];
        ProtectionScheme scheme = rendition.Protection.Select(static said => said.Scheme).FirstOrDefault(static each => each != ProtectionScheme.None);
        return new ContentTrack
        {
            Path = rendition.Path,
            Kind = rendition.Kind,
            Id = rendition.Id,
            Codec = file?.Codec ?? rendition.Codecs ?? "",
            Width = file is { Width: > 0 } ? file.Width : rendition.Width ?? 0,
            Height = file is { Height: > 0 } ? file.Height : rendition.Height ?? 0,
            Bandwidth = rendition.Bandwidth,
            Language = rendition.Language,
            Scheme = file is { IsProtected: true } ? file.Scheme : scheme,
            // Where the file's boxes were read they are right, and the map tells of the difference.
            KeyIds = file is null ? ids : boxes!.NamesNoKeys ? [] : ContentMap.KeyIdsOf(file),
            KeyFiles = [.. rendition.Protection.Select(static said => said.KeyFile).OfType<string>().Distinct()],
            IsEncryptedAsWhole = rendition.Protection.Any(static said => said.IsOfSegments),
            IsProtected = file?.IsProtected ?? rendition.Protection.Count > 0,
            IsSampleAes = (file is { IsProtected: true } ? file.Scheme : scheme) == ProtectionScheme.Cbcs && (boxes?.NamesNoKeys ?? rendition.MimeType is "video/mp2t" or "audio/aac" or "audio/ac3" or "audio/eac3"),
            File = file,
        };
    }

    /// <summary>One track of several periods: it is what the first says it is, and needs the keys of all. An advertisement before a film is often clear.</summary>
    private static ContentTrack Together(List<ContentTrack> periods) => periods.Count == 1 ? periods[0] : periods[0] with
    {
        Scheme = periods.Select(static period => period.Scheme).FirstOrDefault(static scheme => scheme != ProtectionScheme.None),
        KeyIds = [.. periods.SelectMany(static period => period.KeyIds).Distinct()],
        KeyFiles = [.. periods.SelectMany(static period => period.KeyFiles).Distinct()],
        IsEncryptedAsWhole = periods.Exists(static period => period.IsEncryptedAsWhole),
        IsProtected = periods.Exists(static period => period.IsProtected),
    };

    private static ContentTrack Describe(Mp4Track track) => new()
    {
        Path = ContentMap.TrackName(track),
        Kind = KindOf(track),
        Id = track.Id.ToString(CultureInfo.InvariantCulture),
        Codec = track.Codec,
        Width = track.Width,
        Height = track.Height,
        Language = track.Language == "und" ? null : track.Language,
        Scheme = track.Scheme,
        KeyIds = ContentMap.KeyIdsOf(track),
        IsProtected = track.IsProtected,
        File = track,
    };

    private static MediaKind KindOf(Mp4Track track) => HandlerKind.Of(track.Handler);
}
