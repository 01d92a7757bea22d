namespace Keyway.Mp4.Boxes;

/// <summary>The header of a box at the top of a file.</summary>
/// <param name="Type">Its type; 0 for padding at the end that is too short for a box.</param>
/// <param name="Offset">Where it begins in the file.</param>
/// <param name="HeaderSize">8 or 16.</param>
/// <param name="Length">Its length with the header; -1 for one that reaches to the end of a file whose length is not known.</param>
internal readonly record struct TopBox(uint Type, long Offset, int HeaderSize, long Length);
