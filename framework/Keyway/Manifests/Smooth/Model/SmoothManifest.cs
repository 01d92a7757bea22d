using Keyway.Sources;

namespace Keyway.Manifests.Smooth.Model;

/// <summary>A Smooth Streaming client manifest ([MS-SSTR], 2.2.2).</summary>
internal sealed record SmoothManifest
{
    /// <summary>Where it came from.</summary>
    public required ContentOrigin Origin { get; init; }

    /// <summary>Units per second of <see cref="Duration"/> and <see cref="Window"/>.</summary>
    public required uint Timescale { get; init; }

    /// <summary>How long it is; <see langword="null"/> where it does not say, or says 0.</summary>
    public ulong? Duration { get; init; }

    /// <summary>Whether fragments are added to it.</summary>
    public bool IsLive { get; init; }

    /// <summary>How many fragments are named ahead in each.</summary>
    public ulong LookAhead { get; init; }

    /// <summary>How far back fragments stay; <see langword="null"/>: to the beginning.</summary>
    public ulong? Window { get; init; }

    public IReadOnlyList<SmoothHeader> Headers { get; init; } = [];

    public IReadOnlyList<SmoothStream> Streams { get; init; } = [];

    /// <summary>What is not as it should be.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Those of the notes that report something missing.</summary>
    public IReadOnlyList<string> LeftOut { get; init; } = [];
}
