namespace Keyway;

/// <summary>The base of every exception that Keyway makes. Its text never holds a key, a token, a challenge or a licence.</summary>
public abstract class KeywayException : Exception
{
    /// <summary>Makes an exception.</summary>
    /// <param name="message">What went wrong and where, free of secrets.</param>
    /// <param name="innerException">What caused it.</param>
    protected KeywayException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
