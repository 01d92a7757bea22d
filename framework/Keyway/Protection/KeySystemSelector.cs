using Keyway.Decryption;
using Keyway.Licensing;

namespace Keyway.Protection;

/// <summary>Chooses the key system for a presentation by configured priority.</summary>
internal static class KeySystemSelector
{
    /// <summary>Chooses.</summary>
    /// <param name="map">What protects the presentation.</param>
    /// <param name="candidates">What is configured.</param>
    /// <param name="only">The name of the one that the caller wants; <see langword="null"/>: the first by priority.</param>
    /// <returns>The choice, with a reason for every key system that is configured or that the content names.</returns>
    public static KeySystemSelection Select(ProtectionMap map, IReadOnlyList<KeySystemCandidate> candidates, string? only = null)
    {
        List<KeySystemRejection> others = [];
        KeySystemSelection? selection = null;

        // Equal priorities: by name, so that the same configuration chooses the same on every machine.
        foreach (KeySystemCandidate candidate in candidates.OrderBy(static each => each.Priority).ThenBy(static each => each.Name, StringComparer.Ordinal))
        {
            string? reason = only is not null && !IsNamed(candidate, only) ? $"'{only}' was asked for" : WhyNot(map, candidate);
            Offer? offer = null;
            if (reason is null && !TryOffer(map, candidate, out offer, out reason)) reason ??= "it cannot open this";
            if (reason is not null) others.Add(new(candidate.Name, reason));
            else if (selection is not null) others.Add(new(candidate.Name, $"lower priority than {selection.Chosen!.Name} ({candidate.Priority} after {selection.Chosen.Priority})"));
            else
            {
                List<KeyId> ids = [.. map.TrackKeyIds];
                selection = new KeySystemSelection
                {
                    Chosen = candidate,
                    Reason = offer!.Reason,
                    Headers = offer.Headers,
                    InitializationData = offer.Data,
                    KeyIds = ids.Count > 0 ? ids : [.. offer.Headers.SelectMany(static header => header.KeyIds).Distinct()],
                };
            }
        }

        foreach (SystemId system in map.Systems)
            if (!candidates.Any(each => each.Descriptor?.Systems.Contains(system) == true) && system != SystemIds.Common && system != SystemIds.KeyFile && !IsAbsent(candidates, SystemIds.NameOf(system)))
                others.Add(new(SystemIds.NameOf(system), WhyNobody(candidates, only)));
        return (selection ?? new KeySystemSelection()) with { Others = others };
    }

    // Of a plugin that was not loaded nobody knows what it is for.
    private static string WhyNobody(IReadOnlyList<KeySystemCandidate> candidates, string? only) => only is not null && candidates.Any(static each => each is { Descriptor: null, KeySystem: null })
        ? $"'{only}' was asked for"
        : "the content names it, and no key system is configured for it";

    /// <summary>Whether a key system of that name is configured and absent: its reason stands with its name.</summary>
    private static bool IsAbsent(IReadOnlyList<KeySystemCandidate> candidates, string name) =>
        candidates.Any(each => each.Descriptor is null && each.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    private static bool IsNamed(KeySystemCandidate candidate, string name) =>
        candidate.Name.Equals(name, StringComparison.OrdinalIgnoreCase)
        || candidate.Descriptor is { } descriptor && (descriptor.Name.Equals(name, StringComparison.OrdinalIgnoreCase) || descriptor.Designators.Contains(name, StringComparer.OrdinalIgnoreCase));

    private static string? WhyNot(ProtectionMap map, KeySystemCandidate candidate)
    {
        if (candidate.Absence is { } absence) return absence;
        if (candidate.Descriptor is not { } descriptor) return "its plugin is not there";
        foreach (ProtectionScheme scheme in map.Schemes)
            if (descriptor.Schemes.Count > 0 && !descriptor.Schemes.Contains(scheme)) return $"it does not support the scheme {scheme.ToString().ToLowerInvariant()}";
        return null;
    }

    private static bool TryOffer(ProtectionMap map, KeySystemCandidate candidate, out Offer? offer, out string? reason)
    {
        KeySystemDescriptor descriptor = candidate.Descriptor!;
        List<ProtectionHeader> headers = [];
        List<InitializationData> data = [];
        string? problem = null;
        foreach (ProtectionEntry entry in map.Headers.Where(entry => descriptor.Systems.Contains(entry.System)).OrderBy(entry => IndexOf(descriptor.Systems, entry.System)))
        {
            InitializationData one = entry.ToInitializationData();
            if (Parse(candidate, one, entry.Header, out string? why) is { } header)
            {
                headers.Add(header);
                data.Add(one);
            }
            else problem ??= why;
        }

        reason = null;
        offer = null;
        if (data.Count > 0)
        {
            offer = new Offer($"the content has {(data.Count == 1 ? "a header" : $"{data.Count} headers")} for it", headers, data);
            return true;
        }

        // No header that it can read, but keys with names: some key systems need no more.
        List<KeyId> ids = [.. map.TrackKeyIds.Concat(map.Keys.Select(static key => key.Id)).Distinct()];
        string noHeader = problem is null ? "the content has no header for it" : $"its header cannot be read: {problem}";
        if (ids.TrueForAll(static id => id == default) && problem is null && map.Systems.Any(descriptor.Systems.Contains))
        {
            offer = new Offer("the content announces it, and its keys come with the samples", [], []);
            return true;
        }

        if (ids.Count == 0)
        {
            reason = $"{noHeader}, and names no key";
            return false;
        }

        if (candidate.KeySystem is null)
        {
            reason = noHeader;
            return false;
        }

        // An all-zero key is no key: it says that groups of samples name theirs, which come with their own headers.
        bool rotates = ids.TrueForAll(static id => id == default);
        SystemId asked = descriptor.Systems.Count > 0 ? descriptor.Systems[0] : SystemIds.Common;
        // A WebM file has one identifier a track, which is initialisation data of its own.
        List<InitializationData> byId = [.. ids.Where(map.OpaqueKeyIds.ContainsKey).Select(id => new InitializationData { Kind = InitializationDataKind.WebM, System = asked, Payload = map.OpaqueKeyIds[id] })];
        List<KeyId> others = [.. ids.Where(id => !map.OpaqueKeyIds.ContainsKey(id))];
        if (others.Count > 0) byId.Add(KeyIdsData.Create(asked, others));
        List<ProtectionHeader> made = [];
        foreach (InitializationData each in byId)
        {
            if (Parse(candidate, each, null, out string? refused) is { } header) made.Add(header);
            else
            {
                reason = $"{noHeader}, and it cannot be asked by key identifier ({refused})";
                return false;
            }
        }

        offer = rotates ? new Offer("the keys come with the samples", [], []) : new Offer("it is asked by key identifier", made, byId);
        return true;
    }

    private static ProtectionHeader? Parse(KeySystemCandidate candidate, InitializationData data, ProtectionHeader? known, out string? problem)
    {
        problem = null;
        if (candidate.KeySystem is null) return known ?? new ProtectionHeader { System = data.System, Data = data.Payload, KeyIds = data.BoxKeyIds }.Of(data);
        try
        {
            return candidate.KeySystem.Read(data);
        }
        catch (ProtectionHeaderException e)
        {
            problem = e.Message;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // A faulty plugin loses the choice, nothing more.
            problem = $"the key system failed: {PluginText.Of(e)}";
        }

        return null;
    }

    private static int IndexOf(IReadOnlyList<SystemId> systems, SystemId system)
    {
        for (int i = 0; i < systems.Count; i++)
            if (systems[i] == system) return i;
        return int.MaxValue;
    }

    private sealed record Offer(string Reason, IReadOnlyList<ProtectionHeader> Headers, IReadOnlyList<InitializationData> Data);
}
