using Orleans.CodeGeneration;
using Orleans.Concurrency;

namespace Keyway.Fleet.Grains;

/// <summary>A share of the streams: what is to be watched, which is stored, and what is known of each, which is not.</summary>
/// <remarks>Key: the number of the shard.</remarks>
[Version(1), Alias("keyway.fleet.IRosterGrain")]
internal interface IRosterGrain : IGrainWithIntegerKey
{
    /// <summary>Adds streams, or changes them. Answers when they are stored.</summary>
    [Alias("Put")]
    Task PutAsync(IReadOnlyList<StreamSpec> specs);

    /// <summary>Takes a stream away.</summary>
    /// <returns>Whether there was one.</returns>
    [Alias("Remove")]
    Task<bool> RemoveAsync(string name);

    /// <summary>Takes what configuration says in the place of what it said before. What came over HTTP stays.</summary>
    [Alias("Configure")]
    Task ConfigureAsync(IReadOnlyList<StreamSpec> specs);

    [Alias("Find")]
    Task<StreamSpec?> FindAsync(string name);

    /// <summary>Every stream, so many at a time.</summary>
    [Alias("List")]
    IAsyncEnumerable<StreamSpec> ListAsync();

    /// <summary>Takes what is known of a stream.</summary>
    [Alias("Tell"), OneWay]
    Task TellAsync(StreamSummary summary);

    /// <summary>The rows of the table: those that a filter lets pass.</summary>
    [Alias("Rows")]
    IAsyncEnumerable<StreamSummary> RowsAsync(RowFilter filter);

    /// <summary>How many streams there are, and how they are.</summary>
    [Alias("Count")]
    Task<FleetCounts> CountAsync();
}
