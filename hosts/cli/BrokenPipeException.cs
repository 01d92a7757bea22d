namespace Keyway.Cli;

/// <summary>The reader of standard output has ended (<c>| head</c>). That is no fault, and nothing more can be written.</summary>
internal sealed class BrokenPipeException(Exception innerException) : IOException("the pipe is closed", innerException)
{
    private const int Epipe = 32;   // on Linux and macOS
    private const int ErrorBrokenPipe = unchecked((int)0x8007006D);
    private const int ErrorNoData = unchecked((int)0x800700E8);

    /// <summary>Whether a write failed for that reason, and not because a disk is full.</summary>
    public static bool Is(IOException exception) => exception.HResult is Epipe or ErrorBrokenPipe or ErrorNoData;
}
