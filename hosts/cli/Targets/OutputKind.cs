namespace Keyway.Cli.Targets;

/// <summary>The kinds of targets.</summary>
internal enum OutputKind
{
    None = 0,
    File,
    Folder,
    StandardOutput,
}
