using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Keyway.Containers.WebM;
using Keyway.Containers.WebM.Clear;
using Keyway.Content;
using Keyway.Decryption;
using Keyway.MediaUnits;
using Keyway.Mp4;
using Keyway.Mp4.Clear;
using Keyway.Mp4.Reading;
using Keyway.Protection;
using Keyway.Sessions;
using Keyway.Sources;
using Keyway.Timeline;

namespace Keyway;

/// <content>Any rendition, any segment.</content>
public sealed partial class Presentation
{
    // What reads by segments is one reader: it goes forward and back, and needs the keys of where it was.
    private readonly object _segmentReader = new();
    private readonly FetchOnce<(Uri Address, ByteRange? Range, SegmentKey? Key), ReadOnlyMemory<byte>> _initializations = new(TimelineLimits.Initializations);
    private readonly FetchOnce<SegmentList, SegmentList> _lists = new(TimelineLimits.Initializations);

    /// <summary>
    /// The periods and renditions as they are known now. Every rendition is there, whether it is chosen or not; <see cref="Facts"/> says why. Of a live presentation it is
    /// another one whenever the manifest has been read again; <see cref="FollowAsync"/> begins with that.
    /// </summary>
    public PresentationTimeline Timeline => _feed?.Current.Timeline ?? _setup.Content.Timeline;

    /// <summary>Begins to keep up with a live presentation, as its first reader does.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The periods and renditions of now.</returns>
    public async ValueTask<PresentationTimeline> FollowAsync(CancellationToken cancellationToken = default)
    {
        if (_feed is not null) await _feed.StartAsync(cancellationToken).ConfigureAwait(false);
        return Timeline;
    }

    /// <summary>Lists segments of a rendition.</summary>
    /// <param name="rendition">A rendition of <see cref="Timeline"/>.</param>
    /// <param name="range">Which; without it, all: of a live presentation those that are there now.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The segments in order. Where nothing names any, the file is one.</returns>
    /// <exception cref="RenditionNotFoundException">The rendition is of another presentation, or no longer of this one.</exception>
    /// <exception cref="RangeNotFoundException">The range lies outside the presentation.</exception>
    /// <exception cref="ManifestException">The manifest says it in a way that cannot be understood.</exception>
    /// <exception cref="MediaFormatException">The index is malformed.</exception>
    /// <exception cref="SourceException">The index cannot be reached.</exception>
    public async ValueTask<IReadOnlyList<TimelineSegment>> SegmentsAsync(Rendition rendition, TimeRange range = default, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(rendition);
        PresentationTimeline timeline = await FollowAsync(cancellationToken).ConfigureAwait(false);
        Rendition current = SegmentLister.Find(timeline, rendition);
        return SegmentLister.List(await OpenListAsync(current.Segments, timeline.Origin, cancellationToken).ConfigureAwait(false), timeline, current, range, Now);
    }

    /// <summary>Opens the initialisation segment of a rendition, clear: without what describes protection, and exactly as long as the protected one, or 1 to 16 bytes shorter where it is encrypted as a whole.</summary>
    /// <param name="rendition">A rendition of <see cref="Timeline"/>.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The segment. Ownership: the caller's. <see cref="Stream.Null"/> where segments describe themselves.</returns>
    /// <exception cref="RenditionNotFoundException">The rendition is of another presentation, or no longer of this one.</exception>
    /// <exception cref="MediaFormatException">It is malformed.</exception>
    /// <exception cref="SourceException">It cannot be reached.</exception>
    public async ValueTask<Stream> OpenInitializationAsync(Rendition rendition, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(rendition);
        PresentationTimeline timeline = await FollowAsync(cancellationToken).ConfigureAwait(false);
        Rendition current = SegmentLister.Find(timeline, rendition);
        if (!current.IsReadable) return Stream.Null;
        SegmentList segments = await OpenListAsync(current.Segments, timeline.Origin, cancellationToken).ConfigureAwait(false);
        if (segments.Initialization is not { } initialization) return Stream.Null;
        ReadOnlyMemory<byte> bytes = await InitializationAsync(timeline, initialization, cancellationToken).ConfigureAwait(false);
        if (SegmentRepacker.IsHead(bytes.Span, initialization.Name))
        {
            byte[] clear = bytes.ToArray();
            SegmentRepacker.ClearHead(clear, initialization.Name);
            return new MemoryStream(clear, writable: false);
        }

        if (WebMDecryptor.Begins(bytes.Span)) return new MemoryStream(await WebMClearer.ClearAsync(bytes, initialization.Name, description: null, new RawMediaKeys(), cancellationToken).ConfigureAwait(false), writable: false);
        return new MemoryStream(await SegmentClearer.ClearAsync(bytes, initialization.Name, chosen: null, cancellationToken).ConfigureAwait(false), writable: false);
    }

    /// <summary>
    /// Opens one segment, clear and exactly as long as the protected one: byte ranges and indexes that lead into it stay true. Only of one that is encrypted as a whole (AES-128 of
    /// HLS) there are 1 to 16 bytes less: its padding is no part of it. A transport stream stays one, and packed audio, and WebM. It is read on its own, compared with what its rendition
    /// promises, and decrypted as a whole before it is handed on; of one that is larger than is held in memory what comes is clear, and an error may follow it.
    /// </summary>
    /// <param name="rendition">A rendition of <see cref="Timeline"/>, chosen or not. An image, or text that is not in MP4, comes as it is.</param>
    /// <param name="segment">A segment of it (<see cref="SegmentsAsync"/>).</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The segment. Ownership: the caller's.</returns>
    /// <remarks>Threads: any, as many at once as are wanted.</remarks>
    /// <exception cref="RenditionNotFoundException">The rendition is of another presentation, or no longer of this one.</exception>
    /// <exception cref="RangeNotFoundException">The segment is not one of the rendition, or is no longer kept.</exception>
    /// <exception cref="KeyUnavailableException">There is no key for it.</exception>
    /// <exception cref="MediaFormatException">It is malformed, or of another rendition; or it is in a container that is not read, and protected.</exception>
    /// <exception cref="SampleDecryptionException">A sample cannot be decrypted.</exception>
    /// <exception cref="SourceException">It cannot be reached.</exception>
    public async ValueTask<Stream> OpenSegmentAsync(Rendition rendition, TimelineSegment segment, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(rendition);
        return await OpenSegmentAsync(rendition, segment, SegmentContainer.Own, new SegmentTimes(_setup.Clock), cancellationToken).ConfigureAwait(false);
    }

    /// <param name="rendition">The rendition.</param>
    /// <param name="segment">The segment.</param>
    /// <param name="form">In which container.</param>
    /// <param name="times">Takes how long what took, and which keys were needed.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    private async ValueTask<Stream> OpenSegmentAsync(Rendition rendition, TimelineSegment segment, SegmentContainer form, SegmentTimes times, CancellationToken cancellationToken)
    {
        PresentationTimeline timeline = await FollowAsync(cancellationToken).ConfigureAwait(false);
        Rendition current = SegmentLister.Find(timeline, rendition);
        SegmentList segments = await OpenListAsync(current.Segments, timeline.Origin, cancellationToken).ConfigureAwait(false);
        if (!SegmentLister.Has(segments, segment, Now)) throw new RangeNotFoundException(SourceText.Of(timeline.Origin.Given), segment, SegmentLister.SpanOf(timeline, Now));
        SegmentFetcher fetcher = new(_setup.Sources, timeline.Origin, _setup.KeyFiles);
        if (!current.IsReadable || !segments.IsReadable)
        {
            // What is encrypted as a whole is clear whatever it is.
            if (current.Protection.Count + segments.OwnProtection.Count > 0 && segment.Key is not { Method: SegmentKeyMethod.Aes128 })
                throw new MediaFormatException(segment.Name, new FormatError($"{current.MimeType ?? "its container"} is not read, and it is protected", "", -1));
            return await times.FetchAsync(() => fetcher.OpenAsync(segment, cancellationToken)).ConfigureAwait(false);
        }

        if (segments.IsInOneFile && segments.IsWholeFile)
        {
            Stream file = await fetcher.OpenFileAsync(segments.WholeFile, cancellationToken).ConfigureAwait(false);
            // No byte of it moves.
            if (file.CanSeek) times.Length = file.Length;
            return FileRepacker.Takes(current.MimeType) ? ClearWebM(file, segment.Name, current, cancellationToken) : Clear(default, MediaUnit.File(file, segment.Name), current, cancellationToken);
        }

        ReadOnlyMemory<byte> head = segments.Initialization is { } initialization ? await InitializationAsync(timeline, initialization, cancellationToken).ConfigureAwait(false) : default;
        RenditionCheck check = head.IsEmpty ? new RenditionCheck(null) { Kind = current.Kind } : SegmentFetcher.CheckOf(head, current.Kind, segment.Name);
        CheckedSegment found = await times.FetchAsync(() => fetcher.ReadAsync(segment, check, time: null, cancellationToken)).ConfigureAwait(false);
        TimeSpan ahead = PeriodTrack.AheadOf(segments.Anchor is { } anchor ? await anchor.FindAsync(fetcher, Now, cancellationToken).ConfigureAwait(false) : null);
        if (!SegmentOrder.IsOnTime(found, ahead)) await CompareAsync(found).ConfigureAwait(false);
        if (!found.Original.IsEmpty && form == SegmentContainer.Own)
        {
            await using (found.ConfigureAwait(false)) return await ClearOriginalAsync(found, current, check, timeline.Origin, times, cancellationToken).ConfigureAwait(false);
        }

        // What was put into MP4 is described by a movie in MP4, its own or that of its rendition.
        if (!found.Original.IsEmpty) head = check.WebM is null ? default : check.HeadOf(head);
        if (found.Rest is not null) return Clear(head, found.ToUnit(place: null), current, cancellationToken);
        using MemoryStream output = new(found.Bytes.Length);
        PipeWriter pipe = PipeWriter.Create(output, new StreamPipeWriterOptions(leaveOpen: true));
        using PresentationKeys keys = new(_setup, IndexOf(current), _setup.Options.Output.Exporting, _segmentReader) { Times = times };
        await SegmentClearer.WriteAsync(head, found.ToUnit(place: null), keys, pipe, new Mp4DecryptOptions { MaxParallelFragments = _setup.MaxParallelFragments }, cancellationToken).ConfigureAwait(false);
        await pipe.CompleteAsync().ConfigureAwait(false);
        return new MemoryStream(output.GetBuffer(), 0, (int)output.Length, writable: false, publiclyVisible: true);

        // Media that has another clock than its manifest has it in every segment.
        async ValueTask CompareAsync(CheckedSegment odd)
        {
            TimeSpan start = segments.StartOf(segment);
            SegmentStep beside = start > TimeSpan.Zero ? segments.At(start - TimeSpan.FromTicks(1), Now) : segments.Next(segment.Time, Now);
            if (beside.Kind != SegmentStepKind.Ready) return;
            CheckedSegment? neighbour = null;
            try
            {
                neighbour = await fetcher.ReadAsync(beside.Segment, check, time: null, cancellationToken).ConfigureAwait(false);
                if (!SegmentOrder.HaveOneClock(neighbour, odd)) throw new MediaFormatException(segment.Name, SegmentOrder.OutOfTime(odd, ahead));
            }
            catch
            {
                await odd.DisposeAsync().ConfigureAwait(false);
                throw;
            }
            finally
            {
                if (neighbour is not null) await neighbour.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    /// <summary>A segment of a transport stream, of packed audio or of WebM, clear in its own container.</summary>
    private async ValueTask<Stream> ClearOriginalAsync(CheckedSegment segment, Rendition rendition, RenditionCheck check, ContentOrigin origin, SegmentTimes times, CancellationToken cancellationToken)
    {
        if (check.WebM is not null || WebMDecryptor.Begins(segment.Original.Span))
        {
            using PresentationKeys keys = new(_setup, IndexOf(rendition), _setup.Options.Output.Exporting, _segmentReader) { Times = times };
            return new MemoryStream(await WebMClearer.ClearAsync(segment.Original, segment.Segment.Name, check.WebM, keys, cancellationToken).ConfigureAwait(false), writable: false);
        }

        byte[] bytes = segment.Original.ToArray();
        IFragmentDecryptor? lease = segment.Segment.Key is { Method: SegmentKeyMethod.SampleAes } key ? await times.WaitAsync(() => _setup.KeyFiles.LeaseSamplesAsync(key, origin, cancellationToken)).ConfigureAwait(false) : null;
        SegmentRepacker.ClearInPlace(segment.Segment, bytes, check.Head.Span, lease);
        return new MemoryStream(bytes, writable: false);
    }

    /// <summary>Reads the clear samples of one rendition, chosen or not, in its period; of a live presentation those that are there now.</summary>
    /// <param name="rendition">A rendition of <see cref="Timeline"/>.</param>
    /// <param name="range">A range of it, from the beginning of the presentation; without it, everything.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>The fragments, as in <see cref="ReadAsync(PresentationTrack, TimeRange, CancellationToken)"/>.</returns>
    /// <remarks>Threads: several readers may read at once, the same rendition too.</remarks>
    /// <exception cref="RenditionNotFoundException">The rendition is of another presentation, or no longer of this one.</exception>
    /// <exception cref="RangeNotFoundException">The range lies outside the rendition.</exception>
    /// <inheritdoc cref="ReadAsync(PresentationTrack, CancellationToken)" path="/exception"/>
    public async IAsyncEnumerable<ClearFragment> ReadAsync(Rendition rendition, TimeRange range = default, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(rendition);
        PresentationTimeline timeline = await FollowAsync(cancellationToken).ConfigureAwait(false);
        Rendition current = SegmentLister.Find(timeline, rendition);
        if (!current.IsReadable) throw new MediaFormatException(current.Path, new FormatError($"{current.MimeType} is not read", "", -1));
        TimelinePeriod period = SegmentLister.PeriodOf(timeline, current);
        int index = IndexOf(current);
        PeriodRow row = new() { Key = period.Path, Period = period, Tracks = [new TrackPeriod { Rendition = current }] };
        if (!PeriodTrack.IsIn(row, range)) throw new RangeNotFoundException(SourceText.Of(timeline.Origin.Given), range, SegmentLister.SpanOf(timeline, Now));
        GapTally tally = new(_gaps, _setup.Options.Gaps, PeriodTrack.CountOf([row], 0, range, Now));
        PeriodTrack walk = new(_setup.Sources, timeline.Origin, _setup.KeyFiles, [row], row, 0, range, Now, _gaps, tally, tell: null) { Number = index, Open = OpenListAsync };
        MediaQueue queue = new(TimelineLimits.ReadAhead);
        queue.Begin(async (to, stop) =>
        {
            await walk.WriteAsync(to, row.Start, stop).ConfigureAwait(false);
            return false;
        });
        await using (queue.ConfigureAwait(false))
        {
            if (!await queue.HasBegunAsync(cancellationToken).ConfigureAwait(false))
            {
                tally.Finish();
                yield break;
            }

            using Mp4Reader reader = await Mp4Reader.OpenAsync(queue, ContentReader.NameOf(current), cancellationToken).ConfigureAwait(false);
            reader.Marker = new FragmentMarker(isOneTrack: true);
            using PresentationKeys keys = new(_setup, index, _setup.Options.Output, _segmentReader);
            Func<Mp4Track, bool>? own = current.TrackId is { } id ? track => track.Id == id : current.IsMixed ? track => HandlerKind.Of(track.Handler) == current.Kind : null;
            await foreach (ClearFragment fragment in reader.ReadAsync(keys, own, RangeOf(range), cancellationToken).ConfigureAwait(false)) yield return fragment;
            foreach (string note in reader.Summary.Notes) _gaps.Note(note);
        }

        tally.Finish();
    }

    /// <summary>What is too large for memory, clear while it is read.</summary>
    private Stream Clear(ReadOnlyMemory<byte> head, MediaUnit unit, Rendition rendition, CancellationToken cancellationToken) => Clear(
        rendition,
        async (keys, output) => await SegmentClearer.WriteAsync(head, unit, keys, output, new Mp4DecryptOptions { MaxParallelFragments = _setup.MaxParallelFragments }, cancellationToken).ConfigureAwait(false));

    /// <summary>A WebM file, clear while it is read.</summary>
    private Stream ClearWebM(Stream file, string name, Rendition rendition, CancellationToken cancellationToken) => Clear(rendition, async (keys, output) =>
    {
        await using (file.ConfigureAwait(false)) await WebMDecryptor.DecryptAsync(file, name, keys, output, options: null, cancellationToken).ConfigureAwait(false);
    });

    private Stream Clear(Rendition rendition, Func<IMediaKeys, PipeWriter, Task> write)
    {
        Pipe pipe = new(new PipeOptions(pauseWriterThreshold: SourceLimits.ReadAhead, resumeWriterThreshold: SourceLimits.ReadAhead / 2, useSynchronizationContext: false));
        _ = Task.Run(
            async () =>
            {
                try
                {
                    using PresentationKeys keys = new(_setup, IndexOf(rendition), _setup.Options.Output.Exporting, _segmentReader);
                    await write(keys, pipe.Writer).ConfigureAwait(false);
                    await pipe.Writer.CompleteAsync().ConfigureAwait(false);
                }
                catch (Exception exception)
                {
                    // The reader gets it.
                    await pipe.Writer.CompleteAsync(exception).ConfigureAwait(false);
                }
            },
            CancellationToken.None);
        return pipe.Reader.AsStream();
    }

    /// <summary>The number of a rendition in facts: its place among all tracks; -1: it was not there when the presentation was opened.</summary>
    private int IndexOf(Rendition rendition)
    {
        int alike = -1;
        for (int i = 0; i < Facts.Tracks.Count; i++)
        {
            ContentTrack track = Facts.Tracks[i];
            if (track.Id != rendition.Id) continue;
            if (track.Path == rendition.Path) return i;
            if (alike < 0 && track.Kind == rendition.Kind) alike = i;
        }

        return alike;
    }

    /// <summary>An initialisation segment as it is, fetched once for all segments after it.</summary>
    private ValueTask<ReadOnlyMemory<byte>> InitializationAsync(PresentationTimeline timeline, TimelineSegment initialization, CancellationToken cancellationToken) => _initializations.GetAsync(
        (initialization.Address, initialization.Range, initialization.Key),
        async _ => (await new SegmentFetcher(_setup.Sources, timeline.Origin, _setup.KeyFiles).ReadInitializationAsync(initialization, kind: null, time: null, CancellationToken.None).ConfigureAwait(false)).Bytes,
        cancellationToken);

    /// <summary>A list of segments that answers: its index is read once.</summary>
    private ValueTask<SegmentList> OpenListAsync(SegmentList list, ContentOrigin origin, CancellationToken cancellationToken)
    {
        return list.MayHaveIndex ? _lists.GetAsync(list, OpenAsync, cancellationToken) : new(list);

        async Task<SegmentList> OpenAsync(SegmentList each)
        {
            SegmentList opened = await each.OpenAsync(_setup.Sources, origin, CancellationToken.None).ConfigureAwait(false);
            // What is read only now may say who has its keys.
            if (each.IsElsewhere && opened.OwnProtection.Count > 0 && _setup.Keys is { } licenses) licenses.Announce(new ProtectionMapBuilder().Add(opened.OwnProtection, each.Path).Build());
            return opened;
        }
    }
}
