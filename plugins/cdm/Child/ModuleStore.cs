using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Keyway.Plugins;
using Microsoft.Extensions.Logging;

namespace Keyway.Cdm.Child;

/// <summary>What a module keeps beyond its process: in the plugin's storage, which the host encrypts and bounds (512 KiB a file, 4 MiB together).</summary>
/// <param name="storage">The storage.</param>
/// <param name="options">Which module.</param>
/// <param name="logger">Where to log.</param>
/// <remarks>Threads: any.</remarks>
internal sealed class ModuleStore(IPluginStorage storage, CdmOptions options, ILogger logger)
{
    // By hand: what the generator makes of several classes has an order of its own in each build, and the same source would not be the same bytes.
    private static readonly Action<ILogger, string, string, Exception?> Failed = LoggerMessage.Define<string, string>(LogLevel.Warning, new EventId(20, "Failed"), "A file of the module {Module} could not be kept or read: {Reason}");

    // The entry's and not the module's: a newer module goes on with what the older one kept.
    private readonly string _prefix = Digest(options.Name + "\n" + options.ModuleKeySystem)[..16];

    /// <summary>Whether the module may keep anything.</summary>
    public bool IsAllowed => options.PersistentState;

    /// <summary>Reads a file. One that there is not is empty.</summary>
    /// <exception cref="PluginStorageException">It cannot be read.</exception>
    public ValueTask<IMemoryOwner<byte>?> ReadAsync(string name, CancellationToken cancellationToken) => storage.ReadAsync(KeyOf(name), cancellationToken);

    /// <summary>Writes a file. Nothing is no file.</summary>
    /// <exception cref="PluginStorageException">It cannot be written.</exception>
    public async ValueTask WriteAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        if (content.IsEmpty) await storage.RemoveAsync(KeyOf(name), cancellationToken).ConfigureAwait(false);
        else await storage.WriteAsync(KeyOf(name), content, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Says that a file could not be kept: the module is told no more than that it failed.</summary>
    public void NoteFailure(PluginStorageException exception) => Failed(logger, options.ModuleName, exception.Message, null);

    private string KeyOf(string name) => $"{_prefix}.{Digest(name)[..32]}";

    private static string Digest(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
