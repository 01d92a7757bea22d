using System.IO.Pipelines;
using Keyway.Mp4.Clear;
using Keyway.Mp4.Reading;

namespace Keyway.Mp4;

/// <summary>Decrypts a whole file: one input, one output of exactly the same length, in which every offset stays true.</summary>
public static class Mp4Decryptor
{
    /// <summary>Reads a fragmented or progressive file, or an initialisation segment with the segments after it, and writes it clear.</summary>
    /// <param name="input">The file, from its current position. Ownership: the caller's. One that cannot seek is read strictly forward.</param>
    /// <param name="name">Its name for messages: a file name, or a URL without its query.</param>
    /// <param name="keys">What opens the fragments.</param>
    /// <param name="output">Where the clear file goes. Ownership: the caller's, who completes it.</param>
    /// <param name="options">How; without it, every track and no progress.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <returns>What was read and written.</returns>
    /// <exception cref="MediaFormatException">The file is malformed or cut short. What was written is worthless.</exception>
    /// <exception cref="SampleDecryptionException">A sample could not be decrypted. What was written is worthless.</exception>
    public static async ValueTask<Mp4Summary> DecryptAsync(
        Stream input, string name, IMediaKeys keys, PipeWriter output, Mp4DecryptOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(keys);
        ArgumentNullException.ThrowIfNull(output);
        using BoxWindow window = new(input, name, options?.PartLengths);
        ClearWriter writer = new(window, keys, output, options ?? new Mp4DecryptOptions(), cancellationToken);
        await using (writer.ConfigureAwait(false)) return await writer.WriteAsync().ConfigureAwait(false);
    }
}
