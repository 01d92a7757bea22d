namespace Keyway.Timeline;

/// <summary>A rendition that was not chosen.</summary>
internal sealed record RejectedTrack
{
    internal RejectedTrack(Rendition rendition, string reason) => (Rendition, Reason) = (rendition, reason);

    /// <summary>The rendition.</summary>
    public Rendition Rendition { get; }

    /// <summary>Why it was not, for people.</summary>
    public string Reason { get; }
}
