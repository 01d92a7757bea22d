namespace Keyway.Containers.Segments;

/// <summary>A segment that is to be read.</summary>
/// <param name="Name">Its name for messages: a file name, or a URL without its query.</param>
/// <param name="OpenAsync">Opens it. Ownership of the stream: whoever opens it, who disposes it.</param>
public sealed record SegmentInput(string Name, Func<CancellationToken, ValueTask<Stream>> OpenAsync);
