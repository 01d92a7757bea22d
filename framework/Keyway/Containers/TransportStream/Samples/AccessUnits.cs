using System.Buffers;

namespace Keyway.Containers.TransportStream.Samples;

/// <summary>Access units of one track that follow one another without a gap, and under one configuration.</summary>
/// <remarks>Ownership: that of whoever took it. Disposing gives its memory back.</remarks>
internal sealed class AccessUnits : IDisposable
{
    private readonly AccessUnit[] _units;
    private byte[]? _data;
    private readonly int _length;

    /// <param name="units">The units. Ownership: taken.</param>
    /// <param name="data">Their bytes, in an array of the shared pool. Ownership: taken.</param>
    /// <param name="length">How many of those there are.</param>
    public AccessUnits(AccessUnit[] units, byte[] data, int length) => (_units, _data, _length) = (units, data, length);

    public required TrackConfiguration Configuration { get; init; }

    /// <summary>When the first is decoded, in units of the track: the clock of the stream, which began with 33 bits and goes on from there. Negative where it began just before it turned over.</summary>
    public required long DecodeTime { get; init; }

    /// <summary>Whether the clock may have been set anew before it.</summary>
    public required bool IsDiscontinuous { get; init; }

    public ReadOnlySpan<AccessUnit> Units => _units;

    /// <summary>Their bytes: NAL units with four bytes of length before each, raw AAC, syncframes.</summary>
    public ReadOnlyMemory<byte> Data => _data.AsMemory(0, _length);

    public void Dispose()
    {
        if (_data is not null) ArrayPool<byte>.Shared.Return(_data);
        _data = null;
    }
}
