namespace Keyway.Cli.Run;

/// <summary>Tests that change what all tests of the process share, and run beside none of them.</summary>
[CollectionDefinition(nameof(AloneInTheProcess), DisableParallelization = true)]
public sealed class AloneInTheProcess;
