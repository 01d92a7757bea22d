namespace Keyway.Mp4;

/// <summary>Whether the keys of a track fit. A key that is seen not to fit is a <see cref="SampleDecryptionException"/> and not a result.</summary>
/// <param name="Result">What the samples say.</param>
/// <param name="Reason">The format and what was looked at, or what stands in the way: <c>ec-3, sync word or CRC</c>; <c>avc1, subsamples</c>.</param>
public sealed record Mp4KeyCheck(Mp4KeyCheckResult Result, string Reason);
