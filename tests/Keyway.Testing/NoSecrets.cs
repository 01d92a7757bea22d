using System.Buffers;
using Keyway.Plugins;

namespace Keyway.Testing;

internal sealed class NoSecrets : ISecretReader
{
    public ValueTask<IMemoryOwner<byte>> ReadAsync(string name, CancellationToken cancellationToken) => throw new SecretException(name, "a test has none");
}
