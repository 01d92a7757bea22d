using System.Buffers;
using System.Text;
using Keyway.Plugins;

namespace Keyway.ClearKey.Fakes;

/// <summary>Secrets in memory. It remembers what it lent, so that a test can see that everything came back.</summary>
internal sealed class MemorySecrets : ISecretReader
{
    private readonly Dictionary<string, byte[]> _secrets = [];

    public int Lent { get; private set; }

    public int Reads { get; private set; }

    public MemorySecrets With(string name, byte[] value)
    {
        _secrets[name] = value;
        return this;
    }

    public MemorySecrets With(string name, string value) => With(name, Encoding.ASCII.GetBytes(value));

    public ValueTask<IMemoryOwner<byte>> ReadAsync(string name, CancellationToken cancellationToken)
    {
        if (!_secrets.TryGetValue(name, out byte[]? value)) throw new SecretException(name, "there is no such secret");
        Lent++;
        Reads++;
        return new(new Loan(this, [.. value]));
    }

    private sealed class Loan(MemorySecrets lender, byte[] value) : IMemoryOwner<byte>
    {
        public Memory<byte> Memory => value;

        public void Dispose() => lender.Lent--;
    }
}
