namespace Keyway.Timeline;

/// <summary>A manifest has no track like the one that was asked for. The text lists what it has.</summary>
/// <param name="source">The manifest, without its query.</param>
/// <param name="wanted">What was asked for.</param>
/// <param name="available">What there is, one line a track.</param>
/// <param name="leftOut">What could not be read or had to be ignored, one line each; <see langword="null"/>: nothing.</param>
public sealed class TrackNotFoundException(string source, string wanted, IReadOnlyList<string> available, IReadOnlyList<string>? leftOut = null)
    : KeywayException($"{source}: no {wanted}; there is: {(available.Count == 0 ? "nothing" : string.Join("; ", available))}{(leftOut is { Count: > 0 } ? $"; left out: {string.Join("; ", leftOut)}" : "")}")
{
    /// <summary>What was asked for.</summary>
    public string Wanted { get; } = wanted;

    /// <summary>What there is, one line a track.</summary>
    public IReadOnlyList<string> Available { get; } = available;

    /// <summary>What could not be read or had to be ignored, one line each.</summary>
    public IReadOnlyList<string> LeftOut { get; } = leftOut ?? [];
}
