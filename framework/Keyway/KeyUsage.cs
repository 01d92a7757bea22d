namespace Keyway;

/// <summary>Which keys the readers of a growing presentation may still need: forward they go, and never back.</summary>
/// <remarks>
/// A reader keeps the keys that it uses and those that it used before them, because around a rotation fragments of both may take turns. What no
/// reader keeps is over. Should it be needed again all the same, content rotates in another way than most, and more is kept from then on.
/// Threads: guarded by the owner.
/// </remarks>
internal sealed class KeyUsage
{
    private readonly Dictionary<object, List<KeyId[]>> _readers = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<KeyId> _over = [];
    private int _kept = 2;

    /// <summary>The keys that readers keep.</summary>
    public IReadOnlySet<KeyId> Kept => _readers.Values.SelectMany(static sets => sets).SelectMany(static set => set).ToHashSet();

    /// <summary>Whether every reader has gone on from a key.</summary>
    public bool IsOver(KeyId id) => _over.Contains(id);

    /// <summary>Notes that a reader uses keys.</summary>
    /// <returns>The keys that nobody needs any more.</returns>
    public IReadOnlyList<KeyId> Note(object reader, IReadOnlyList<KeyId> keys)
    {
        if (!_readers.TryGetValue(reader, out List<KeyId[]>? sets)) _readers.Add(reader, sets = []);
        if (sets.Count > 0 && keys.All(sets[0].Contains)) return [];
        foreach (KeyId id in keys)
            if (_over.Remove(id)) _kept++;
        int known = sets.FindIndex(set => keys.All(set.Contains));
        KeyId[] current = known >= 0 ? sets[known] : [.. keys];
        if (known >= 0) sets.RemoveAt(known);
        sets.Insert(0, current);
        if (sets.Count <= _kept) return [];
        KeyId[][] gone = [.. sets.Skip(_kept)];
        sets.RemoveRange(_kept, sets.Count - _kept);
        return Over(gone.SelectMany(static set => set));
    }

    /// <summary>Notes that readers have ended.</summary>
    /// <returns>The keys that those who go on do not need; none where nobody goes on: the presentation itself is about to end.</returns>
    public IReadOnlyList<KeyId> Leave(IReadOnlyList<object> readers)
    {
        List<KeyId> theirs = [];
        foreach (object reader in readers)
            if (_readers.Remove(reader, out List<KeyId[]>? sets)) theirs.AddRange(sets.SelectMany(static set => set));
        return _readers.Count > 0 ? Over(theirs) : [];
    }

    private KeyId[] Over(IEnumerable<KeyId> ids)
    {
        KeyId[] over = [.. ids.Distinct().Where(id => !_readers.Values.Any(sets => sets.Any(set => set.Contains(id))))];
        _over.UnionWith(over);
        return over;
    }
}
