namespace Keyway.Mp4;

/// <summary>One box of a sample entry.</summary>
/// <param name="Type">Its four-character code: <c>avcC</c>, <c>esds</c>, <c>colr</c> …</param>
/// <param name="Content">What follows its header, as the file stores it; of a full box version and flags too. Ownership: its own, it stays.</param>
public readonly record struct SampleEntryBox(string Type, ReadOnlyMemory<byte> Content);
