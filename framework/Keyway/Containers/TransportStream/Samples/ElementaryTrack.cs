using Keyway.Containers.TransportStream.Packets;

namespace Keyway.Containers.TransportStream.Samples;

/// <summary>An elementary stream as a track: what of its access units is complete and has not been taken yet.</summary>
internal sealed class ElementaryTrack(int pid, StreamCodec codec, string? language) : IDisposable
{
    private readonly Queue<AccessUnits> _ready = [];

    /// <summary>Its PID; 0 in packed audio.</summary>
    public int Pid => pid;

    public StreamCodec Codec => codec;

    /// <summary>Its language, three letters, where that is said.</summary>
    public string? Language => language;

    /// <summary>Whether any of its units were protected. Known at the end.</summary>
    public bool IsProtected { get; set; }

    /// <summary>What its next access units are set up with; <see langword="null"/> before any are there.</summary>
    public TrackConfiguration? Configuration => _ready.TryPeek(out AccessUnits? next) ? next.Configuration : null;

    /// <summary>Takes the next access units. Ownership: the caller's.</summary>
    /// <returns>The units; <see langword="null"/>: there are none yet.</returns>
    public AccessUnits? Take() => _ready.TryDequeue(out AccessUnits? next) ? next : null;

    public void Add(AccessUnits units) => _ready.Enqueue(units);

    public void Dispose()
    {
        while (_ready.TryDequeue(out AccessUnits? units)) units.Dispose();
    }
}
