using System.Text;
using Keyway.Hosting.Configuration;
using Microsoft.Extensions.Configuration;

namespace Keyway.Fleet.Watching;

/// <summary>The secrets that configuration lets streams name. Each is read when it is needed, and again after a minute: one that was renewed counts.</summary>
/// <remarks>Threads: any.</remarks>
internal sealed class StreamSecrets
{
    private readonly SecretReader _reader;

    public StreamSecrets(SecretOptions options, IEnumerable<string> names)
    {
        // The reader gives out what a section refers to.
        ConfigurationManager referring = new();
        referring.AddInMemoryCollection(names.Select(static (name, i) => KeyValuePair.Create($"Fleet:{i}", (string?)$"secret:{name}")));
        _reader = new SecretReader(options, [referring.GetSection("Fleet")]);
    }

    /// <summary>Reads one.</summary>
    /// <exception cref="Plugins.SecretException">It is not there, or may not be named.</exception>
    public string Read(string name)
    {
        // Files and variables: nothing is waited for.
        using System.Buffers.IMemoryOwner<byte> secret = _reader.ReadAsync(name, CancellationToken.None).AsTask().GetAwaiter().GetResult();
        return Encoding.UTF8.GetString(secret.Memory.Span).Trim();
    }
}
