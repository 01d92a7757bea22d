namespace Keyway.Mp4.Boxes;

/// <summary>So many samples in a row belong to one group.</summary>
/// <param name="Count">How many.</param>
/// <param name="Index">The group, counted from 1; 0 for none; above 0x10000 for one that its fragment describes.</param>
internal readonly record struct GroupRun(uint Count, uint Index);
