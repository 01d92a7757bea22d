namespace Keyway.Cpix;

/// <summary>A snippet that a protection system wants written into a manifest or playlist.</summary>
/// <param name="Name">Its element's name: <c>ContentProtectionData</c>, <c>HLSSignalingData</c>, <c>SmoothStreamingProtectionHeaderData</c>, <c>URIExtXKey</c> …</param>
/// <param name="Playlist">Of <c>HLSSignalingData</c>: <c>media</c>, or <c>multiVariant</c> (which was <c>master</c> before 2.4); <see langword="null"/> where it is not said.</param>
/// <param name="Bytes">How long it is.</param>
/// <param name="Facts">What it says, as people may see it: no address whole, as one may hold a key.</param>
public sealed record CpixSignal(string Name, string? Playlist, int Bytes, IReadOnlyList<string> Facts);
