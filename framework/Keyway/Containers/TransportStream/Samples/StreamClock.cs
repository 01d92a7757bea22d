using Keyway.Containers.TransportStream.Codecs;

namespace Keyway.Containers.TransportStream.Samples;

/// <summary>The clock that all tracks of a stream share: times of 33 bits, each taken for the nearest to the last one.</summary>
internal sealed class StreamClock
{
    private long _last;
    private bool _hasBegun;

    /// <summary>The clock is set anew: the next time is what its 33 bits say.</summary>
    public void Reset() => _hasBegun = false;

    /// <summary>The time that 33 bits mean.</summary>
    public long Read(long bits)
    {
        _last = _hasBegun ? Pts.Unwrap(bits, _last) : bits;
        _hasBegun = true;
        return _last;
    }
}
