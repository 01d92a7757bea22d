using System.Buffers;

namespace Keyway.Plugins;

/// <summary>The storage of a host that keeps nothing for plugins.</summary>
internal sealed class NoPluginStorage : IPluginStorage
{
    public static NoPluginStorage Instance { get; } = new();

    public ValueTask<IMemoryOwner<byte>?> ReadAsync(string name, CancellationToken cancellationToken) => throw Refusal(name);

    public ValueTask WriteAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) => throw Refusal(name);

    public ValueTask<bool> RemoveAsync(string name, CancellationToken cancellationToken) => throw Refusal(name);

    private static PluginStorageException Refusal(string name) => new(name, "this host keeps nothing for plugins (Keyway:Plugins:Storage names a folder for it)");
}
