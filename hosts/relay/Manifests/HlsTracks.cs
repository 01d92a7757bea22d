namespace Keyway.Relay.Manifests;

/// <summary>The media playlists of a presentation.</summary>
/// <remarks>Threads: any.</remarks>
internal sealed class HlsTracks
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, HlsTrack> _tracks = new(StringComparer.Ordinal);

    /// <summary>The playlist of a rendition, by what it is called in all periods.</summary>
    public HlsTrack Of(string name)
    {
        lock (_gate)
        {
            if (!_tracks.TryGetValue(name, out HlsTrack? track)) _tracks.Add(name, track = new HlsTrack(_tracks.Count));
            return track;
        }
    }

    /// <summary>The name of a playlist; <see langword="null"/>: there is none of that number.</summary>
    public string? NameOf(int number)
    {
        lock (_gate) return _tracks.FirstOrDefault(each => each.Value.Number == number).Key;
    }
}
