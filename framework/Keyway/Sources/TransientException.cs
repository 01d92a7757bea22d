namespace Keyway.Sources;

/// <summary>A failure that another try may cure. Never leaves this folder.</summary>
internal sealed class TransientException(string message, Exception? innerException) : Exception(message, innerException)
{
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The HTTP status code, where a server answered.</summary>
    public int? Status { get; init; }
}
