using System.Collections.Concurrent;
using Keyway.Content;
using Keyway.Relay.Story;
using Keyway.Timeline;

namespace Keyway.Relay.Serving;

/// <summary>One opened presentation as it is served: its map, kept current; which of its renditions are refused; its clear segments.</summary>
/// <remarks>Threads: any. Ownership: the relay's, who disposes it and then may open it anew.</remarks>
internal sealed class ServedPresentation : IAsyncDisposable
{
    private readonly StoryLog _story;
    private readonly RelayMap _map;
    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<string, Refusal> _refusals = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _end = new();
    private readonly Task _following;
    private readonly Lazy<DateTimeOffset> _counted;
    private MapSnapshot _current;

    private ServedPresentation(Presentation presentation, StoryLog story)
    {
        (Presentation, _story) = (presentation, story);
        _map = new RelayMap(presentation.Facts, presentation.IsLive);
        Cache = new SegmentCache();
        Desk = new SegmentDesk(presentation, Cache);
        _current = _map.Read(presentation.Timeline, _refusals);
        Manifests = new Manifests.ManifestDesk(this);
        _counted = new Lazy<DateTimeOffset>(() => Now - EdgeOf(Current));
        Admitted = AdmitAsync();
        _following = FollowAsync();
    }

    public Presentation Presentation { get; }

    public ContentFacts Facts => Presentation.Facts;

    public SegmentCache Cache { get; }

    public SegmentDesk Desk { get; }

    /// <summary>Playlists of HLS, whose numbers go on from one snapshot to the next.</summary>
    public Manifests.HlsTracks Hls { get; } = new();

    /// <summary>The manifests.</summary>
    public Manifests.ManifestDesk Manifests { get; }

    /// <summary>Of a live presentation: the wall-clock time of its beginning. Where its manifest does not say it (HLS), such that its newest segment has just ended when it was opened.</summary>
    public DateTimeOffset AvailabilityStart => Current.Timeline.Live?.AvailabilityStart ?? _counted.Value;

    /// <summary>What is served now.</summary>
    public MapSnapshot Current => Volatile.Read(ref _current);

    /// <summary>Ends when it is known which renditions are refused, as far as that can be known before their samples are read.</summary>
    public Task Admitted { get; }

    /// <summary>The time by the presentation's clock.</summary>
    public DateTimeOffset Now => Presentation.Now;

    /// <summary>Why nothing at all is served; <see langword="null"/>: something is.</summary>
    public Refusal? Nothing => Admitted.IsCompleted && Current.Renditions.All(static rendition => rendition.Refusal is not null) ? Current.Renditions.FirstOrDefault()?.Refusal : null;

    /// <summary>Opens a presentation to be served: all of it, any time of its window, from any thread.</summary>
    public static async Task<ServedPresentation> OpenAsync(IKeyway keyway, Uri source, PresentationOptions options, StoryLog story, CancellationToken cancellationToken)
    {
        Presentation presentation = await keyway.OpenAsync(source, options with { KeepsKeysOfWindow = true }, cancellationToken).ConfigureAwait(false);
        return new ServedPresentation(presentation, story);
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);
        Cache.Dispose();
        await Task.WhenAll(_following, Admitted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Presentation.DisposeAsync().ConfigureAwait(false);
        _end.Dispose();
    }

    /// <summary>When the newest segment ends, from the beginning of the presentation.</summary>
    public TimeSpan EdgeOf(MapSnapshot map)
    {
        TimeSpan edge = TimeSpan.Zero;
        foreach (ServedPeriod period in map.Periods.Reverse().Take(2))
        {
            foreach (ServedRendition rendition in period.Renditions)
            {
                SegmentList segments = rendition.Rendition.Segments;
                if (!segments.IsLive || segments.Newest(Now) is not { Kind: SegmentStepKind.Ready, Segment: var newest }) continue;
                if (period.Start + segments.StartOf(newest) + newest.Length is var end && end > edge) edge = end;
            }
        }

        return edge;
    }

    /// <summary>Asks for the keys of all renditions at once, and leaves out those of which one is refused.</summary>
    private async Task AdmitAsync()
    {
        await Task.Yield();
        MapSnapshot first = Current;
        ServedRendition[] candidates = [.. first.Renditions.Where(static rendition => rendition.Refusal is null).DistinctBy(static rendition => rendition.Name)];
        try
        {
            await Presentation.AskAsync([.. candidates.Select(static rendition => rendition.Rendition)], _end.Token).ConfigureAwait(false);
        }
        catch (KeywayException exception)
        {
            _story.Add("note", exception.Message, level: StoryLevel.Warn);
        }

        await Task.WhenAll(candidates.Select(AdmitAsync)).ConfigureAwait(false);
        Refuse();
        lock (_gate) Volatile.Write(ref _current, _map.Read(Presentation.Timeline, _refusals));
        Tell();
    }

    private async Task AdmitAsync(ServedRendition rendition)
    {
        try
        {
            await Presentation.AcquireAsync(rendition.Rendition, _end.Token).ConfigureAwait(false);
        }
        catch (KeywayException exception)
        {
            _refusals[rendition.Name] = Refusal.Of(exception);
        }
        catch (OperationCanceledException)
        {
            // The relay ends.
        }
    }

    /// <summary>Tells of what is refused, together what is refused for one reason.</summary>
    private void Refuse()
    {
        foreach (IGrouping<Refusal, ServedRendition> alike in Current.Renditions.Where(rendition => _refusals.ContainsKey(rendition.Name)).GroupBy(rendition => _refusals[rendition.Name]))
        {
            _story.Add("refused", $"not served: {string.Join(", ", alike.Select(static rendition => rendition.Folder))}: {alike.Key.Text}", json =>
            {
                Endpoints.JsonText.WriteTexts(json, "renditions", alike.Select(static rendition => rendition.Folder));
                Endpoints.JsonText.WriteKeys(json, "keys", alike.SelectMany(rendition => Presentation.KeyIdsOf(rendition.Rendition)).Distinct());
                json.WriteString("reason", alike.Key.Reason);
                if (alike.Key.Page is { } page) json.WriteString("page", page);
                if (alike.Key.Advice is { } advice) json.WriteString("advice", advice);
                if (alike.Key.Code is { } code) json.WriteString("code", code);
            }, StoryLevel.Warn);
        }
    }

    private async Task FollowAsync()
    {
        if (!Presentation.IsLive) return;
        await Task.Yield();
        try
        {
            await Presentation.FollowAsync(_end.Token).ConfigureAwait(false);
            PresentationTimeline? seen = null;
            int gaps = 0;
            while (true)
            {
                Task changed = Presentation.TimelineChanged;
                PresentationTimeline timeline = Presentation.Timeline;
                if (!ReferenceEquals(timeline, seen))
                {
                    seen = timeline;
                    lock (_gate) Volatile.Write(ref _current, _map.Read(timeline, _refusals));
                    Tell();
                    IReadOnlyList<PresentationGap> all = Presentation.Gaps;
                    foreach (PresentationGap gap in all.Skip(gaps)) _story.Add("gap", gap.Reason, json => json.WriteString("reason", gap.Reason), StoryLevel.Warn);
                    gaps = all.Count;
                }

                await changed.WaitAsync(_end.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // The relay ends.
        }
        catch (KeywayException exception)
        {
            _story.Add("error", exception.Message, level: StoryLevel.Error);
        }
    }

    private void Tell()
    {
        MapSnapshot now = Current;
        _story.Add("map", $"map {now.Version}: {now.Periods.Count} periods, {now.Renditions.Count(static rendition => rendition.Refusal is null)} renditions", json => json.WriteNumber("version", now.Version));
    }
}
