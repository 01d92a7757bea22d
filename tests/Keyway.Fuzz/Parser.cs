namespace Keyway.Fuzz;

/// <summary>Something that reads bytes of strangers.</summary>
/// <param name="Name">Its name, for commands and findings.</param>
/// <param name="Seeds">Which seeds it starts from: the kind of their bytes.</param>
/// <param name="Read">Reads. A <see cref="KeywayException"/> is an answer; any other exception is a finding.</param>
internal sealed record Parser(string Name, SeedKind Seeds, Action<byte[]> Read);
