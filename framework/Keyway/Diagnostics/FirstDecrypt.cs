using System.Diagnostics;

namespace Keyway.Diagnostics;

/// <summary>Counts the clear fragments of a presentation, and tells once how long it took from the call of <c>OpenAsync</c> to the first: what a viewer waits for.</summary>
/// <remarks>Threads: any.</remarks>
internal sealed class FirstDecrypt(PresentationId presentation, TimeProvider clock, DateTimeOffset begun, ActivityContext parent, EngineMeter meter)
{
    private int _told;

    /// <summary>A fragment of a track is clear.</summary>
    public void Note(int track)
    {
        meter.Decrypted();
        if (Volatile.Read(ref _told) != 0 || Interlocked.Exchange(ref _told, 1) != 0) return;
        Spans.FirstDecrypt(parent, begun, clock.GetUtcNow(), presentation, track);
    }
}
