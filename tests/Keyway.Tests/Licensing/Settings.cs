using System.Buffers;
using System.Text;
using Keyway.Licensing.Steps;
using Keyway.Plugins;
using Microsoft.Extensions.Configuration;

namespace Keyway.Licensing;

/// <summary>Configuration and secrets for tests.</summary>
internal static class Settings
{
    public static IConfigurationSection Section(string root, params ReadOnlySpan<(string Path, string Value)> settings)
    {
        Dictionary<string, string?> values = new() { [root] = null };
        foreach ((string path, string value) in settings) values[path.Length == 0 ? root : $"{root}:{path}"] = value;
        return new ConfigurationBuilder().AddInMemoryCollection(values).Build().GetSection(root);
    }

    public static StepContext Context(TimeProvider? clock = null, params (string Name, string Value)[] secrets) => new()
    {
        Clock = clock ?? TimeProvider.System,
        Secrets = new SecretTable(secrets.ToDictionary(static secret => secret.Name, static secret => secret.Value)),
        Random = new Random(1),
    };

    private sealed class SecretTable(Dictionary<string, string> secrets) : ISecretReader
    {
        public ValueTask<IMemoryOwner<byte>> ReadAsync(string name, CancellationToken cancellationToken) =>
            secrets.TryGetValue(name, out string? value)
                ? new ValueTask<IMemoryOwner<byte>>(new Secret(Encoding.UTF8.GetBytes(value)))
                : throw new SecretException(name, "there is none");
    }

    private sealed class Secret(byte[] bytes) : IMemoryOwner<byte>
    {
        public Memory<byte> Memory => bytes;

        public void Dispose() => Array.Clear(bytes);
    }
}
