using Keyway.Content;
using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Sessions;
using Keyway.Timeline;

namespace Keyway;

/// <summary>Asks the rules about tracks and sinks that nobody reads yet. It uses no key: no time that counts from a first use begins.</summary>
/// <param name="sessions">The licences that are here.</param>
/// <param name="now">The time.</param>
internal sealed class PolicyPreviewer(IReadOnlyList<SessionReport> sessions, DateTimeOffset now)
{
    /// <summary>What of each protected track each sink may have.</summary>
    public List<PolicyPreview> Of(IEnumerable<ContentTrack> tracks, IReadOnlyList<PreviewSink> sinks)
    {
        List<PolicyPreview> rows = [];
        foreach (ContentTrack track in tracks.Where(static track => track.IsProtected || track.KeyFiles.Count > 0))
            foreach (KeyId id in KeysOf(track))
                foreach (PreviewSink sink in sinks) rows.Add(Of(track, id, sink));
        return rows;
    }

    private IEnumerable<KeyId> KeysOf(ContentTrack track)
    {
        KeyId[] named = [.. track.KeyIds.Where(static id => id != default)];
        if (named.Length > 0) return named;
        return track.KeyFiles.Count > 0
            ? sessions.Where(session => session.KeyFile is { } file && track.KeyFiles.Contains(file)).SelectMany(static session => session.Keys).Select(static key => key.Id).Distinct()
            // Samples name theirs later: what is here is for whichever they name.
            : sessions.Where(static session => session.KeyFile is null).SelectMany(static session => session.Keys).Select(static key => key.Id).Distinct();
    }

    private PolicyPreview Of(ContentTrack track, KeyId id, PreviewSink sink)
    {
        long? pixels = track.Kind == MediaKind.Video && (long)track.Width * track.Height is > 0 and long size ? size : null;
        PolicyPreview row = new() { Track = track, Key = id, Sink = sink.Name, Reason = "no licence that is here holds its key" };
        foreach (KeyEntry key in sessions.SelectMany(static session => session.Keys).Where(key => key.Id == id))
        {
            PolicyPreview one = Of(row, key, sink, pixels);
            if (row.Status is null || one.IsAllowed) row = one;
            if (row.IsAllowed) break;
        }

        return row;
    }

    private PolicyPreview Of(PolicyPreview row, KeyEntry key, PreviewSink sink, long? pixels)
    {
        KeyPolicy policy = key.Policy;
        KeyVerdict verdict = KeyRules.Evaluate(policy, new KeyHistory { FirstUse = key.FirstUse }, now, sink.Output, pixels);
        // What its key system or its session says of a key counts for every sink.
        bool isOut = key.Status is KeyStatus.Released or KeyStatus.InternalError or KeyStatus.StatusPending || key.Reason is not null;
        KeyStatus status = isOut ? key.Status : verdict.Status;
        return row with
        {
            Status = status,
            Reason = status switch
            {
                KeyStatus.Usable => null,
                _ when isOut => key.Reason?.Message ?? $"the key cannot be used ({status})",
                KeyStatus.Expired => "its time is over",
                KeyStatus.UsableInFuture => "its time has not come",
                _ => KeyRules.WhyNot(policy.Output, sink.Output, pixels),
            },
            From = policy.NotBefore is { } begin && now < begin ? begin : null,
            Until = KeyRules.EndOf(policy, new KeyHistory { FirstUse = key.FirstUse ?? now }),
            FirstUseBefore = key.FirstUse is null ? policy.FirstUseBefore : null,
            AfterFirstUse = policy.AfterFirstUse,
            MostPixels = pixels is null ? null : KeyRules.MostPixels(policy.Output, sink.Output),
        };
    }
}
