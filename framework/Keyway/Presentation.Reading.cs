using System.Runtime.CompilerServices;
using Keyway.Content;
using Keyway.Live;
using Keyway.MediaUnits;
using Keyway.Mp4;
using Keyway.Mp4.Reading;
using Keyway.Protection;
using Keyway.Sources;
using Keyway.Timeline;

namespace Keyway;

/// <content>Periods, and live presentations.</content>
public sealed partial class Presentation
{
    /// <summary>Whether it is live: it is read from the live edge on, until it ends, is stopped, or <see cref="PresentationOptions.Duration"/> is over.</summary>
    public bool IsLive => _feed is not null;

    /// <summary>How many periods of it are known in which a chosen track plays; 1 for a file.</summary>
    public int PeriodCount => Math.Max(1, (_feed?.Current.Rows ?? _setup.Content.Periods).Count(static row => row.Tracks.Any(static track => track is not null)));

    /// <summary>What could not be read, as far as is known by now: segments that are missing, or are not what their manifest promises. Of very many the newest; a note has the sum of the others.</summary>
    public IReadOnlyList<PresentationGap> Gaps => _gaps.Gaps;

    /// <summary>What is not as it should be, and was read all the same: of its opening, and of what came since.</summary>
    public IReadOnlyList<string> Notes => [.. Facts.Notes, .. _gaps.Notes];

    /// <summary>Ends the reading of a live presentation as if it were over: what has been fetched is still handed on, and every file is whole.</summary>
    public void Stop() => _feed?.Stop();

    /// <summary>
    /// The presentation in as many parts as it takes files: periods whose sample entries and codecs match are one part. Each part is written before
    /// the next one is asked for.
    /// </summary>
    /// <param name="tracks">The tracks.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>The parts; of a live presentation as they come, and none where it was stopped before there was anything.</returns>
    /// <inheritdoc cref="ReadAsync(PresentationTrack, CancellationToken)" path="/exception"/>
    public IAsyncEnumerable<PresentationPart> PartsAsync(IReadOnlyList<PresentationTrack> tracks, CancellationToken cancellationToken = default) => PartsAsync(tracks, default, cancellationToken);

    /// <summary>
    /// A range of the presentation in as many parts as it takes files. Each begins with the sync sample at or before the range, and an edit list hides what is only there for decoders:
    /// what is presented is exact to the sample.
    /// </summary>
    /// <param name="tracks">The tracks.</param>
    /// <param name="range">The range.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>The parts; of a live presentation as they come, and none where it was stopped before there was anything.</returns>
    /// <inheritdoc cref="ReadAsync(PresentationTrack, TimeRange, CancellationToken)" path="/exception"/>
    public async IAsyncEnumerable<PresentationPart> PartsAsync(IReadOnlyList<PresentationTrack> tracks, TimeRange range, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(tracks);
        RefuseWebM(tracks);
        List<PresentationKeys> keys = [.. tracks.Select(track => new PresentationKeys(_setup, track.Index, _setup.Options.Output.Exporting))];
        try
        {
            IAsyncEnumerable<Piece> pieces = _feed is null ? StaticPiecesAsync(tracks, range, cancellationToken) : LivePiecesAsync(_feed, tracks, range, cancellationToken);
            int number = 0;
            await foreach (Piece piece in pieces.ConfigureAwait(false))
            {
                List<MergeInput> inputs = [];
                for (int i = 0; i < tracks.Count; i++)
                {
                    if (piece.Units[i] is not { } units) continue;
                    inputs.Add(new MergeInput { Units = units, Name = piece.Name(i), Keys = keys[i], Tracks = Filter(tracks[i]), Range = RangeOf(range), Zero = piece.Zero });
                }

                PresentationPart part = new(++number, piece.Periods, [.. tracks.Where((_, i) => piece.Units[i] is not null)], inputs, IsLive, _setup.MaxParallelFragments);
                yield return part;
                // What is not read does not end either.
                if (!part.IsWritten) yield break;
            }
        }
        finally
        {
            _setup.Keys?.Leave(keys);
        }
    }

    // A dynamic manifest in a file that does not change is a recording of a live presentation: all of it is read.
    private static bool IsFollowed(PresentationSetup setup)
    {
        if (setup.Content.Timeline is not { Live: { } timing } timeline) return false;
        TrackPeriod[] chosen = [.. setup.Content.Periods.SelectMany(static row => row.Tracks).OfType<TrackPeriod>()];
        if (!Array.TrueForAll(chosen, static each => each.Rendition.Segments.IsLive)) return false;
        if (!timeline.Origin.Location.IsFile) return true;
        DateTimeOffset now = setup.Clock.GetUtcNow();
        TimeSpan recent = TimeSpan.FromMinutes(2) + (timing.UpdatePeriod is { } period && period < TimeSpan.FromDays(1) ? period : TimeSpan.Zero);
        return Array.Exists(chosen, each => each.Rendition.Segments.Newest(now) is { Kind: SegmentStepKind.Ready } newest && newest.Available > now - recent);
    }

    private async IAsyncEnumerable<Piece> StaticPiecesAsync(IReadOnlyList<PresentationTrack> tracks, TimeRange range, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        OpenedContent content = _setup.Content;
        // A range of a file with an index is read from where it begins; what has none is read from front to back.
        if (content.IsOneFile && (range.From is null || !await HasIndexAsync(cancellationToken).ConfigureAwait(false)))
        {
            List<MediaQueue> files = [];
            try
            {
                string name = SourceText.Of(content.Origin.Given);
                foreach (PresentationTrack track in tracks) files.Add(QueueOf(MediaUnit.File(await OpenFileAsync(track, cancellationToken).ConfigureAwait(false), name)));
                yield return new Piece([.. files], TimeSpan.Zero, static () => [], _ => name);
            }
            finally
            {
                foreach (MediaQueue file in files) await file.DisposeAsync().ConfigureAwait(false);
            }

            yield break;
        }

        PeriodRow[] rows = [.. content.Periods.Where(row => PeriodTrack.IsIn(row, range) && tracks.Any(track => row.Tracks[track.Index] is not null))];
        if (rows.Length == 0 && !range.IsAll) throw new RangeNotFoundException(SourceText.Of(content.Origin.Given), range, SegmentLister.SpanOf(content.Timeline, _setup.Clock.GetUtcNow()));
        GapTally[] tallies = [.. tracks.Select(track => TallyOf(track, rows, range))];
        using PeriodPlan plan = Plan(tracks);
        List<(int Part, PeriodRow Row)> parts = [];
        // One period needs no comparison, and so no description.
        foreach (PeriodRow row in rows) parts.Add((rows.Length == 1 ? 0 : await plan.PartOfAsync(rows, row.Key, cancellationToken).ConfigureAwait(false), row));
        foreach (IGrouping<int, PeriodRow> part in parts.GroupBy(static each => each.Part, static each => each.Row))
        {
            PeriodRow[] own = [.. part];
            // All tracks of a part count from the same moment: the beginning of its first period.
            TimeSpan beginning = own[0].Start;
            MediaQueue?[] queues = new MediaQueue?[tracks.Count];
            using SegmentShare? share = tracks.Count > 1 ? new SegmentShare(tracks.Select(static track => track.Index)) : null;
            try
            {
                for (int i = 0; i < tracks.Count; i++)
                    if (Array.Exists(own, row => row.Tracks[tracks[i].Index] is not null)) queues[i] = await OpenTrackAsync(tracks[i], own, own.Length == rows.Length, beginning, range, tallies[i], share, cancellationToken).ConfigureAwait(false);
                MediaQueue?[] begun = [.. queues];
                for (int i = 0; i < begun.Length; i++)
                    if (begun[i] is { } queue && !await queue.HasBegunAsync(cancellationToken).ConfigureAwait(false)) begun[i] = null;
                if (Array.Exists(begun, static queue => queue is not null))
                {
                    yield return new Piece(
                        begun,
                        beginning,
                        () => rows.Length == 1 ? [own[0].Name] : plan.NamesOf(part.Key),
                        i => ContentReader.NameOf(own.Select(row => row.Tracks[tracks[i].Index]).OfType<TrackPeriod>().First().Rendition));
                }
            }
            finally
            {
                foreach (MediaQueue? queue in queues)
                    if (queue is not null) await queue.DisposeAsync().ConfigureAwait(false);
            }
        }

        foreach (GapTally tally in tallies) tally.Finish();
    }

    private async ValueTask<bool> HasIndexAsync(CancellationToken cancellationToken) =>
        !(await OpenListAsync(_setup.Content.Timeline.Periods[0].Renditions[0].Segments, _setup.Content.Origin, cancellationToken).ConfigureAwait(false)).IsWholeFile;

    /// <summary>A queue of one unit.</summary>
    private static MediaQueue QueueOf(MediaUnit unit)
    {
        MediaQueue queue = new(TimelineLimits.ReadAhead);
        queue.Begin(async (to, stop) =>
        {
            await to.PutAsync(unit, stop).ConfigureAwait(false);
            return false;
        });
        return queue;
    }

    private GapTally TallyOf(PresentationTrack track, PeriodRow[] rows, TimeRange range) =>
        new(_gaps, _setup.Options.Gaps, PeriodTrack.CountOf(rows, track.Index, range, _setup.Clock.GetUtcNow()));

    /// <summary>Opens a track in some periods: a file as it is, or its segments one after the other.</summary>
    private async ValueTask<MediaQueue> OpenTrackAsync(PresentationTrack track, PeriodRow[] rows, bool isAll, TimeSpan beginning, TimeRange range, GapTally tally, SegmentShare? share, CancellationToken cancellationToken)
    {
        OpenedContent content = _setup.Content;
        if (isAll && range.IsAll && rows.Length == 1 && rows[0].Tracks[track.Index]!.Rendition is { Segments.IsWholeFile: true } rendition)
        {
            Stream file = await RenditionStream.OpenAsync(_setup.Sources, content.Origin, [rendition.Segments], _setup.KeyFiles, cancellationToken: cancellationToken).ConfigureAwait(false);
            SamplePlace place = PeriodTrack.PlaceOf(rows[0], rows[0].Tracks[track.Index]!, rendition.Segments, media: null, beginning, isLast: true);
            string name = ContentReader.NameOf(rendition);
            return QueueOf(MediaUnit.File(rendition.Repack(new ProgressStream(file, read => Tell(track, read, file.CanSeek ? file.Length : null, read)), name), name, place));
        }

        DateTimeOffset now = _setup.Clock.GetUtcNow();
        long total = PeriodTrack.CountOf(rows, track.Index, range, now);
        PeriodTrack walk = new(_setup.Sources, content.Origin, _setup.KeyFiles, rows, content.Periods[^1], track.Index, range, now, _gaps, tally, (segments, bytes) => Tell(track, segments, total > 0 ? total : null, bytes)) { Open = OpenListAsync, Share = share };
        MediaQueue queue = new(TimelineLimits.ReadAhead);
        queue.Begin(async (to, stop) =>
        {
            await walk.WriteAsync(to, beginning, stop).ConfigureAwait(false);
            return false;
        });
        return queue;
    }

    private async IAsyncEnumerable<Piece> LivePiecesAsync(LiveFeed feed, IReadOnlyList<PresentationTrack> tracks, TimeRange range, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        LiveReading? reading = null;
        try
        {
            reading = await LiveReading.BeginAsync(
                feed, [.. tracks.Select(static track => track.Index)], Plan(tracks), range, _setup.Options.Duration, (track, segments, bytes) => Tell(Tracks[track], segments, null, bytes), cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (feed.Stopped.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            yield break;
        }

        using (reading)
        {
            for (int part = 0; ; part++)
            {
                int number = part;
                IReadOnlyList<MediaQueue> queues = reading.OpenPart(number);
                bool more = false;
                try
                {
                    MediaQueue?[] begun = new MediaQueue?[queues.Count];
                    for (int i = 0; i < begun.Length; i++)
                        if (await queues[i].HasBegunAsync(cancellationToken).ConfigureAwait(false)) begun[i] = queues[i];
                    if (Array.Exists(begun, static queue => queue is not null))
                        yield return new Piece(begun, TimeSpan.Zero, () => reading.NamesOf(number), i => ContentReader.NameOf(_setup.Content.RenditionsOf(tracks[i].Index)[0]));
                    foreach (MediaQueue queue in queues) more |= await queue.HasMoreAsync(cancellationToken).ConfigureAwait(false);
                }
                finally
                {
                    foreach (MediaQueue queue in queues) await queue.DisposeAsync().ConfigureAwait(false);
                }

                if (!more) yield break;
            }
        }
    }

    /// <summary>One track, as the queues that it takes: on their own clock where there is one period.</summary>
    private async IAsyncEnumerable<(IMediaUnits Units, string Name)> UnitsAsync(PresentationTrack track, TimeRange range, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        IAsyncEnumerable<Piece> pieces = _feed is null ? StaticPiecesAsync([track], range, cancellationToken) : LivePiecesAsync(_feed, [track], range, cancellationToken);
        await foreach (Piece piece in pieces.ConfigureAwait(false)) yield return (piece.Units[0]!, piece.Name(0));
    }

    private PeriodPlan Plan(IReadOnlyList<PresentationTrack> tracks) => new([.. tracks.Select(static track => track.Index)], async (period, cancellationToken) =>
    {
        PresentationTimeline timeline = _feed?.Current.Timeline ?? _setup.Content.Timeline;
        MovieFacts facts = await new ContentReader(_setup.Sources, _setup.KeyFiles).ProbeAsync(timeline.Origin, period.Rendition, cancellationToken).ConfigureAwait(false);
        if (_setup.Keys is { } licenses)
        {
            ProtectionMapBuilder builder = new();
            ContentMap.Add(builder, "", facts, period.Rendition.Path);
            licenses.Announce(builder.Build());
        }

        return facts.Description;
    });

    /// <summary>What a new manifest brings is asked for at once, not when a sample needs it.</summary>
    private ValueTask AnnounceAsync(LiveSnapshot snapshot, CancellationToken cancellationToken)
    {
        _setup.Keys?.Follow(MapOf(snapshot.Rows));
        AnnounceKeyFiles(snapshot.Rows, snapshot.Timeline.Origin);
        return ValueTask.CompletedTask;
    }

    /// <summary>What a manifest says of what protects the chosen tracks.</summary>
    private static ProtectionMap MapOf(IEnumerable<PeriodRow> rows) =>
        new ProtectionMapBuilder().Add(rows.SelectMany(static row => row.Tracks).OfType<TrackPeriod>().Select(static period => period.Rendition)).Build();

    private static SampleRange? RangeOf(TimeRange range) => range.IsAll ? null : new SampleRange(range.From, range.Until);

    private sealed record Piece(IReadOnlyList<MediaQueue?> Units, TimeSpan Zero, Func<IReadOnlyList<string>> Periods, Func<int, string> Name);
}
