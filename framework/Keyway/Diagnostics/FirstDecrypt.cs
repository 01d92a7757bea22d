using System.Diagnostics;

namespace Keyway.Diagnostics;

/// <summary>Tells once how long it took from the call of <c>OpenAsync</c> to the first clear fragment of a presentation: what a viewer waits for.</summary>
/// <remarks>Threads: any.</remarks>
internal sealed class FirstDecrypt(PresentationId presentation, TimeProvider clock, DateTimeOffset begun, ActivityContext parent)
{
    private int _told;

    /// <summary>A fragment of a track is clear.</summary>
    public void Note(int track)
    {
        if (Volatile.Read(ref _told) != 0 || Interlocked.Exchange(ref _told, 1) != 0) return;
        Spans.FirstDecrypt(parent, begun, clock.GetUtcNow(), presentation, track);
    }
}
