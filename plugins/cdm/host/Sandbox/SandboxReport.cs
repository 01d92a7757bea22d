using Keyway.Cdm.Wire;

namespace Keyway.Cdm.Host.Sandbox;

/// <summary>How far the process is shut in.</summary>
/// <param name="Level">As the parent is told.</param>
/// <param name="Text">What it is, and what is missing, for people.</param>
/// <param name="IsShut">Whether it can open no file, reach nobody and start nothing: less is no sandbox.</param>
internal readonly record struct SandboxReport(SandboxLevel Level, string Text, bool IsShut);
