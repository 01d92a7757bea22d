namespace Keyway.Mp4.Reading;

/// <summary>A range of the timeline of a presentation: the samples that are presented in it, and those that have to be decoded for them.</summary>
/// <param name="From">When it begins: the first sample that is presented is presented then or later. What is read begins with the sync sample at or before it; <see langword="null"/>: with the first.</param>
/// <param name="Until">When it ends: what is presented then or later is not part of it; <see langword="null"/>: it does not end.</param>
internal sealed record SampleRange(TimeSpan? From, TimeSpan? Until);
