namespace Keyway.Cli;

/// <summary>The command was told to stop before it had anything that is worth keeping.</summary>
internal sealed class InterruptedException(string message) : Exception(message);
