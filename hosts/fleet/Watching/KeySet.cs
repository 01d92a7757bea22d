using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Keyway.Fleet.Configuration;
using Keyway.Fleet.Grains;
using Keyway.Protection;
using Keyway.Timeline;

namespace Keyway.Fleet.Watching;

/// <summary>The keys that one licence is asked for, and when they are needed.</summary>
/// <param name="KeyIds">The keys, sorted. Empty: those that the content itself names where it needs them.</param>
/// <param name="NeededAt">When; <see langword="null"/>: nobody says.</param>
/// <param name="IsCurrent">Whether that is now.</param>
internal sealed record KeySet(IReadOnlyList<KeyId> KeyIds, DateTimeOffset? NeededAt, bool IsCurrent)
{
    /// <summary>What tells it from others of its stream.</summary>
    public string Id { get; } = KeyIds.Count == 0 ? "content" : string.Join('+', KeyIds);

    /// <summary>How it is called.</summary>
    public string Name => KeyIds.Count switch
    {
        0 => "the keys of the content",
        1 => $"key {KeyIds[0]}",
        _ => string.Create(CultureInfo.InvariantCulture, $"key {KeyIds[0]} and {KeyIds.Count - 1} more"),
    };

    /// <summary>The key of the grain that holds its licence: the same for every stream that may use the same licence.</summary>
    public string HolderOf(StreamSpec spec)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Add(spec.KeySystem);
        Add(spec.LicenseUrl);
        // What the content itself names nobody else has.
        if (KeyIds.Count == 0) Add(spec.Address);
        foreach (KeyId id in KeyIds) Add(id.ToString());
        return $"{spec.Provider ?? "-"}|{spec.Scope}|{Convert.ToHexStringLower(hash.GetHashAndReset())}";

        void Add(string? text)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(text ?? ""));
            hash.AppendData([0]);
        }
    }

    /// <summary>The key sets that a manifest has on offer now, and those that it announces.</summary>
    /// <param name="manifest">The manifest.</param>
    /// <param name="protection">What its headers say, where they were read; keys that stand only there are found by it.</param>
    /// <param name="now">The time, by the manifest's clock.</param>
    public static IReadOnlyList<KeySet> Of(ManifestFacts manifest, ProtectionMap? protection, DateTimeOffset now)
    {
        PresentationTimeline timeline = manifest.Timeline;
        Dictionary<string, KeySet> sets = new(StringComparer.Ordinal);
        bool namesNone = false, isByFile = false;
        for (int i = 0; i < timeline.Periods.Count; i++)
        {
            TimelinePeriod period = timeline.Periods[i];
            (DateTimeOffset? start, DateTimeOffset? end) = SpanOf(timeline, i);
            if (timeline.Live is not null && end <= now) continue;
            // Playlists do not say when their parts are: what comes last is played now, and what was before is over soon.
            if (timeline.Live is not null && start is null && i < timeline.Periods.Count - 1) continue;
            SortedSet<KeyId> keys = new(Comparer<KeyId>.Create(static (left, right) => left.Value.CompareTo(right.Value)));
            foreach (Rendition rendition in period.Renditions.Take(FleetLimits.Renditions))
            {
                if (rendition.Kind is not (MediaKind.Video or MediaKind.Audio or MediaKind.Text) || rendition.Protection.Count == 0) continue;
                if (IsByFileAlone(rendition))
                {
                    isByFile = true;
                    continue;
                }

                KeyId[] named = [.. rendition.Protection.SelectMany(static said => said.KeyIds).Where(static id => id != default)];
                if (named.Length == 0) namesNone = true;
                keys.UnionWith(named);
            }

            if (keys.Count > 0) Add(new KeySet([.. keys.Take(FleetLimits.KeysOfSet)], start, !(start > now)));
        }

        if (namesNone && sets.Count == 0)
        {
            // Of one period with many keys nothing says which is needed when.
            IReadOnlyList<KeyId>[] named = [.. (protection?.Headers ?? []).Where(static header => !header.IsInferred && header.KeyIds.Count > 0).Select(static header => header.KeyIds)];
            foreach (IReadOnlyList<KeyId> keys in named) Add(new KeySet([.. keys.Distinct().OrderBy(static id => id.Value).Take(FleetLimits.KeysOfSet)], null, timeline.Live is null || named.Length == 1));
        }

        if (isByFile || (namesNone && sets.Count == 0)) Add(new KeySet([], null, true));
        return [.. sets.Values.TakeLast(FleetLimits.KeySets)];

        void Add(KeySet set)
        {
            if (!sets.TryGetValue(set.Id, out KeySet? known)) sets.Add(set.Id, set);
            else if (set.IsCurrent && !known.IsCurrent) sets[set.Id] = set;
        }
    }

    /// <summary>When a period begins and ends, by the manifest's clock.</summary>
    public static (DateTimeOffset? Start, DateTimeOffset? End) SpanOf(PresentationTimeline timeline, int index)
    {
        if (timeline.Live?.AvailabilityStart is not { } zero || timeline.Periods[index].Start is not { } start) return (null, null);
        TimeSpan? end = timeline.Periods[index].Duration is { } length ? Sum(start, length) : index + 1 < timeline.Periods.Count ? timeline.Periods[index + 1].Start : null;
        return (At(start), end is { } over ? At(over) : null);

        // A manifest may name times beyond the calendar's.
        DateTimeOffset At(TimeSpan time) => time < DateTimeOffset.MaxValue - zero ? zero + time : DateTimeOffset.MaxValue;

        static TimeSpan Sum(TimeSpan left, TimeSpan right) => left < TimeSpan.MaxValue - right ? left + right : TimeSpan.MaxValue;
    }

    private static bool IsByFileAlone(Rendition rendition) => rendition.Protection.Any(static said => said.KeyFile is not null) && rendition.Protection.All(static said => said.KeyFile is not null || (said.Headers.Count == 0 && said.KeyIds.Count == 0));
}
