namespace Keyway.Containers.TransportStream.Samples;

/// <summary>One access unit: a picture, or an audio frame. Its bytes follow those of the one before it.</summary>
/// <param name="Size">How many bytes it has.</param>
/// <param name="Duration">How long it lasts, in units of its track.</param>
/// <param name="CompositionOffset">How much later than decoded it is presented.</param>
/// <param name="IsSync">Whether decoding can begin with it.</param>
internal readonly record struct AccessUnit(int Size, uint Duration, int CompositionOffset, bool IsSync);
