using System.IO.Pipelines;
using Keyway.MediaUnits;
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
        return await DecryptAsync(new ListedUnits(MediaUnit.File(input, name, leaveOpen: true)), name, keys, output, options, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads media segments whose description is in another file, and writes them clear, and nothing else.</summary>
    /// <param name="description">An initialisation segment, or another file that has one: its first <c>moov</c> is read, and it is not written. Ownership: the caller's.</param>
    /// <param name="descriptionName">Its name for messages.</param>
    /// <param name="input">The segments, one after the other, from the current position. Absolute offsets in them count from there. Ownership: the caller's.</param>
    /// <param name="name">Their name for messages.</param>
    /// <param name="keys">What opens the fragments.</param>
    /// <param name="output">Where the clear segments go, each as long as it was. Ownership: the caller's, who completes it.</param>
    /// <param name="options">How; without it, every track and no progress. <see cref="Mp4DecryptOptions.PartLengths"/> has no meaning here.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <returns>What was read and written.</returns>
    /// <exception cref="MediaFormatException">A file is malformed or cut short, there is no fragment, or it is not of this description. What was written is worthless.</exception>
    /// <exception cref="SampleDecryptionException">A sample could not be decrypted. What was written is worthless.</exception>
    public static async ValueTask<Mp4Summary> DecryptFragmentsAsync(
        Stream description,
        string descriptionName,
        Stream input,
        string name,
        IMediaKeys keys,
        PipeWriter output,
        Mp4DecryptOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(description);
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(keys);
        ArgumentNullException.ThrowIfNull(output);
        byte[] movie = await MovieFinder.FindAsync(description, descriptionName, cancellationToken).ConfigureAwait(false);
        MediaUnit segments = MediaUnit.Segment(input, name, leaveOpen: true);
        return await SegmentClearer.WriteAsync(movie, segments, keys, output, options, cancellationToken).ConfigureAwait(false) is { HasFragments: true } summary
            ? summary
            : throw new MediaFormatException(name, new FormatError("no fragment is in it", "", 0));
    }

    /// <summary>Writes units clear one after the other. Absolute offsets in them count from the beginning of the output.</summary>
    /// <param name="input">The units. Ownership: of those that have not been taken, the caller's.</param>
    /// <param name="name">What they are together called in messages.</param>
    /// <param name="keys">What opens the fragments.</param>
    /// <param name="output">Where the clear file goes.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    internal static async ValueTask<Mp4Summary> DecryptAsync(IMediaUnits input, string name, IMediaKeys keys, PipeWriter output, Mp4DecryptOptions? options, CancellationToken cancellationToken)
    {
        ClearWriter writer = new(input, name, keys, output, options ?? new Mp4DecryptOptions(), isWhole: true, cancellationToken);
        await using (writer.ConfigureAwait(false)) return await writer.WriteAsync().ConfigureAwait(false);
    }
}
