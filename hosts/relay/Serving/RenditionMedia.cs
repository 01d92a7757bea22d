namespace Keyway.Relay.Serving;

/// <summary>What is known of the media of a rendition beyond what its manifest says. Found once, when somebody asks first, and kept as long as the rendition is named.</summary>
/// <remarks>Threads: any.</remarks>
internal sealed class RenditionMedia
{
    private readonly Lock _gate = new();
    private Task<MediaFacts>? _finding;

    /// <summary>What has been found; <see langword="null"/>: nobody has looked, or it could not be had.</summary>
    public MediaFacts? Found
    {
        get
        {
            lock (_gate) return _finding is { IsCompletedSuccessfully: true } done ? done.Result : null;
        }
    }

    /// <summary>Looks, unless somebody has. A failure is not kept: the next who asks looks again.</summary>
    public Task<MediaFacts> FindAsync(Func<Task<MediaFacts>> look)
    {
        lock (_gate)
        {
            if (_finding is null || _finding.IsFaulted || _finding.IsCanceled) _finding = Task.Run(look);
            return _finding;
        }
    }
}
