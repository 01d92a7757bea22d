namespace Keyway.Cdm.Conformance;

/// <summary>A sample of a request.</summary>
/// <param name="Data">Its bytes.</param>
/// <param name="Vector">8 or 16 bytes.</param>
/// <param name="Subsamples">Clear and protected bytes.</param>
internal sealed record BatchItem(byte[] Data, byte[] Vector, params (uint Clear, uint Protected)[] Subsamples)
{
    /// <summary>Bytes between it and the next.</summary>
    public int Gap { get; init; } = 3;
}
