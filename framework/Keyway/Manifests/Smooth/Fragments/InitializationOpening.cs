using Keyway.Manifests.Smooth.Codecs;
using Keyway.Manifests.Smooth.Model;
using Keyway.Sources;
using Keyway.Timeline;

namespace Keyway.Manifests.Smooth.Fragments;

/// <summary>Opens the initialisation segment of a quality: written once, when the beginning of a fragment of it has been read.</summary>
/// <param name="sources">What opens fragments.</param>
/// <param name="setup">What sets the decoder up.</param>
/// <param name="stream">The stream.</param>
/// <param name="headers">The protection headers of the manifest.</param>
/// <param name="facts">Takes whether it says that samples are protected.</param>
/// <param name="candidates">Where fragments are, those to be looked at first before the others, and where their manifest came from.</param>
/// <remarks>Threads: any.</remarks>
internal sealed class InitializationOpening(MediaSources sources, CodecSetup setup, SmoothStream stream, IReadOnlyList<SmoothHeader> headers, TrackFacts facts, Func<(ContentOrigin Origin, IEnumerable<Uri> Addresses)> candidates) : ISegmentOpening
{
    private readonly FetchOnce<int, byte[]> _written = new(1);

    /// <inheritdoc/>
    public async ValueTask<Stream> OpenAsync(string name, Func<ValueTask<Stream>> open, CancellationToken cancellationToken) =>
        new MemoryStream(await _written.GetAsync(0, _ => WriteAsync(), cancellationToken).ConfigureAwait(false), writable: false);

    private async Task<byte[]> WriteAsync()
    {
        KeywayException? failure = null;
        (ContentOrigin origin, IEnumerable<Uri> addresses) = candidates();
        foreach (Uri address in addresses.Take(SmoothLimits.FirstLooks))
        {
            try
            {
                return await WriteAsync(origin, address).ConfigureAwait(false);
            }
            catch (KeywayException exception) when (exception is SourceException or MediaFormatException)
            {
                // The next may be there.
                failure ??= exception;
            }
        }

        throw failure ?? new ManifestException(SourceText.Of(origin.Location), new FormatError("it has no fragment", stream.Path, -1));
    }

    private async Task<byte[]> WriteAsync(ContentOrigin origin, Uri address)
    {
        string name = SourceText.Of(address);
        Stream fragment = await sources.OpenAsync(origin, address, range: null, seekable: false, CancellationToken.None).ConfigureAwait(false);
        await using (fragment.ConfigureAwait(false))
        {
            FragmentHeadReader reader = new(fragment);
            FragmentHead head = await reader.ReadAsync(CancellationToken.None).ConfigureAwait(false) ?? throw new MediaFormatException(name, reader.Error);
            byte[] written = InitializationWriter.Write(setup, stream, headers, head, out bool isProtected, out FormatError error) ?? throw new MediaFormatException(name, error);
            // What follows it is told by those that are read: reading begins with what the manifest lists.
            facts.IsProtected = isProtected;
            return written;
        }
    }
}
