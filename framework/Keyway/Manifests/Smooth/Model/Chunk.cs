namespace Keyway.Manifests.Smooth.Model;

/// <summary>One fragment as its stream lists it.</summary>
/// <param name="Time">When it begins, in units of its stream: its name in addresses.</param>
/// <param name="Duration">How long it is.</param>
/// <param name="Number">Its number in the stream, from 0.</param>
internal readonly record struct Chunk(ulong Time, ulong Duration, ulong Number);
