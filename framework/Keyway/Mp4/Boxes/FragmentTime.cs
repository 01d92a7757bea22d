namespace Keyway.Mp4.Boxes;

/// <summary>When a fragment begins and how long it is, in units of its track, as the boxes of Smooth Streaming say it.</summary>
/// <param name="Time">When its first sample is decoded.</param>
/// <param name="Duration">How long its samples are together.</param>
internal readonly record struct FragmentTime(ulong Time, ulong Duration);
