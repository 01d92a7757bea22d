using System.Diagnostics.CodeAnalysis;

namespace Keyway.Sessions;

/// <summary>A set that remembers what was added last, up to a bound: what is added again counts as new, and the oldest is forgotten first.</summary>
/// <remarks>Threads: guarded by the owner.</remarks>
internal sealed class RecentSet<T>(int capacity, IEqualityComparer<T>? comparer = null)
    where T : notnull
{
    private readonly LinkedList<T> _order = new();
    private readonly Dictionary<T, LinkedListNode<T>> _nodes = new(comparer);

    /// <summary>How many are remembered at most. Less than before takes effect with the next that is added.</summary>
    public int Capacity { get; set; } = capacity;

    public int Count => _nodes.Count;

    /// <summary>What is remembered, the oldest first.</summary>
    public IReadOnlyCollection<T> Items => _order;

    public bool Contains(T item) => _nodes.ContainsKey(item);

    /// <summary>Finds the item that is remembered and equals another.</summary>
    public bool TryFind(T equal, [NotNullWhen(true)] out T? item)
    {
        bool found = _nodes.TryGetValue(equal, out LinkedListNode<T>? node);
        item = found ? node!.Value : default;
        return found;
    }

    /// <summary>Remembers an item.</summary>
    /// <returns><see langword="false"/> when it was remembered before.</returns>
    public bool Add(T item)
    {
        bool known = Remove(item);
        _nodes.Add(item, _order.AddLast(item));
        while (_nodes.Count > Capacity) Remove(_order.First!.Value);
        return !known;
    }

    public bool Remove(T item)
    {
        if (!_nodes.Remove(item, out LinkedListNode<T>? node)) return false;
        _order.Remove(node);
        return true;
    }
}
