using System.IO.Pipelines;
using Keyway.MediaUnits;

namespace Keyway.Mp4.Clear;

/// <summary>Writes one media segment, or one initialisation segment, clear: each as long as it was, so that byte ranges, <c>sidx</c> and offsets that lead to it or into it stay true.</summary>
/// <remarks>Threads: any; each call is on its own.</remarks>
internal static class SegmentClearer
{
    /// <summary>Makes an initialisation segment clear.</summary>
    /// <param name="initialization">The whole initialisation segment.</param>
    /// <param name="name">Its name for messages.</param>
    /// <param name="chosen">Which tracks; without it, all.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <returns>The clear one, of the same length.</returns>
    /// <exception cref="MediaFormatException">It is none.</exception>
    public static async ValueTask<byte[]> ClearAsync(ReadOnlyMemory<byte> initialization, string name, Func<Mp4Track, bool>? chosen, CancellationToken cancellationToken)
    {
        using MemoryStream output = new(initialization.Length);
        PipeWriter pipe = PipeWriter.Create(output, new StreamPipeWriterOptions(leaveOpen: true));
        ListedUnits units = new(MediaUnit.Segment(initialization.ToArray(), name));
        // No sample is in it, and no key is needed for it.
        ClearWriter writer = new(units, name, new RawMediaKeys(), pipe, new Mp4DecryptOptions { Tracks = chosen, MaxParallelFragments = 1 }, isWhole: false, cancellationToken);
        await using (writer.ConfigureAwait(false)) await writer.WriteAsync().ConfigureAwait(false);
        await pipe.CompleteAsync().ConfigureAwait(false);
        return output.ToArray();
    }

    /// <summary>Writes a media segment clear.</summary>
    /// <param name="initialization">What describes it, as it is: protected. Empty where the segment brings it itself.</param>
    /// <param name="segment">The segment: in memory and checked, or a stream. Ownership: this method's.</param>
    /// <param name="keys">What opens its fragments.</param>
    /// <param name="output">Where the clear segment goes, and nothing else. Ownership: the caller's, who completes it.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <returns>What was read and written.</returns>
    /// <exception cref="MediaFormatException">The segment is malformed or cut short, or not of this description. What was written is worthless.</exception>
    /// <exception cref="SampleDecryptionException">A sample could not be decrypted. What was written is worthless.</exception>
    public static async ValueTask<Mp4Summary> WriteAsync(
        ReadOnlyMemory<byte> initialization, MediaUnit segment, IMediaKeys keys, PipeWriter output, Mp4DecryptOptions? options, CancellationToken cancellationToken)
    {
        await using (segment.ConfigureAwait(false))
        {
            ListedUnits units = initialization.IsEmpty ? new(segment) : new(MediaUnit.Initialization(initialization, segment.Name), segment);
            ClearWriter writer = new(units, segment.Name, keys, output, options ?? new Mp4DecryptOptions(), isWhole: false, cancellationToken);
            await using (writer.ConfigureAwait(false)) return await writer.WriteAsync().ConfigureAwait(false);
        }
    }
}
