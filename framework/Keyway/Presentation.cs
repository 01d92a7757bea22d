using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Keyway.Content;
using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Live;
using Keyway.MediaUnits;
using Keyway.Mp4;
using Keyway.Mp4.Reading;
using Keyway.Protection;
using Keyway.Sessions;
using Keyway.Sources;
using Keyway.Timeline;

namespace Keyway;

/// <summary>An opened presentation: its tracks, its licences, its clear samples.</summary>
/// <remarks>
/// <para>Threads: any; each track is read by one reader at a time.</para>
/// <para>Ownership: the caller's. Disposing it gives its licence sessions back; the last holder of a session closes it, and its keys are zeroed.</para>
/// </remarks>
public sealed partial class Presentation : IAsyncDisposable
{
    private readonly PresentationSetup _setup;
    private readonly LiveFeed? _feed;
    private Action? _disposed;
    private readonly GapLog _gaps = new();

    internal Presentation(PresentationSetup setup)
    {
        _setup = setup;
        Tracks = [.. setup.Content.Tracks.Where(static track => track.IsChosen).Select(Of)];
        if (IsFollowed(setup)) _feed = new LiveFeed(setup.Sources, setup.Clock, setup.Content, _gaps, setup.Options.Gaps, setup.Options.Wishes) { Updated = AnnounceAsync, Keys = setup.KeyFiles };
        (setup.KeyFiles.Noted, setup.KeyFiles.IsLive, setup.KeyFiles.HasKeySystem) = (_gaps.Note, _feed is not null, setup.Keys is not null);
    }

    /// <summary>Its identifier in facts.</summary>
    public PresentationId Id => _setup.Id;

    /// <summary>What is known about it without a licence.</summary>
    public ContentFacts Facts => _setup.Facts;

    /// <summary>The chosen tracks, video first.</summary>
    public IReadOnlyList<PresentationTrack> Tracks { get; }

    /// <summary>The name of the provider that licences are asked of.</summary>
    public string Provider => _setup.Provider;

    /// <summary>
    /// In which ways its licences were asked for where there was something to fall back on (<see cref="PresentationOptions.Fallback"/>): those that failed, in order, and at the end the
    /// one that was taken. Empty otherwise.
    /// </summary>
    public IReadOnlyList<LicenseAttempt> Attempts => _setup.Attempts;

    /// <summary>What may be known about its licence sessions. Empty where nothing is protected.</summary>
    public IReadOnlyList<SessionReport> Sessions => [.. _setup.Keys?.Ring.Reports ?? [], .. _setup.KeyFiles.Reports];

    /// <summary>Waits until the keys of the chosen tracks may be used. Reading does it by itself.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that ends when all may.</returns>
    /// <exception cref="KeyUnavailableException">One of them will not be.</exception>
    public async ValueTask AcquireAsync(CancellationToken cancellationToken = default)
    {
        if (await AcquireOnlyKeysAsync(cancellationToken).ConfigureAwait(false)) return;
        foreach (PresentationTrack track in Tracks)
        {
            if (NextKeyFileOf(track, _feed?.Current.Rows ?? _setup.Content.Periods) is { } file) await _setup.KeyFiles.AcquireAsync(file, cancellationToken).ConfigureAwait(false);
            await AcquireTrackAsync(track, cancellationToken).ConfigureAwait(false);
        }

        // Of a live presentation nobody knows yet which of these will be needed, and when.
        foreach (SegmentKey key in _feed is null ? _setup.Content.Timeline.KeysAhead : [])
        {
            try
            {
                if (_setup.KeyFiles.IsWantedAhead(key)) await _setup.KeyFiles.AcquireAsync(key, cancellationToken).ConfigureAwait(false);
            }
            catch (KeyUnavailableException)
            {
                // Who needs it asks again, and says why there is none.
            }
        }
    }

    /// <summary>
    /// Says what the licences that are here let sinks do, until when and at which resolution, before a sample is read (<see cref="AcquireAsync(CancellationToken)"/> brings them). Every protected
    /// track is asked about, whether it was chosen or not, with each of its keys. No key is used by that.
    /// </summary>
    /// <param name="sinks">The sinks; <see langword="null"/>: <see cref="PreviewSink.Usual"/>.</param>
    /// <returns>An answer for each track, key and sink, in that order. What decides is the same when samples are read, unless the licence is renewed meanwhile.</returns>
    public IReadOnlyList<PolicyPreview> Preview(IReadOnlyList<PreviewSink>? sinks = null) => new PolicyPreviewer(Sessions, _setup.Clock.GetUtcNow()).Of(Facts.Tracks, sinks ?? PreviewSink.Usual);

    /// <summary>Waits until the keys of the chosen tracks may be used that come by licences.</summary>
    /// <param name="isPatient">Whether a service that is away is asked again for as long as a reader of what is live waits.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    internal async ValueTask AcquireLicensesAsync(bool isPatient, CancellationToken cancellationToken)
    {
        if (_setup.Keys is not { } licenses) return;
        licenses.IsPatient = isPatient;
        try
        {
            if (await AcquireOnlyKeysAsync(cancellationToken).ConfigureAwait(false)) return;
            foreach (PresentationTrack track in Tracks) await AcquireTrackAsync(track, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            licenses.IsPatient = true;
        }
    }

    /// <summary>Gives up a presentation whose licences were not to be had: another one takes over what it was made with.</summary>
    internal async ValueTask AbandonAsync()
    {
        if (_feed is not null) await _feed.DisposeAsync().ConfigureAwait(false);
        if (_setup.Keys is { } licenses) await licenses.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Waits for the keys that alone are wanted.</summary>
    /// <returns>Whether the options name some; if not, each track's are to be waited for.</returns>
    private async ValueTask<bool> AcquireOnlyKeysAsync(CancellationToken cancellationToken)
    {
        if (_setup.Options.OnlyKeys is not { } only || _setup.Keys is not { } licenses) return false;
        await licenses.WaitAsync([], WantedOf(only), _setup.Options.Output, pixels: null, cancellationToken).ConfigureAwait(false);
        return true;
    }

    private async ValueTask AcquireTrackAsync(PresentationTrack track, CancellationToken cancellationToken)
    {
        if (_setup.Keys is not { } licenses) return;
        long pixels = (long)track.Width * track.Height;
        List<WantedKey> wanted = WantedOf(track);
        if (wanted.Count > 0) await licenses.WaitAsync([], wanted, _setup.Options.Output, pixels > 0 ? pixels : null, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads the clear samples of one track, a fragment at a time. Of a live presentation: from the live edge on, which is the same for all tracks whose reading begins together.</summary>
    /// <param name="track">The track.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>The fragments. The memory of each is valid until the next is asked for. Decode times are those of the segments; presentation times count from the beginning of the presentation.</returns>
    /// <remarks>Threads: several readers may read at once, the same track too.</remarks>
    /// <exception cref="KeyUnavailableException">There is no key to go on with.</exception>
    /// <exception cref="MediaFormatException">The media cannot be read.</exception>
    /// <exception cref="SampleDecryptionException">A sample cannot be decrypted.</exception>
    /// <exception cref="SourceException">A segment cannot be reached.</exception>
    public IAsyncEnumerable<ClearFragment> ReadAsync(PresentationTrack track, CancellationToken cancellationToken = default) => ReadAsync(track, default, cancellationToken);

    /// <summary>
    /// Reads the clear samples of a range of one track, exact to the sample: it begins with the sync sample at or before the range, and what is only there to be decoded is not
    /// presented (<see cref="ClearSample.IsPresented"/>). Of a live presentation: as far back as it is kept.
    /// </summary>
    /// <param name="track">The track.</param>
    /// <param name="range">The range, from the beginning of the presentation.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>The fragments, as in <see cref="ReadAsync(PresentationTrack, CancellationToken)"/>.</returns>
    /// <exception cref="RangeNotFoundException">The range lies outside the presentation.</exception>
    /// <inheritdoc cref="ReadAsync(PresentationTrack, CancellationToken)" path="/exception"/>
    public async IAsyncEnumerable<ClearFragment> ReadAsync(PresentationTrack track, TimeRange range, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(track);
        FragmentMarker marker = new(isOneTrack: true);
        await foreach ((IMediaUnits units, string name) in UnitsAsync(track, range, cancellationToken).ConfigureAwait(false))
        {
            using Mp4Reader reader = await Mp4Reader.OpenAsync(units, name, cancellationToken).ConfigureAwait(false);
            reader.Marker = marker;
            using PresentationKeys keys = new(_setup, track.Index, _setup.Options.Output);
            await foreach (ClearFragment fragment in reader.ReadAsync(keys, Filter(track), RangeOf(range), cancellationToken).ConfigureAwait(false))
                yield return fragment;
            foreach (string note in reader.Summary.Notes) _gaps.Note(note);
        }
    }

    /// <summary>
    /// Reads the samples of one track as they are, with what is needed to open them: for a sink that brings its own decryptor, or a decoder that decrypts. No key is asked for by reading them.
    /// </summary>
    /// <param name="track">The track.</param>
    /// <param name="range">A range of it; without it, everything.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>The fragments. The memory of each is valid until the next is asked for.</returns>
    /// <exception cref="RangeNotFoundException">The range lies outside the presentation.</exception>
    /// <exception cref="MediaFormatException">The media cannot be read.</exception>
    /// <exception cref="SourceException">A segment cannot be reached.</exception>
    public async IAsyncEnumerable<ProtectedFragment> ReadProtectedAsync(PresentationTrack track, TimeRange range = default, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(track);
        FragmentMarker marker = new(isOneTrack: true);
        await foreach ((IMediaUnits units, string name) in UnitsAsync(track, range, cancellationToken).ConfigureAwait(false))
        {
            using Mp4Reader reader = await Mp4Reader.OpenAsync(units, name, cancellationToken).ConfigureAwait(false);
            reader.Marker = marker;
            await foreach (ProtectedFragment fragment in reader.ReadProtectedAsync(Filter(track), RangeOf(range), cancellationToken).ConfigureAwait(false))
                yield return fragment;
            foreach (string note in reader.Summary.Notes) _gaps.Note(note);
        }
    }

    /// <summary>Writes one track clear. Of a rendition: its segments in a row, each byte in its place; of a file with several tracks, or of a live presentation: a file of its own.</summary>
    /// <param name="track">The track.</param>
    /// <param name="output">Where to. Ownership: the caller's, who completes it.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <returns>What was written.</returns>
    /// <inheritdoc cref="ReadAsync(PresentationTrack, CancellationToken)" path="/exception"/>
    public async ValueTask<Mp4Summary> WriteAsync(PresentationTrack track, PipeWriter output, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(track);
        RefuseWebM([track]);
        if (_setup.Content.IsOneFile || IsLive) return await MergeAsync([track], output, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<Rendition> renditions = _setup.Content.RenditionsOf(track.Index);
        PeriodRow[] rows = [.. _setup.Content.Periods.Where(row => row.Tracks[track.Index] is not null)];
        GapTally tally = TallyOf(track, rows, default);
        string name = ContentReader.NameOf(renditions[0]);
        MediaQueue queue = renditions is [{ Segments.IsInOneFile: true }]
            ? QueueOf(MediaUnit.File(await OpenFileAsync(track, cancellationToken).ConfigureAwait(false), name))
            : await OpenTrackAsync(track, rows, isAll: true, rows[0].Start, default, tally, share: null, cancellationToken).ConfigureAwait(false);
        using PresentationKeys keys = new(_setup, track.Index, _setup.Options.Output.Exporting);
        await using (queue.ConfigureAwait(false))
        {
            Mp4DecryptOptions options = new() { MaxParallelFragments = _setup.MaxParallelFragments };
            // Nothing at all is an error of the first segment, not of a file without boxes.
            if (!await queue.HasBegunAsync(cancellationToken).ConfigureAwait(false)) tally.Finish();
            Mp4Summary summary = await Mp4Decryptor.DecryptAsync(queue, name, keys, output, options, cancellationToken).ConfigureAwait(false);
            tally.Finish();
            return summary;
        }
    }

    /// <summary>Writes tracks together into one clear fragmented file.</summary>
    /// <param name="tracks">The tracks.</param>
    /// <param name="output">Where to. Ownership: the caller's, who completes it.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <returns>What was written, with the new track numbers.</returns>
    /// <inheritdoc cref="ReadAsync(PresentationTrack, CancellationToken)" path="/exception"/>
    /// <remarks>Where the periods do not fit into one file, <see cref="PartsAsync(IReadOnlyList{PresentationTrack}, CancellationToken)"/> gives one after the other; here that is a <see cref="MediaFormatException"/>.</remarks>
    public ValueTask<Mp4Summary> MergeAsync(IReadOnlyList<PresentationTrack> tracks, PipeWriter output, CancellationToken cancellationToken = default) => MergeAsync(tracks, default, output, cancellationToken);

    /// <summary>Writes a range of tracks together into one clear fragmented file, as <see cref="PartsAsync(IReadOnlyList{PresentationTrack}, TimeRange, CancellationToken)"/> has it.</summary>
    /// <param name="tracks">The tracks.</param>
    /// <param name="range">The range.</param>
    /// <param name="output">Where to. Ownership: the caller's, who completes it.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <returns>What was written, with the new track numbers.</returns>
    /// <inheritdoc cref="ReadAsync(PresentationTrack, TimeRange, CancellationToken)" path="/exception"/>
    public async ValueTask<Mp4Summary> MergeAsync(IReadOnlyList<PresentationTrack> tracks, TimeRange range, PipeWriter output, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(tracks);
        Mp4Summary? summary = null;
        await foreach (PresentationPart part in PartsAsync(tracks, range, cancellationToken).ConfigureAwait(false))
        {
            if (summary is not null)
                throw new MediaFormatException(SourceText.Of(_setup.Content.Origin.Given), new FormatError($"sample entries or codecs change with {part.Periods[0]}, which one file cannot follow", "/MPD", -1));
            summary = await part.MergeAsync(output, cancellationToken).ConfigureAwait(false);
        }

        return summary ?? new Mp4Summary { Tracks = [] };
    }

    /// <summary>Gives the licence sessions back.</summary>
    /// <returns>A task that ends when those that are closed have been.</returns>
    public async ValueTask DisposeAsync()
    {
        if (_feed is not null) await _feed.DisposeAsync().ConfigureAwait(false);
        if (_setup.Keys is { } licenses) await licenses.DisposeAsync().ConfigureAwait(false);
        await _setup.KeyFiles.DisposeAsync().ConfigureAwait(false);
        Interlocked.Exchange(ref _disposed, null)?.Invoke();
    }

    /// <summary>Has something done when it has been disposed and uses nothing any more, once.</summary>
    /// <param name="action">What. It replaces what was to be done before.</param>
    public void OnDisposed(Action action) => Volatile.Write(ref _disposed, action);

    /// <summary>Asks for the licences of the chosen tracks, and waits for none.</summary>
    internal async ValueTask AskAsync(CancellationToken cancellationToken)
    {
        AnnounceKeyFiles(_setup.Content.Periods, _setup.Content.Origin);
        foreach (SegmentKey key in _setup.Content.Timeline.KeysAhead) _setup.KeyFiles.Announce(key, _setup.Content.Origin);
        if (_setup.Options.OnlyKeys is { } only && _setup.Keys is { } held) await held.AskAsync(WantedOf(only), offered: null, cancellationToken).ConfigureAwait(false);
        else if (_setup.Keys is { } licenses) await licenses.AskAsync([.. Tracks.SelectMany(WantedOf).DistinctBy(static key => key.Id)], _feed is null ? null : MapOf(_setup.Content.Periods), cancellationToken).ConfigureAwait(false);
    }

    // An all-zero default says that groups of samples name the keys; they are asked for when they are met.
    private List<WantedKey> WantedOf(PresentationTrack track) => _setup.IsByKeyFile(track.Index)
        ? []
        : [.. track.KeyIds.Where(id => id != default && _setup.Options.Keys?.HasAll([id]) != true).Select(id => new WantedKey { Id = id, Scheme = track.Scheme })];

    // The keys alone are known, and not which track needs which.
    private List<WantedKey> WantedOf(IReadOnlyList<KeyId> keys)
    {
        ProtectionScheme scheme = _setup.Facts.Protection.Schemes is [var first, ..] ? first : ProtectionScheme.None;
        return [.. keys.Distinct().Select(id => new WantedKey { Id = id, Scheme = scheme })];
    }

    /// <summary>The key file that a track needs first: of what begins now that of its beginning, of what goes on that of the newest segment.</summary>
    private SegmentKey? NextKeyFileOf(PresentationTrack track, IEnumerable<PeriodRow> rows)
    {
        // Of what goes on the last period is the one that is read.
        if (_feed is not null) rows = rows.Reverse();
        bool areHeld = track.KeyIds.Count > 0 && _setup.Options.Keys?.HasAll(track.KeyIds) == true;
        foreach (PeriodRow row in rows)
        {
            // What playlists do not say of any rendition costs nothing to those that have none.
            if (row.Tracks[track.Index]?.Rendition is not { } rendition || !rendition.Protection.Any(static said => said.System == SystemIds.KeyFile)) continue;
            TimelineSegment? next = _feed is null ? rendition.Segments.Played(Now).Cast<TimelineSegment?>().FirstOrDefault()
                : rendition.Segments.Newest(Now) is { Kind: SegmentStepKind.Ready } newest ? newest.Segment : null;
            foreach (SegmentKey? key in (SegmentKey?[])[rendition.Segments.Initialization?.Key, next?.Key])
                if (key is { IsKeyFile: true } && (key.Method == SegmentKeyMethod.Aes128 || (!areHeld && _setup.IsByKeyFile(track.Index)))) return key;
        }

        return null;
    }

    /// <summary>Asks for the key files that are needed next, and waits for none.</summary>
    private void AnnounceKeyFiles(IReadOnlyList<PeriodRow> rows, ContentOrigin origin)
    {
        foreach (PresentationTrack track in Tracks)
            if (NextKeyFileOf(track, rows) is { } key) _setup.KeyFiles.Ask(key, origin);
    }

    /// <summary>Opens what is one file, byte for byte.</summary>
    private async ValueTask<Stream> OpenFileAsync(PresentationTrack track, CancellationToken cancellationToken)
    {
        OpenedContent content = _setup.Content;
        if (content.IsOneFile)
        {
            Stream file = await _setup.Sources.OpenAsync(content.Origin.Given, cancellationToken).ConfigureAwait(false);
            return content.Timeline.Periods[0].Renditions[0].Repack(new ProgressStream(file, read => Tell(track, read, file.CanSeek ? file.Length : null, read)), SourceText.Of(content.Origin.Given));
        }

        SegmentTeller progress = new(told => Tell(track, told.Segments, told.Total, told.Bytes));
        IReadOnlyList<Rendition> renditions = content.RenditionsOf(track.Index);
        Stream whole = await RenditionStream.OpenAsync(
            _setup.Sources, content.Origin, [.. renditions.Select(static rendition => rendition.Segments)], _setup.KeyFiles, _setup.Clock.GetUtcNow(), progress, cancellationToken).ConfigureAwait(false);
        return renditions[0].Repack(whole, ContentReader.NameOf(renditions[0]));
    }

    private void Tell(PresentationTrack track, long done, long? total, long bytes) =>
        _setup.Options.Progress?.Report(new PresentationProgress { Track = track.Index, Done = done, Total = total, Bytes = bytes });

    private Func<Mp4Track, bool>? Filter(PresentationTrack track)
    {
        if (_setup.Content.IsOneFile) return file => ContentMap.TrackName(file) == _setup.Content.Tracks[track.Index].Path;
        return _setup.Content.RenditionsOf(track.Index).Any(static rendition => rendition.IsMixed) ? file => HandlerKind.Of(file.Handler) == track.Kind : null;
    }

    private static PresentationTrack Of(ContentTrack track, int index) => new()
    {
        Index = index,
        Kind = track.Kind,
        Id = track.Id,
        Codec = track.Codec,
        Width = track.Width,
        Height = track.Height,
        Bandwidth = track.Bandwidth,
        Language = track.Language,
        Scheme = track.Scheme,
        KeyIds = track.KeyIds,
        IsProtected = track.IsProtected,
    };

    /// <summary>Reports at once and on the reader's thread; <see cref="Progress{T}"/> would report later, and out of order.</summary>
    private sealed class SegmentTeller(Action<SegmentProgress> tell) : IProgress<SegmentProgress>
    {
        public void Report(SegmentProgress value) => tell(value);
    }
}
