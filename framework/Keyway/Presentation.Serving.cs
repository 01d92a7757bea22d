using Keyway.Content;
using Keyway.Licensing;
using Keyway.MediaUnits;
using Keyway.Mp4.Clear;
using Keyway.Sessions;
using Keyway.Sources;
using Keyway.Timeline;

namespace Keyway;

/// <content>For those who serve a presentation to others: who asks for what, and when, is not theirs to say.</content>
public sealed partial class Presentation
{
    private static readonly Task Never = new TaskCompletionSource().Task;

    /// <summary>The time by the clock of the presentation: of a live one that its manifest names.</summary>
    public DateTimeOffset Now => _feed?.Now ?? _setup.Clock.GetUtcNow();

    /// <summary>Ends when <see cref="Timeline"/> is another one. Of what does not change it never does. To be taken before <see cref="Timeline"/> is.</summary>
    public Task TimelineChanged => _feed?.Changed ?? Never;

    /// <summary>The segments of a rendition as a list that answers: its index, or its playlist, is read first where only that knows.</summary>
    /// <param name="rendition">A rendition of <see cref="Timeline"/>.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The list. Of a live presentation it is that of now.</returns>
    /// <exception cref="RenditionNotFoundException">The rendition is of another presentation, or no longer of this one.</exception>
    /// <exception cref="MediaFormatException">The index is malformed.</exception>
    /// <exception cref="ManifestException">The playlist cannot be read.</exception>
    /// <exception cref="SourceException">It cannot be reached.</exception>
    public async ValueTask<SegmentList> OpenSegmentListAsync(Rendition rendition, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(rendition);
        PresentationTimeline timeline = await FollowAsync(cancellationToken).ConfigureAwait(false);
        return await OpenListAsync(SegmentLister.Find(timeline, rendition).Segments, timeline.Origin, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// How far the clock of the media of a rendition is ahead of its period's: what is at this time in the media is the beginning of the period. Where the manifest does not say it (HLS), the
    /// media is looked at.
    /// </summary>
    /// <param name="rendition">A rendition of <see cref="Timeline"/>.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The time on the clock of the media.</returns>
    /// <exception cref="RenditionNotFoundException">The rendition is of another presentation, or no longer of this one.</exception>
    public async ValueTask<TimeSpan> MediaStartAsync(Rendition rendition, CancellationToken cancellationToken = default)
    {
        SegmentList segments = await OpenSegmentListAsync(rendition, cancellationToken).ConfigureAwait(false);
        if (segments.Anchor is not { } anchor) return segments.MediaOffset;
        TimeSpan ahead = PeriodTrack.AheadOf(await anchor.FindAsync(new SegmentFetcher(_setup.Sources, Timeline.Origin, _setup.KeyFiles), Now, cancellationToken).ConfigureAwait(false));
        return segments.MediaOffset + ahead;
    }

    /// <summary>
    /// Opens what stands before the first segment of a rendition that is one file with an index: its description, clear, and the index as it is. With the segments behind it, it is the clear file,
    /// in which no byte has moved.
    /// </summary>
    /// <param name="rendition">A rendition of <see cref="Timeline"/>.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>It. Ownership: the caller's. <see cref="Stream.Null"/> where the rendition is no such file.</returns>
    /// <exception cref="RenditionNotFoundException">The rendition is of another presentation, or no longer of this one.</exception>
    /// <exception cref="MediaFormatException">It is malformed.</exception>
    /// <exception cref="SourceException">It cannot be reached.</exception>
    public async ValueTask<Stream> OpenFileHeadAsync(Rendition rendition, CancellationToken cancellationToken = default)
    {
        SegmentList segments = await OpenSegmentListAsync(rendition, cancellationToken).ConfigureAwait(false);
        if (segments.Next(null, Now) is not { Kind: SegmentStepKind.Ready, Segment: { Range.First: > 0 and var first } segment }) return Stream.Null;
        TimelineSegment head = new() { Address = segment.Address, Range = new ByteRange(0, first - 1), Alternatives = segment.Alternatives };
        ReadOnlyMemory<byte> bytes = await InitializationAsync(Timeline, head, cancellationToken).ConfigureAwait(false);
        return new MemoryStream(await SegmentClearer.ClearAsync(bytes, head.Name, chosen: null, cancellationToken).ConfigureAwait(false), writable: false);
    }

    /// <summary>Opens one segment clear, as <see cref="OpenSegmentAsync(Rendition, TimelineSegment, CancellationToken)"/> does, and tells what it took.</summary>
    /// <param name="rendition">A rendition of <see cref="Timeline"/>, chosen or not.</param>
    /// <param name="segment">A segment of it.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The segment. Ownership: the caller's.</returns>
    /// <inheritdoc cref="OpenSegmentAsync(Rendition, TimelineSegment, CancellationToken)" path="/remarks"/>
    /// <inheritdoc cref="OpenSegmentAsync(Rendition, TimelineSegment, CancellationToken)" path="/exception"/>
    public async ValueTask<OpenedSegment> ReadSegmentAsync(Rendition rendition, TimelineSegment segment, SegmentOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(rendition);
        SegmentTimes times = new(_setup.Clock) { KeyWait = options?.KeyWait };
        Stream content = await OpenSegmentAsync(rendition, segment, options?.Container ?? SegmentContainer.Own, times, cancellationToken).ConfigureAwait(false);
        if (content.CanSeek) times.End();
        return new OpenedSegment(content, times);
    }

    /// <summary>Opens a rendition that is one file, whole and clear, no byte of it moved; what is in the file beside it, too. It is read from its beginning.</summary>
    /// <param name="rendition">A rendition of <see cref="Timeline"/>.</param>
    /// <param name="cancellationToken">Ends the call, and the reading.</param>
    /// <returns>The file. Ownership: the caller's. An error may follow its beginning.</returns>
    /// <exception cref="RenditionNotFoundException">The rendition is of another presentation, or no longer of this one.</exception>
    /// <exception cref="ManifestException">It is not one file.</exception>
    /// <exception cref="SourceException">It cannot be reached.</exception>
    public async ValueTask<OpenedSegment> ReadFileAsync(Rendition rendition, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(rendition);
        PresentationTimeline timeline = await FollowAsync(cancellationToken).ConfigureAwait(false);
        Rendition current = SegmentLister.Find(timeline, rendition);
        if (!current.Segments.IsInOneFile) throw new ManifestException(current.Path, new FormatError("it is not one file", "", -1));
        SegmentTimes times = new(_setup.Clock);
        Stream file = await new SegmentFetcher(_setup.Sources, timeline.Origin, _setup.KeyFiles).OpenFileAsync(current.Segments.WholeFile, cancellationToken).ConfigureAwait(false);
        if (file.CanSeek) times.Length = file.Length;
        string name = ContentReader.NameOf(current);
        if (!current.IsReadable)
        {
            // Text, images: nothing of them is opened, and nothing has to be.
            if (current.Protection.Count + current.Segments.OwnProtection.Count == 0) return new OpenedSegment(file, times);
            await file.DisposeAsync().ConfigureAwait(false);
            throw new MediaFormatException(name, new FormatError($"{current.MimeType ?? "its container"} is not read, and it is protected", "", -1));
        }

        return new OpenedSegment(FileRepacker.Takes(current.MimeType) ? ClearWebM(file, name, current, cancellationToken) : Clear(default, MediaUnit.File(file, name), current, cancellationToken), times);
    }

    /// <summary>Asks for the keys of renditions, chosen or not, and waits for none: in one request what one header is for.</summary>
    /// <param name="renditions">Renditions of <see cref="Timeline"/>.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>A task that ends when they have been asked for.</returns>
    public async ValueTask AskAsync(IReadOnlyList<Rendition> renditions, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(renditions);
        if (_setup.Keys is not { } licenses) return;
        WantedKey[] wanted = [.. renditions.SelectMany(WantedOf).DistinctBy(static key => key.Id).Where(key => !licenses.Ring.HoldsOrFetches(key.Id))];
        if (wanted.Length > 0) await licenses.AskAsync(wanted, offered: null, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Waits until those keys of a rendition may be used that are known before its samples are read, for what is handed on.</summary>
    /// <param name="rendition">A rendition of <see cref="Timeline"/>, chosen or not.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that ends when they may.</returns>
    /// <exception cref="KeyUnavailableException">One of them will not be.</exception>
    public async ValueTask AcquireAsync(Rendition rendition, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(rendition);
        if (_setup.Keys is not { } licenses) return;
        List<WantedKey> wanted = WantedOf(rendition);
        long pixels = (long)(rendition.Width ?? 0) * (rendition.Height ?? 0);
        if (wanted.Count > 0) await licenses.WaitAsync([], wanted, _setup.Options.Output.Exporting, pixels > 0 ? pixels : null, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The keys that a rendition is known to need.</summary>
    /// <param name="rendition">A rendition of <see cref="Timeline"/>.</param>
    /// <returns>The identifiers; none where it is clear, or where only its samples name them.</returns>
    public IReadOnlyList<KeyId> KeyIdsOf(Rendition rendition)
    {
        ArgumentNullException.ThrowIfNull(rendition);
        return IndexOf(rendition) is >= 0 and int index ? [.. Facts.Tracks[index].KeyIds.Where(static id => id != default)] : [];
    }

    private List<WantedKey> WantedOf(Rendition rendition)
    {
        int index = IndexOf(rendition);
        if (index < 0 || _setup.IsByKeyFile(index)) return [];
        ContentTrack track = Facts.Tracks[index];
        return [.. KeyIdsOf(rendition).Where(id => _setup.Options.Keys?.HasAll([id]) != true).Select(id => new WantedKey { Id = id, Scheme = track.Scheme })];
    }
}
