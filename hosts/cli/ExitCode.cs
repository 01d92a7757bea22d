namespace Keyway.Cli;

/// <summary>What the command tells its caller. Documented in docs/cli.md; scripts rely on the numbers.</summary>
internal static class ExitCode
{
    public const int Done = 0;
    public const int Unexpected = 1;
    public const int Usage = 2;
    public const int NoLicense = 3;
    public const int BadMedia = 4;
    public const int Unreachable = 5;
    public const int NoUsableKey = 6;
    public const int RefusedByPolicy = 7;
    public const int Interrupted = 130;
}
