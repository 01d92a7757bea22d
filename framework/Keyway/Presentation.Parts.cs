using System.Runtime.CompilerServices;
using Keyway.Content;
using Keyway.Dash;
using Keyway.Live;
using Keyway.Mp4;
using Keyway.Protection;

namespace Keyway;

/// <content>Periods, and presentations that grow while they are read.</content>
public sealed partial class Presentation
{
    /// <summary>Whether it grows while it is read: it is read from the live edge on, until it ends, is stopped, or <see cref="PresentationOptions.Duration"/> is over.</summary>
    public bool IsLive => _feed is not null;

    /// <summary>How many periods of it are known in which a chosen track plays; 1 for a file.</summary>
    public int PeriodCount => Math.Max(1, (_feed?.Current.Rows ?? _parts.Content.Periods).Count(static row => row.Tracks.Any(static track => track is not null)));

    /// <summary>What of a growing presentation could not be read, as far as is known by now.</summary>
    public IReadOnlyList<PresentationGap> Gaps => _feed?.Gaps ?? [];

    /// <summary>What is not as it should be, and was read all the same: of its opening, and of what came since.</summary>
    public IReadOnlyList<string> Notes => _feed is null ? Facts.Notes : [.. Facts.Notes, .. _feed.Notes];

    /// <summary>Ends the reading of a growing presentation as if it were over: what has been fetched is still handed on, and every file is whole.</summary>
    public void Stop() => _feed?.Stop();

    /// <summary>
    /// The presentation in as many parts as it takes files: periods whose sample entries and codecs match are one part. Each part is written before
    /// the next one is asked for.
    /// </summary>
    /// <param name="tracks">The tracks.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>The parts; of a growing presentation as they come, and none where it was stopped before there was anything.</returns>
    /// <inheritdoc cref="ReadAsync" path="/exception"/>
    public async IAsyncEnumerable<PresentationPart> PartsAsync(IReadOnlyList<PresentationTrack> tracks, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(tracks);
        List<PresentationKeys> keys = [.. tracks.Select(track => new PresentationKeys(_parts, track.Index))];
        try
        {
            IAsyncEnumerable<Piece> pieces = _feed is null ? StaticPiecesAsync(tracks, cancellationToken) : LivePiecesAsync(_feed, tracks, cancellationToken);
            int number = 0;
            await foreach (Piece piece in pieces.ConfigureAwait(false))
            {
                List<MergeInput> inputs = [];
                for (int i = 0; i < tracks.Count; i++)
                {
                    if (piece.Streams[i] is not { } stream) continue;
                    inputs.Add(new MergeInput { Input = stream, Name = piece.Name(i), Keys = keys[i], Tracks = Filter(tracks[i]), ShiftAt = ShiftOf(stream) });
                }

                PresentationPart part = new(++number, piece.Periods, [.. tracks.Where((_, i) => piece.Streams[i] is not null)], inputs, IsLive);
                yield return part;
                // What is not read does not end either.
                if (!part.IsWritten) yield break;
            }
        }
        finally
        {
            _parts.Keys?.Leave(keys);
        }
    }

    // A manifest that is a file and stands still is a recording of what was live once: all of it is read.
    private static bool IsFollowed(PresentationParts parts)
    {
        if (parts.Content.Manifest is not { IsDynamic: true } manifest) return false;
        TrackPeriod[] chosen = [.. parts.Content.Periods.SelectMany(static row => row.Tracks).OfType<TrackPeriod>()];
        if (!Array.TrueForAll(chosen, static each => each.Representation.Segments.CanFollow)) return false;
        if (!manifest.Origin.Location.IsFile) return true;
        DateTimeOffset now = parts.Clock.GetUtcNow();
        TimeSpan recent = TimeSpan.FromMinutes(2) + (manifest.MinimumUpdatePeriod is { } period && period < TimeSpan.FromDays(1) ? period : TimeSpan.Zero);
        return Array.Exists(chosen, each => each.Representation.Segments.Newest(now) is { Kind: SegmentStepKind.Ready } newest && newest.Available > now - recent);
    }

    private static Func<long, TimeSpan>? ShiftOf(Stream stream) => stream switch
    {
        LiveStream live => live.ShiftAt,
        PeriodStream periods => periods.ShiftAt,
        _ => null,
    };

    private async IAsyncEnumerable<Piece> StaticPiecesAsync(IReadOnlyList<PresentationTrack> tracks, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        OpenedContent content = _parts.Content;
        PeriodRow[] rows = [.. content.Periods.Where(row => tracks.Any(track => row.Tracks[track.Index] is not null))];
        if (content.Kind != ContentKind.Dash || rows.Length == 1)
        {
            List<Stream> streams = [];
            string[] names = new string[tracks.Count];
            try
            {
                for (int i = 0; i < tracks.Count; i++)
                {
                    (Stream stream, names[i]) = await OpenAsync(tracks[i], cancellationToken).ConfigureAwait(false);
                    streams.Add(stream);
                }

                yield return new Piece([.. streams], () => [.. rows.Select(static row => row.Name)], i => names[i]);
            }
            finally
            {
                foreach (Stream stream in streams) await stream.DisposeAsync().ConfigureAwait(false);
            }

            yield break;
        }

        using PeriodPlan plan = Plan(tracks);
        List<(int Part, PeriodRow Row)> parts = [];
        foreach (PeriodRow row in rows) parts.Add((await plan.PartOfAsync(rows, row.Key, cancellationToken).ConfigureAwait(false), row));
        foreach (IGrouping<int, PeriodRow> part in parts.GroupBy(static each => each.Part, static each => each.Row))
        {
            PeriodRow[] own = [.. part];
            // All tracks of a part count from the same moment: the beginning of its first period.
            TrackPeriod leader = tracks.Select(track => own[0].Tracks[track.Index]).OfType<TrackPeriod>().First();
            TimeSpan beginning = PeriodStream.ShiftOf(own[0], leader);
            PeriodStream?[] streams =
            [
                .. tracks.Select(track => Array.Exists(own, row => row.Tracks[track.Index] is not null)
                    ? new PeriodStream(_parts.Sources, content.Origin, own, track.Index, beginning, _parts.Clock.GetUtcNow(), (segments, bytes) => Tell(track, segments, null, bytes))
                    : null),
            ];
            try
            {
                yield return new Piece(streams, () => plan.NamesOf(part.Key), i => ContentReader.NameOf(own.Select(row => row.Tracks[tracks[i].Index]).OfType<TrackPeriod>().First().Representation));
            }
            finally
            {
                foreach (PeriodStream? stream in streams)
                    if (stream is not null) await stream.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private async IAsyncEnumerable<Piece> LivePiecesAsync(LiveFeed feed, IReadOnlyList<PresentationTrack> tracks, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        LiveReading? reading = null;
        try
        {
            reading = await LiveReading.BeginAsync(
                feed, [.. tracks.Select(static track => track.Index)], Plan(tracks), _parts.Options.Duration, (track, segments, bytes) => Tell(Tracks[track], segments, null, bytes), cancellationToken).ConfigureAwait(false);
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
                IReadOnlyList<LiveStream> streams = reading.OpenPart(number);
                bool more = false;
                try
                {
                    LiveStream?[] begun = new LiveStream?[streams.Count];
                    for (int i = 0; i < begun.Length; i++)
                        if (await streams[i].HasBegunAsync(cancellationToken).ConfigureAwait(false)) begun[i] = streams[i];
                    if (Array.Exists(begun, static stream => stream is not null))
                        yield return new Piece(begun, () => reading.NamesOf(number), i => ContentReader.NameOf(_parts.Content.RepresentationsOf(tracks[i].Index)[0]));
                    foreach (LiveStream stream in streams) more |= await stream.HasMoreAsync(cancellationToken).ConfigureAwait(false);
                }
                finally
                {
                    foreach (LiveStream stream in streams) await stream.DisposeAsync().ConfigureAwait(false);
                }

                if (!more) yield break;
            }
        }
    }

    private async IAsyncEnumerable<(Stream Stream, string Name)> StreamsAsync(PresentationTrack track, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (_feed is null)
        {
            yield return await OpenAsync(track, cancellationToken).ConfigureAwait(false);
            yield break;
        }

        await foreach (Piece piece in LivePiecesAsync(_feed, [track], cancellationToken).ConfigureAwait(false)) yield return (piece.Streams[0]!, piece.Name(0));
    }

    private PeriodPlan Plan(IReadOnlyList<PresentationTrack> tracks) => new([.. tracks.Select(static track => track.Index)], async (period, cancellationToken) =>
    {
        Manifest manifest = _feed?.Current.Manifest ?? _parts.Content.Manifest!;
        MovieFacts facts = await new ContentReader(_parts.Sources).ProbeAsync(manifest.Origin, period.Representation, cancellationToken).ConfigureAwait(false);
        if (_parts.Keys is { } licenses)
        {
            ProtectionMapBuilder builder = new();
            ContentMap.Add(builder, "", facts, period.Representation.Path);
            licenses.Announce(builder.Build());
        }

        return facts.Description;
    });

    /// <summary>What a new manifest brings is asked for at once, not when a sample needs it.</summary>
    private ValueTask AnnounceAsync(LiveSnapshot snapshot, CancellationToken cancellationToken)
    {
        if (_parts.Keys is { } licenses)
        {
            IEnumerable<Representation> chosen = snapshot.Rows.SelectMany(static row => row.Tracks).OfType<TrackPeriod>().Select(static period => period.Representation);
            licenses.Announce(new ProtectionMapBuilder().Add(chosen).Build());
        }

        return ValueTask.CompletedTask;
    }

    private sealed record Piece(IReadOnlyList<Stream?> Streams, Func<IReadOnlyList<string>> Periods, Func<int, string> Name);
}
