using Keyway.Sessions;

namespace Keyway;

/// <summary>Which keys the readers of a live presentation may still need: readers only go forward.</summary>
/// <remarks>
/// A reader keeps the keys that it uses and those that it used before them, because around a rotation fragments of both may take turns. What no
/// reader keeps is over. Should it be needed again all the same, content rotates in another way than most, and more is kept from then on.
/// Whatever it remembers is bounded, for as long as the presentation goes on.
/// Threads: guarded by the owner.
/// </remarks>
internal sealed class KeysInUse
{
    private readonly Dictionary<object, List<KeyId[]>> _readers = new(ReferenceEqualityComparer.Instance);
    private readonly RecentSet<KeyId> _over = new(LicenseLimits.RememberedKeys);
    private readonly RecentSet<KeyId> _ahead = new(int.MaxValue);
    // Of the last reader to leave: the next reader may begin where it ended.
    private KeyId[] _last = [];
    private int _kept = 2;

    /// <summary>The keys that readers keep.</summary>
    public HashSet<KeyId> Kept => [.. _readers.Values.SelectMany(static sets => sets).SelectMany(static set => set)];

    /// <summary>The keys that every reader has left behind, as far as they are remembered.</summary>
    public IReadOnlyCollection<KeyId> Over => _over.Items;

    /// <summary>Whether every reader has gone on from a key.</summary>
    public bool IsOver(KeyId id) => _over.Contains(id);

    /// <summary>How many keys are remembered beside those on offer, now that the manifest offers so many.</summary>
    public void Remember(int offered) => _over.Capacity = LicenseLimits.RememberedKeys + offered;

    /// <summary>Notes that a reader uses keys.</summary>
    /// <returns>The keys that nobody needs any more.</returns>
    public IReadOnlyList<KeyId> Note(object reader, IReadOnlyList<KeyId> keys)
    {
        if (!_readers.TryGetValue(reader, out List<KeyId[]>? sets)) _readers.Add(reader, sets = []);
        if (sets.Count > 0 && keys.All(sets[0].Contains)) return [];
        foreach (KeyId id in keys)
        {
            _ahead.Remove(id);
            if (_over.Remove(id) && _kept < LicenseLimits.KeptKeys) _kept++;
        }

        int known = sets.FindIndex(set => keys.All(set.Contains));
        KeyId[] current = known >= 0 ? sets[known] : [.. keys];
        if (known >= 0) sets.RemoveAt(known);
        sets.Insert(0, current);
        if (sets.Count <= _kept) return [];
        IEnumerable<KeyId> gone = sets.Skip(_kept).SelectMany(static set => set).Concat(_last).ToArray();
        _last = [];
        sets.RemoveRange(_kept, sets.Count - _kept);
        return End(gone);
    }

    /// <summary>Notes that fragments have announced keys that nobody uses yet.</summary>
    /// <returns>The keys that were announced so long ago that they are for a track that nobody reads.</returns>
    public IReadOnlyList<KeyId> Announce(IEnumerable<KeyId> keys)
    {
        foreach (KeyId id in keys)
            if (!_readers.Values.Any(sets => sets.Any(set => set.Contains(id)))) _ahead.Add(id);
        List<KeyId> old = [];
        while (_ahead.Count > LicenseLimits.AnnouncedKeys)
        {
            KeyId oldest = _ahead.Items.First();
            _ahead.Remove(oldest);
            old.Add(oldest);
        }

        return End(old);
    }

    /// <summary>Notes that readers have ended.</summary>
    /// <returns>The keys that those who go on do not need; none where nobody goes on: the presentation itself is about to end, or somebody reads on from there.</returns>
    public IReadOnlyList<KeyId> Leave(IReadOnlyList<object> readers)
    {
        List<KeyId> theirs = [];
        foreach (object reader in readers)
            if (_readers.Remove(reader, out List<KeyId[]>? sets)) theirs.AddRange(sets.SelectMany(static set => set));
        if (_readers.Count > 0 || theirs.Count == 0) return End(theirs);
        IEnumerable<KeyId> before = _last.Except(theirs).ToArray();
        _last = [.. theirs.Distinct()];
        return End(before);
    }

    private KeyId[] End(IEnumerable<KeyId> ids)
    {
        KeyId[] over = [.. ids.Distinct().Where(id => !_readers.Values.Any(sets => sets.Any(set => set.Contains(id))))];
        foreach (KeyId id in over) _over.Add(id);
        return over;
    }
}
