using System.Buffers;

namespace Keyway.Plugins;

/// <summary>What a plugin keeps for itself beyond the process: a few small values by name, which no other plugin sees.</summary>
/// <remarks>
/// A host keeps them encrypted, at most 512 KiB each and 4 MiB together. What is written is on the disk when the call ends, whole or not at all. Threads: any.
/// </remarks>
public interface IPluginStorage
{
    /// <summary>Reads a value.</summary>
    /// <param name="name">Its name: 1 to 256 of <c>A-Z a-z 0-9 . _ -</c>, the first neither <c>_</c> nor <c>.</c>; case counts.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The bytes as written, exactly as long; <see langword="null"/>: there is none. Ownership: the caller's, and disposing it zeroes it.</returns>
    /// <exception cref="PluginStorageException">The name is none, the host keeps nothing for plugins, or what is there cannot be read.</exception>
    ValueTask<IMemoryOwner<byte>?> ReadAsync(string name, CancellationToken cancellationToken);

    /// <summary>Writes a value, in the place of the one that was there.</summary>
    /// <param name="name">Its name, as for <see cref="ReadAsync"/>.</param>
    /// <param name="content">The bytes. May be empty.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that ends when they are kept.</returns>
    /// <exception cref="PluginStorageException">The name is none, the host keeps nothing for plugins, it would be too much, or it cannot be written.</exception>
    ValueTask WriteAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken);

    /// <summary>Removes a value.</summary>
    /// <param name="name">Its name, as for <see cref="ReadAsync"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether there was one.</returns>
    /// <exception cref="PluginStorageException">The name is none, the host keeps nothing for plugins, or it cannot be removed.</exception>
    ValueTask<bool> RemoveAsync(string name, CancellationToken cancellationToken);
}
