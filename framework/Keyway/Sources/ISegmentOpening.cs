namespace Keyway.Sources;

/// <summary>What stands between the bytes of a segment as a server has them and as they are meant.</summary>
internal interface ISegmentOpening
{
    /// <summary>Opens the segment.</summary>
    /// <param name="name">Its name for messages.</param>
    /// <param name="open">Opens it as it is.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The segment as it is meant. Ownership: the caller's.</returns>
    /// <exception cref="KeywayException">It cannot be had.</exception>
    ValueTask<Stream> OpenAsync(string name, Func<ValueTask<Stream>> open, CancellationToken cancellationToken);
}
