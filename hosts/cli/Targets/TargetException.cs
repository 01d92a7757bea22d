namespace Keyway.Cli.Targets;

/// <summary>Where the output should go is not a place that it may go.</summary>
internal sealed class TargetException(string message, Exception? innerException = null) : Exception(message, innerException);
