namespace Keyway.Relay.Serving;

/// <summary>A fragment of a clear file: where it is, and how long it lasts.</summary>
/// <param name="First">Its first byte.</param>
/// <param name="Count">Its length in bytes.</param>
/// <param name="Start">When it begins, on the clock of the media.</param>
/// <param name="Length">How long it lasts.</param>
internal readonly record struct FilePart(long First, long Count, TimeSpan Start, TimeSpan Length);
