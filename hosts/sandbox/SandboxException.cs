namespace Keyway.Sandbox;

/// <summary>The sandbox cannot do what its arguments ask for. The text is for people.</summary>
/// <param name="message">What is wrong.</param>
/// <param name="innerException">What caused it.</param>
internal sealed class SandboxException(string message, Exception? innerException = null) : Exception(message, innerException);
