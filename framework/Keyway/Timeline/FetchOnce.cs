using System.Collections.Concurrent;

namespace Keyway.Timeline;

/// <summary>What is fetched once for all who ask for it. A failure is everybody's who waited, and nobody's who asks later.</summary>
/// <param name="most">How many are kept; then all are forgotten, and fetched again where they are needed again.</param>
/// <remarks>Threads: any.</remarks>
internal sealed class FetchOnce<TKey, TValue>(int most)
    where TKey : notnull
{
    private readonly ConcurrentDictionary<TKey, Lazy<Task<TValue>>> _fetched = new();

    /// <summary>Gets what belongs to a key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="fetch">Fetches it. It is not cancelled with one caller's wait: others may wait, too.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask<TValue> GetAsync(TKey key, Func<TKey, Task<TValue>> fetch, CancellationToken cancellationToken)
    {
        if (_fetched.Count >= most && !_fetched.ContainsKey(key)) _fetched.Clear();
        Lazy<Task<TValue>> once = _fetched.GetOrAdd(key, _ => new Lazy<Task<TValue>>(() => fetch(key)));
        try
        {
            return await once.Value.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch when (once.Value.IsFaulted)
        {
            _fetched.TryRemove(KeyValuePair.Create(key, once));
            throw;
        }
    }
}
