using Keyway.Manifests.Hls.Model;
using Keyway.Manifests.Hls.Reading;
using Keyway.Manifests.Hls.Text;
using Keyway.Sources;
using Keyway.Timeline;

namespace Keyway.Manifests.Hls.Segments;

/// <summary>Fetches the media playlists of a presentation, each at most once.</summary>
/// <param name="sources">What opens addresses.</param>
/// <param name="origin">Where the presentation came from.</param>
/// <param name="variables">The variables of its multivariant playlist; <see langword="null"/>: it has none.</param>
/// <remarks>Threads: any.</remarks>
internal sealed class HlsLoader(MediaSources sources, ContentOrigin origin, PlaylistVariables? variables)
{
    private readonly FetchOnce<Uri, MediaPlaylist> _loaded = new(2 * HlsLimits.Streams);
    private readonly System.Collections.Concurrent.ConcurrentDictionary<Uri, MediaPlaylist> _complete = new();
    private readonly Dictionary<Uri, RedundantVariants> _redundant = [];

    /// <summary>What opens addresses.</summary>
    public MediaSources Sources => sources;

    /// <summary>Where the presentation came from.</summary>
    public ContentOrigin Origin => origin;

    /// <summary>What is there in the place of a variant; <see langword="null"/>: nothing.</summary>
    public RedundantVariants? RedundantTo(Uri address) => _redundant.GetValueOrDefault(address);

    /// <summary>Notes what is there in the place of a variant. Before anything is fetched.</summary>
    public void AddRedundant(Uri address, IReadOnlyList<Uri> others) => _redundant[address] = new RedundantVariants(this, address, others);

    /// <summary>A playlist that has been fetched and will not change; <see langword="null"/>: it has not been, or may.</summary>
    public MediaPlaylist? IsComplete(Uri address) => _complete.GetValueOrDefault(address);

    /// <summary>Fetches a playlist, and where it cannot be had, one that is there in its place.</summary>
    /// <param name="address">Its address.</param>
    /// <param name="note">Called where another is read.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="ManifestException">It cannot be understood, and none of the others has been had.</exception>
    /// <exception cref="SourceException">It cannot be reached, nor can any of the others.</exception>
    public async ValueTask<MediaPlaylist> GetAnyAsync(Uri address, Action<string> note, CancellationToken cancellationToken)
    {
        try
        {
            return await GetAsync(address, cancellationToken).ConfigureAwait(false);
        }
        catch (KeywayException failure) when (failure is SourceException or ManifestException && _redundant.TryGetValue(address, out RedundantVariants? redundant))
        {
            foreach (Uri other in redundant.Others)
            {
                try
                {
                    MediaPlaylist found = await GetAsync(other, cancellationToken).ConfigureAwait(false);
                    note($"{failure.Message}; the redundant variant {SourceText.Of(other)} is read in its place");
                    return found;
                }
                catch (KeywayException exception) when (exception is SourceException or ManifestException)
                {
                    // The first failure is told.
                }
            }

            throw;
        }
    }

    /// <summary>Gets a media playlist.</summary>
    /// <exception cref="ManifestException">It cannot be understood.</exception>
    /// <exception cref="SourceException">It cannot be reached.</exception>
    public ValueTask<MediaPlaylist> GetAsync(Uri address, CancellationToken cancellationToken) =>
        _loaded.GetAsync(address, async each => (await FetchAsync(each, null, CancellationToken.None).ConfigureAwait(false)).Playlist, cancellationToken);

    /// <summary>Fetches one.</summary>
    /// <param name="address">Its address, perhaps with what its server is asked to do.</param>
    /// <param name="previous">The last copy, for an update that leaves out what stands there.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The playlist, and how far the server's clock was ahead of ours.</returns>
    /// <exception cref="ManifestException">It cannot be understood.</exception>
    /// <exception cref="SourceException">It cannot be reached.</exception>
    public async ValueTask<(MediaPlaylist Playlist, TimeSpan? ServerAhead)> FetchAsync(Uri address, MediaPlaylist? previous, CancellationToken cancellationToken)
    {
        SourceDocument document = await sources.ReadManifestAsync(origin, address, cancellationToken).ConfigureAwait(false);
        HlsPlaylist found = M3u8Reader.Read(document, variables, previous);
        if (found is MediaPlaylist media)
        {
            if (media.IsComplete && _redundant.Count > 0 && _complete.Count < HlsLimits.Streams) _complete.TryAdd(address, media);
            return (media, document.ServerAhead);
        }

        // Some services put another choice behind an address: it is followed once.
        MultivariantPlaylist nested = (MultivariantPlaylist)found;
        if (nested.Streams.FirstOrDefault(static stream => stream.Kind == StreamKind.Variant) is not { } variant) throw Nested(document);
        document = await sources.ReadManifestAsync(origin, variant.Address, cancellationToken).ConfigureAwait(false);
        return M3u8Reader.Read(document, nested.Variables, previous) is MediaPlaylist playlist ? (playlist, document.ServerAhead) : throw Nested(document);
    }

    private static ManifestException Nested(SourceDocument document) =>
        new(SourceText.Of(document.Origin.Location), new FormatError("a playlist of variants where one of segments should be", "", -1));
}
