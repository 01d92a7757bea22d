using Keyway.Content;
using Keyway.Fleet.Checks;
using Keyway.Fleet.Configuration;
using Keyway.Fleet.Grains;
using Keyway.Fleet.Metrics;
using Keyway.Protection;
using Keyway.Timeline;

namespace Keyway.Fleet.Watching;

/// <summary>One look at a stream: manifest, protection, a segment. What it asks for goes through the budgets; what it learns goes into the stream's memory.</summary>
/// <remarks>Threads: one call at a time for each memory, which is touched on the caller's context alone.</remarks>
internal sealed class StreamWatcher(IKeyway keyway, StreamOptions streams, Budgets budgets, FleetMeter meter, TimeProvider clock)
{
    private static readonly TimeSpan ClockEvery = TimeSpan.FromMinutes(1);

    /// <summary>Looks at the manifest.</summary>
    /// <param name="spec">The stream.</param>
    /// <param name="memory">Its memory.</param>
    /// <param name="cancellationToken">The end of what a look may take.</param>
    /// <returns>What the manifest says; <see langword="null"/>: it could not be had.</returns>
    public async Task<ManifestFacts?> LookAsync(StreamSpec spec, StreamMemory memory, CancellationToken cancellationToken)
    {
        DateTimeOffset begun = clock.GetUtcNow();
        long since = clock.GetTimestamp();
        memory.Manifest = memory.Manifest with { AskedAt = begun };
        try
        {
            ManifestFacts facts = await keyway.ReadManifestAsync(streams.AddressOf(spec), streams.OptionsOf(spec), cancellationToken);
            TimeSpan took = clock.GetElapsedTime(since);
            memory.ManifestTook = took;
            if (memory.Manifest.Failure is not null) memory.Tell(clock.GetUtcNow(), "manifest", "it can be had again");
            else if (memory.Manifest.ReadAt is null) memory.Tell(clock.GetUtcNow(), "manifest", $"first read, in {Words.Span(took)}");
            memory.Manifest = memory.Manifest with { Failure = null, FailingSince = null };
            await LookAtClockAsync(memory, facts, cancellationToken);
            ManifestObserver.Observe(memory, facts, clock.GetUtcNow());
            await LookAtProtectionAsync(memory, facts, cancellationToken);
            meter.ManifestRead(Origins.Of(spec.Address), took, null);
            return facts;
        }
        catch (Exception exception) when (IsOfContent(exception) || (exception is OperationCanceledException && cancellationToken.IsCancellationRequested))
        {
            string failure = exception is OperationCanceledException ? $"it was not whole after {Words.Span(clock.GetElapsedTime(since))}" : Words.Kept(exception.Message);
            if (Budgets.IsRefusal(exception))
            {
                // The fleet's own doing is no fault of the stream.
                return null;
            }

            if (memory.Manifest.Failure is null) memory.Tell(clock.GetUtcNow(), "manifest", failure);
            memory.Manifest = memory.Manifest with { Failure = failure, FailingSince = memory.Manifest.FailingSince ?? begun };
            meter.ManifestRead(Origins.Of(spec.Address), clock.GetElapsedTime(since), exception);
            return null;
        }
    }

    /// <summary>The key sets of a manifest, into the stream's memory. Those that are gone are forgotten.</summary>
    /// <returns>Those that are new.</returns>
    public IReadOnlyList<KeySetMemory> NoteKeys(StreamMemory memory, ManifestFacts facts, ProtectionMap? protection)
    {
        DateTimeOffset now = clock.GetUtcNow();
        IReadOnlyList<KeySet> sets = KeySet.Of(facts, protection, now + (memory.Manifest.ClockAhead ?? TimeSpan.Zero));
        List<KeySetMemory> fresh = [];
        foreach (KeySet set in sets)
        {
            if (memory.Keys.Find(known => known.Set.Id == set.Id) is { } known)
            {
                if (set.IsCurrent && !known.Set.IsCurrent) memory.Tell(now, "key", $"{set.Name} is needed now{(known.Facts?.State == LicenseState.Held ? ", and its licence is there" : ", and there is no licence for it")}");
                known.Set = set;
                continue;
            }

            KeySetMemory added = new(set, now);
            if (memory.Keys.Find(before => before.Set.KeyIds.Intersect(set.KeyIds).Any() && !sets.Any(still => still.Id == before.Set.Id)) is { } before) added.Follow(before);
            memory.Keys.Add(added);
            fresh.Add(added);
            memory.Tell(now, "key", $"{set.Name} is announced{(set.IsCurrent ? "" : set.NeededAt is { } when ? $", needed in {Words.Span(when - now)}" : "")}");
        }

        memory.Keys.RemoveAll(known => !known.IsBusy && !sets.Any(set => set.Id == known.Set.Id));
        return fresh;
    }

    /// <summary>Asks for the newest segment of the rendition whose turn it is, and throws it away.</summary>
    public async Task ProbeAsync(StreamSpec spec, StreamMemory memory, ManifestFacts facts, CancellationToken cancellationToken)
    {
        DateTimeOffset now = clock.GetUtcNow();
        DateTimeOffset there = now + (memory.Manifest.ClockAhead ?? TimeSpan.Zero);
        string name = "";
        Uri? asked = null;
        long begun = clock.GetTimestamp();
        try
        {
            if (await ChooseAsync(spec, memory, facts, there, cancellationToken) is not { } choice) return;
            name = ManifestObserver.NameOf(choice.Rendition);
            bool isAgain = memory.Missing is { } missing && missing.Address == choice.Segment.Address;
            asked = choice.Segment.Address;
            begun = clock.GetTimestamp();
            SegmentProbe probe = await keyway.ProbeAsync(facts, choice.Segment, FleetLimits.ProbeBytes, streams.OptionsOf(spec), cancellationToken);
            budgets.Spend(probe.Bytes);
            SegmentView view = memory.Segment with
            {
                AskedAt = now,
                Rendition = name,
                Failure = null,
                Failures = 0,
                // Of one that was left when enough had come, nobody knows how much that is of it.
                Length = probe.IsWhole ? choice.Segment.Length : TimeSpan.Zero,
                Took = probe.Took,
                Bytes = probe.Bytes,
            };
            if (isAgain)
            {
                TimeSpan late = clock.GetUtcNow() - memory.Missing!.Value.Since;
                view = view with { Late = late, LateAt = clock.GetUtcNow() };
                memory.Tell(clock.GetUtcNow(), "segment", $"{name}: a segment came {Words.Span(late)} after it should have been there");
            }
            else if (memory.Segment.Failure is not null) memory.Tell(clock.GetUtcNow(), "segment", $"{name}: segments can be had again");

            memory.Missing = null;
            memory.Segment = view;
            meter.SegmentProbed(Origins.Of(spec.Address), view.Length, probe, null);
        }
        catch (Exception exception) when (IsOfContent(exception) || (exception is OperationCanceledException && cancellationToken.IsCancellationRequested))
        {
            if (Budgets.IsRefusal(exception)) return;
            string failure = exception is OperationCanceledException ? $"it was not whole after {Words.Span(clock.GetElapsedTime(begun))}" : Words.Kept(exception.Message);
            if (memory.Segment.Failure is null) memory.Tell(clock.GetUtcNow(), "segment", $"{name}: {failure}");
            // It may come a moment late: the same one is asked for again.
            if (asked is not null && facts.Timeline.Live is not null && memory.Missing is null) memory.Missing = (asked, now);
            memory.Segment = memory.Segment with { AskedAt = now, Rendition = name, Failure = failure, Failures = memory.Segment.Failures + 1 };
            meter.SegmentProbed(Origins.Of(spec.Address), default, default, exception);
        }
    }

    /// <summary>Compares manifest, initialisation segments and headers.</summary>
    public async Task CompareAsync(StreamSpec spec, StreamMemory memory, CancellationToken cancellationToken)
    {
        try
        {
            ContentFacts facts = await keyway.InspectAsync(streams.AddressOf(spec), streams.OptionsOf(spec), cancellationToken);
            // Where tracks leave it to their samples which key they need, headers name keys that no track does, and that is how keys rotate.
            bool isBySample = facts.Protection.TrackKeyIds.Contains(default);
            ProtectionConflict[] conflicts = [.. facts.Protection.Conflicts.Where(each => !isBySample || each.Kind is not (ProtectionConflictKind.KeyWithoutTrack or ProtectionConflictKind.KeyWithoutHeader))];
            string? conflict = conflicts.Length == 0 ? null : Words.Kept($"{conflicts[0]}{(conflicts.Length > 1 ? $" and {conflicts.Length - 1} more" : "")}");
            if (conflict is not null && conflict != memory.Protection.Conflict) memory.Tell(clock.GetUtcNow(), "protection", conflict);
            memory.Protection = memory.Protection with { ComparedAt = clock.GetUtcNow(), Conflict = conflict, IsProtected = facts.Protection.IsProtected };
            memory.KeySystem = facts.KeySystem.Chosen?.Name ?? memory.KeySystem;
        }
        catch (Exception exception) when (IsOfContent(exception) || (exception is OperationCanceledException && cancellationToken.IsCancellationRequested))
        {
            // Manifest and segments have checks of their own; what cannot be had is not compared.
            if (!Budgets.IsRefusal(exception)) memory.Tell(clock.GetUtcNow(), "protection", $"not compared: {(exception is OperationCanceledException ? "it took too long" : exception.Message)}");
        }
    }

    /// <summary>Whether a failure is one of content, servers or settings, and no defect of ours.</summary>
    public static bool IsOfContent(Exception exception) => exception is KeywayException or ArgumentException { ParamName: "options" };

    private async Task LookAtClockAsync(StreamMemory memory, ManifestFacts facts, CancellationToken cancellationToken)
    {
        DateTimeOffset now = clock.GetUtcNow();
        if (facts.Timeline.Live is null || now - memory.ClockAskedAt < ClockEvery) return;
        memory.ClockAskedAt = now;
        memory.Manifest = memory.Manifest with { ClockAhead = await keyway.ReadClockAsync(facts, cancellationToken) };
    }

    private async Task LookAtProtectionAsync(StreamMemory memory, ManifestFacts facts, CancellationToken cancellationToken)
    {
        DateTimeOffset now = clock.GetUtcNow();
        if (memory.Digest == facts.ProtectionDigest)
        {
            // The same keys; but which of them is needed now is told by the time.
            NoteKeys(memory, facts, memory.LastProtection);
            return;
        }

        ProtectionMap map = await keyway.ReadProtectionAsync(facts, cancellationToken);
        string systems = $"{string.Join(", ", map.Schemes.Where(static scheme => scheme != Decryption.ProtectionScheme.None).Order())} {string.Join(", ", map.Systems.Select(static system => system.ToString()).Order(StringComparer.Ordinal))}".Trim();
        if (memory.Systems is { } before && before != systems)
        {
            string change = $"its protection was {(before.Length == 0 ? "none" : before)} and is {(systems.Length == 0 ? "none" : systems)}";
            memory.Protection = memory.Protection with { Change = Words.Kept(change), ChangedAt = now };
            memory.Tell(now, "protection", change);
        }

        memory.Systems = systems;
        memory.Digest = facts.ProtectionDigest;
        memory.Protection = memory.Protection with { IsProtected = map.IsProtected };
        memory.Headers = [.. map.Headers.Take(16).Select(static header => Words.Kept($"{header.System}: {header.Data.Length} bytes, keys {(header.KeyIds.Count == 0 ? "none" : string.Join(' ', header.KeyIds.Take(4)))}{(header.KeyIds.Count > 4 ? " …" : "")} ({header.Sources[0].Path}){(header.Problem is { } problem ? $": {problem}" : "")}"))];
        memory.LastProtection = KeyNames(map);
        NoteKeys(memory, facts, memory.LastProtection);
    }

    /// <summary>Of a view of protection what names keys, without the headers' bytes.</summary>
    private static ProtectionMap KeyNames(ProtectionMap map) => new()
    {
        Headers =
        [
            .. map.Headers.Where(static header => header.KeyIds.Count > 0 && !header.IsInferred).DistinctBy(static header => string.Join('+', header.KeyIds)).Take(2 * FleetLimits.KeySets)
                .Select(static header => new ProtectionEntry { System = header.System, Data = default, Sources = [], KeyIds = [.. header.KeyIds.Take(FleetLimits.KeysOfSet)] }),
        ],
    };

    private async Task<(Rendition Rendition, TimelineSegment Segment)?> ChooseAsync(StreamSpec spec, StreamMemory memory, ManifestFacts facts, DateTimeOffset there, CancellationToken cancellationToken)
    {
        if (facts.Timeline.Live is not null)
        {
            List<(TimelinePeriod Period, Rendition Rendition)> playable = [.. ManifestObserver.Playable(facts.Timeline, there).Where(static each => each.Rendition.Kind is MediaKind.Video or MediaKind.Audio).Take(FleetLimits.Renditions)];
            if (memory.Missing is { } missing)
            {
                foreach ((_, Rendition rendition) in playable)
                    foreach (TimelineSegment segment in rendition.Segments.Range(TimeSpan.Zero, null, there).Reverse().Take(FleetLimits.SegmentsLookedAt))
                        if (segment.Address == missing.Address) return (rendition, segment);
                memory.Missing = null;
            }

            for (int i = 0; i < playable.Count; i++)
            {
                (_, Rendition rendition) = playable[(int)((uint)memory.SegmentTurn++ % (uint)playable.Count)];
                if (rendition.Segments.Newest(there) is not { Kind: SegmentStepKind.Ready, Segment: var newest }) continue;
                memory.Missing = null;
                return (rendition, newest);
            }

            return null;
        }

        Rendition[] all = [.. facts.Timeline.Periods.SelectMany(static period => period.Renditions).Where(static rendition => rendition is { IsReadable: true, NotUnderstood: null, Kind: MediaKind.Video or MediaKind.Audio }).Take(FleetLimits.Renditions)];
        if (all.Length == 0) return null;
        int turn = memory.SegmentTurn++;
        Rendition chosen = all[(int)((uint)turn % (uint)all.Length)];
        IReadOnlyList<TimelineSegment> segments = await keyway.ListSegmentsAsync(facts, chosen, options: streams.OptionsOf(spec), cancellationToken: cancellationToken);
        return segments.Count == 0 ? null : (chosen, segments[(int)((uint)(turn / all.Length) % (uint)segments.Count)]);
    }
}
