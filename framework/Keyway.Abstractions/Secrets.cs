using System.Buffers;

namespace Keyway.Plugins;

/// <summary>Reads secrets by name. A setting refers to one as <c>secret:NAME</c>.</summary>
public interface ISecretReader
{
    /// <summary>Reads a secret.</summary>
    /// <param name="name">Its name: <c>[a-z0-9][a-z0-9._-]{0,63}</c>, without the prefix <c>secret:</c>.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    /// <returns>
    /// The bytes as stored; the memory is exactly as long as the secret. Ownership: the caller's, and disposing it zeroes it.
    /// </returns>
    /// <exception cref="SecretException">No such secret, a malformed name, a name that the reader's owner may not ask for, or a source that others may read.</exception>
    ValueTask<IMemoryOwner<byte>> ReadAsync(string name, CancellationToken cancellationToken);
}

/// <summary>A secret could not be read. The text names the secret and the reason, never its content.</summary>
/// <param name="name">The secret's name.</param>
/// <param name="reason">Why it could not be read.</param>
/// <param name="innerException">What caused it.</param>
public sealed class SecretException(string name, string reason, Exception? innerException = null)
    : KeywayException($"secret '{name}': {reason}", innerException)
{
    /// <summary>The secret's name.</summary>
    public string Name { get; } = name;
}
