using System.IO.Pipelines;
using Keyway.Containers.WebM.Clear;
using Keyway.Containers.WebM.Reading;
using Keyway.Mp4;

namespace Keyway.Containers.WebM;

/// <summary>Decrypts a whole WebM file: one input, one output of exactly the same length, in which every position stays true.</summary>
public static class WebMDecryptor
{
    /// <summary>How many bytes <see cref="Begins"/> looks at.</summary>
    public const int Enough = 4;

    /// <summary>Says whether a file is WebM, or Matroska, or another of EBML.</summary>
    /// <param name="beginning">Its first bytes.</param>
    /// <returns>Whether it begins with an EBML header.</returns>
    public static bool Begins(ReadOnlySpan<byte> beginning) => beginning.StartsWith((ReadOnlySpan<byte>)[0x1A, 0x45, 0xDF, 0xA3]);

    /// <summary>Reads a file, or an initialisation segment with the segments after it, and writes it clear.</summary>
    /// <param name="input">The file, from its current position: it is read strictly forward. Ownership: the caller's.</param>
    /// <param name="name">Its name for messages: a file name, or a URL without its query.</param>
    /// <param name="keys">What opens the frames. Tracks are told as MP4 describes them; the identifier of a key that has not 16 bytes is <see cref="KeyId.FromOpaque"/> of it.</param>
    /// <param name="output">Where the clear file goes. Ownership: the caller's, who completes it.</param>
    /// <param name="options">How; without it, every track and no progress.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <returns>What was read and written: the tracks as MP4 would describe them, with blocks as samples.</returns>
    /// <exception cref="MediaFormatException">The file is malformed or cut short, or encrypted in a way that is not opened. What was written is worthless.</exception>
    /// <exception cref="SampleDecryptionException">A frame could not be decrypted. What was written is worthless.</exception>
    public static async ValueTask<Mp4Summary> DecryptAsync(
        Stream input, string name, IMediaKeys keys, PipeWriter output, WebMDecryptOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(keys);
        ArgumentNullException.ThrowIfNull(output);
        using WebMReader reader = new(input, name);
        return await new ClearWebMWriter(reader, keys, output, options ?? new WebMDecryptOptions()).WriteAsync(cancellationToken).ConfigureAwait(false);
    }
}
