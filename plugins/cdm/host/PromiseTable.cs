using Keyway.Cdm.Wire;

namespace Keyway.Cdm.Host;

/// <summary>The calls that the module has not answered, by their number. Each is answered once, whatever the module does: inside the call, later, in any order, twice.</summary>
/// <remarks>Threads: the dispatcher's.</remarks>
internal sealed class PromiseTable
{
    private readonly Dictionary<uint, FrameType> _open = [];

    /// <summary>How many wait.</summary>
    public int Count => _open.Count;

    /// <summary>Enters a call before it is made: it may be answered before it returns.</summary>
    /// <param name="promise">Its number.</param>
    /// <param name="answer">How it is answered when it succeeds.</param>
    /// <returns><see langword="false"/>: the number is taken, or too many wait.</returns>
    public bool TryOpen(uint promise, FrameType answer) => _open.Count < HostLimits.Promises && _open.TryAdd(promise, answer);

    /// <summary>Takes a call out: whoever does, answers it.</summary>
    /// <param name="promise">Its number.</param>
    /// <param name="answer">How it is answered when it succeeds.</param>
    /// <returns><see langword="false"/>: nobody waits.</returns>
    public bool TryClose(uint promise, out FrameType answer) => _open.Remove(promise, out answer);
}
