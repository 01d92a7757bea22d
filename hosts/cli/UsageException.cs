namespace Keyway.Cli;

/// <summary>An argument is wrong in a way that only the command could find out.</summary>
internal sealed class UsageException(string message) : Exception(message);
