using Keyway.Mp4.Boxes;
using Keyway.Sources;

namespace Keyway.Manifests.Smooth.Fragments;

/// <summary>Opens a fragment as a segment that every reader of MP4 understands, and takes note of those that it says will follow.</summary>
/// <param name="Track">What is known of its track.</param>
/// <param name="Listed">When it begins and how long it is by its manifest.</param>
internal sealed record FragmentOpening(TrackFacts Track, FragmentTime Listed) : ISegmentOpening
{
    /// <inheritdoc/>
    public async ValueTask<Stream> OpenAsync(string name, Func<ValueTask<Stream>> open, CancellationToken cancellationToken)
    {
        Stream stream = await open().ConfigureAwait(false);
        try
        {
            FragmentHeadReader reader = new(stream);
            FragmentHead head = await reader.ReadAsync(cancellationToken).ConfigureAwait(false) ?? throw new MediaFormatException(name, reader.Error);
            ReadOnlyMemory<byte> bytes = FragmentRewriter.Rewrite(reader.Read, head, Track, Listed, out FormatError error) ?? throw new MediaFormatException(name, error);
            Track.Told(head.Next);
            return new Prefixed(bytes, stream);
        }
        catch
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>What was read, and what follows; with its stream it ends.</summary>
    private sealed class Prefixed(ReadOnlyMemory<byte> beginning, Stream rest) : ForwardStream
    {
        private readonly PrefixedStream _whole = new(beginning, rest);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => _whole.ReadAsync(buffer, cancellationToken);

        public override async ValueTask DisposeAsync()
        {
            await rest.DisposeAsync().ConfigureAwait(false);
            await base.DisposeAsync().ConfigureAwait(false);
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing) rest.Dispose();
            base.Dispose(disposing);
        }
    }
}
