namespace Keyway.Cli;

/// <summary>What every command is run with.</summary>
/// <param name="Io">Where it reads and writes.</param>
/// <param name="Json">Whether its report is JSON.</param>
/// <param name="Configuration">The file of settings that the caller named.</param>
/// <param name="Verbose">Whether the host's logs are shown.</param>
/// <param name="Settings">Single settings that the caller gave: <c>--set Keyway:KeySystems:clearkey:Priority=5</c>.</param>
internal sealed record CommandContext(CommandIo Io, bool Json, string? Configuration, bool Verbose, IReadOnlyList<KeyValuePair<string, string?>> Settings);
