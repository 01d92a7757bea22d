using Keyway.Mp4.Boxes;

namespace Keyway.Manifests.Smooth.Fragments;

/// <summary>What is known of a quality when a fragment of it is read.</summary>
internal sealed class TrackFacts
{
    /// <summary>Whether its samples are pictures.</summary>
    public required bool IsVideo { get; init; }

    /// <summary>Whether its sample entry says that samples are protected: the manifest says so, or the fragment that it was written by.</summary>
    public bool IsProtected { get; set; }

    /// <summary>Takes the times of fragments that follow.</summary>
    public required Action<IReadOnlyList<FragmentTime>> Told { get; init; }
}
