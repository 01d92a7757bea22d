using Keyway.Manifests.Hls.Text;
using Keyway.Sources;

namespace Keyway.Manifests.Hls.Model;

/// <summary>A playlist of either kind.</summary>
internal abstract record HlsPlaylist
{
    /// <summary>Where it came from.</summary>
    public required ContentOrigin Origin { get; init; }

    /// <summary>Its name for messages.</summary>
    public required string Name { get; init; }

    /// <summary>The version that it was written for. Everything is read that is there, whatever it says.</summary>
    public ulong? Version { get; init; }

    /// <summary>Where to begin.</summary>
    public StartTag? Start { get; init; }

    /// <summary>Its variables.</summary>
    public required PlaylistVariables Variables { get; init; }

    /// <summary>What is not as it should be.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}
