using System.Collections.Concurrent;

namespace Keyway.Sessions;

/// <summary>The rings of an engine, by the presentation that each is of, and how many ask the same service for the same system.</summary>
/// <remarks>Threads: any.</remarks>
internal sealed class RingTable
{
    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<PresentationId, KeyRingSession[]> _rings = new();
    private readonly ConcurrentDictionary<(object Service, object System), int> _alike = new();

    /// <summary>Every ring there is.</summary>
    public IReadOnlyList<KeyRingSession> All => [.. _rings.Values.SelectMany(static rings => rings)];

    /// <summary>The rings of a presentation: one, as a rule.</summary>
    public IReadOnlyList<KeyRingSession> Of(PresentationId presentation) => _rings.GetValueOrDefault(presentation) ?? [];

    public bool HasOthersLike(KeyRingSession ring) => _alike.GetValueOrDefault(KindOf(ring)) > 1;

    public void Add(KeyRingSession ring)
    {
        lock (_gate)
        {
            _rings[ring.Options.Presentation] = [.. Of(ring.Options.Presentation), ring];
            _alike[KindOf(ring)] = _alike.GetValueOrDefault(KindOf(ring)) + 1;
        }
    }

    /// <returns><see langword="false"/> when it was removed before.</returns>
    public bool Remove(KeyRingSession ring)
    {
        lock (_gate)
        {
            IReadOnlyList<KeyRingSession> before = Of(ring.Options.Presentation);
            KeyRingSession[] after = [.. before.Where(other => other != ring)];
            if (after.Length == before.Count) return false;
            if (after.Length > 0) _rings[ring.Options.Presentation] = after;
            else _rings.TryRemove(ring.Options.Presentation, out _);
            if (_alike[KindOf(ring)] > 1) _alike[KindOf(ring)]--;
            else _alike.TryRemove(KindOf(ring), out _);
            return true;
        }
    }

    private static (object Service, object System) KindOf(KeyRingSession ring) => (ring.Options.Service, ring.Options.KeySystem);
}
