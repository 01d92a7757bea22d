namespace Keyway.Cli;

/// <summary>Whoever read standard output has gone (<c>| head</c>). That is no fault, and nothing more can be written.</summary>
internal sealed class BrokenPipeException(Exception innerException) : IOException("the pipe is closed", innerException);
