namespace Keyway.Cdm.Host;

/// <summary>The child cannot go on.</summary>
/// <param name="message">Why, for people: no byte of a message or a licence.</param>
internal sealed class HostException(string message) : Exception(message);
