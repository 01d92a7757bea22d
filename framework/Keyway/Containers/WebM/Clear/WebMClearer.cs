using System.IO.Pipelines;
using Keyway.Containers.WebM.Packing;
using Keyway.Containers.WebM.Reading;
using Keyway.Mp4;

namespace Keyway.Containers.WebM.Clear;

/// <summary>Makes one segment clear, or one initialisation segment: each as long as it was.</summary>
internal static class WebMClearer
{
    /// <summary>Makes it clear.</summary>
    /// <param name="segment">The segment as a whole.</param>
    /// <param name="name">Its name for messages.</param>
    /// <param name="description">What describes it; <see langword="null"/>: it describes itself.</param>
    /// <param name="keys">What opens its frames.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <returns>The clear one.</returns>
    /// <exception cref="MediaFormatException">It is malformed.</exception>
    /// <exception cref="SampleDecryptionException">A frame cannot be decrypted.</exception>
    public static async ValueTask<byte[]> ClearAsync(ReadOnlyMemory<byte> segment, string name, WebMDescription? description, IMediaKeys keys, CancellationToken cancellationToken)
    {
        using PrefixedStream input = new(segment, Stream.Null);
        using MemoryStream output = new(segment.Length);
        PipeWriter pipe = PipeWriter.Create(output, new StreamPipeWriterOptions(leaveOpen: true));
        using WebMReader reader = description is null ? new WebMReader(input, name) { IsInitialization = true } : new WebMReader(input, name, description.Tracks, description.Clock);
        await new ClearWebMWriter(reader, keys, pipe, new WebMDecryptOptions()).WriteAsync(cancellationToken).ConfigureAwait(false);
        await pipe.CompleteAsync().ConfigureAwait(false);
        return output.ToArray();
    }
}
