namespace Keyway.Containers.WebVtt;

/// <summary>A cue (WebVTT, 4.1): text that is shown for a time.</summary>
/// <param name="Start">When it begins, in milliseconds of the file's own clock.</param>
/// <param name="End">When it ends.</param>
/// <param name="Id">Its identifier; empty where it has none.</param>
/// <param name="Settings">How it is placed, as written.</param>
/// <param name="Text">What is shown, with its tags; lines end with LF.</param>
internal sealed record WebVttCue(long Start, long End, string Id, string Settings, string Text);
