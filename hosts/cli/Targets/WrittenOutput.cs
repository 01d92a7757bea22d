namespace Keyway.Cli.Targets;

/// <summary>One output that was written.</summary>
/// <param name="Path">The file, or <c>-</c>.</param>
/// <param name="Length">Its length in bytes.</param>
/// <param name="Sha256">Its digest, in lower-case hexadecimal; <see langword="null"/> where nobody wanted it.</param>
internal sealed record WrittenOutput(string Path, long Length, string? Sha256);
