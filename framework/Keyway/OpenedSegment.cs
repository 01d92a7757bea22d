namespace Keyway;

/// <summary>One clear segment, and what it took to have it.</summary>
/// <remarks>Ownership: the caller's. Threads: one at a time.</remarks>
public sealed class OpenedSegment : IAsyncDisposable
{
    private readonly SegmentTimes _times;

    internal OpenedSegment(Stream content, SegmentTimes times) => (Content, _times) = (content, times);

    /// <summary>The clear bytes. Of a segment that is larger than is held in memory an error may follow its beginning.</summary>
    public Stream Content { get; }

    /// <summary>How many bytes it has; <see langword="null"/>: that is known when it has been read.</summary>
    public long? Length => Content.CanSeek ? Content.Length : _times.Length;

    /// <summary>The keys that opened it, as far as it has been read; none where it was not protected.</summary>
    public IReadOnlyList<KeyId> KeyIds => _times.KeyIds;

    /// <summary>How long it took to fetch it. Of one that is encrypted as a whole: with its key, and decrypted.</summary>
    public TimeSpan Fetching => _times.Fetching;

    /// <summary>How long it waited for keys.</summary>
    public TimeSpan Waiting => _times.Waiting;

    /// <summary>How long the rest took: reading its boxes, and decrypting.</summary>
    public TimeSpan Decrypting => _times.Decrypting;

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Content.DisposeAsync();
}
