namespace Keyway.Mp4.Packing;

/// <summary>A sample that is put into MP4. Its bytes follow those of the sample before it.</summary>
/// <param name="Size">How many bytes it has.</param>
/// <param name="Duration">How long it lasts, in units of its track.</param>
/// <param name="CompositionOffset">How much later than decoded it is presented.</param>
/// <param name="IsSync">Whether decoding can begin with it.</param>
/// <param name="Subsamples">Of a protected track: how many entries its map has, which follow those of the sample before it.</param>
/// <param name="IsClear">Of a protected track: whether nothing of it is encrypted, and it has neither map nor vector.</param>
internal readonly record struct PackedSample(int Size, uint Duration, int CompositionOffset, bool IsSync, int Subsamples = 0, bool IsClear = false);
