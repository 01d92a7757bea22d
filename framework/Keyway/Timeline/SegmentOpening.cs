using Keyway.Decryption;
using Keyway.Sources;

namespace Keyway.Timeline;

/// <summary>Opens one segment that is encrypted as a whole, at whichever address it is had: its clear bytes.</summary>
internal sealed class SegmentOpening(SegmentKey key, ISegmentKeys? keys, ContentOrigin? origin) : ISegmentOpening
{
    /// <inheritdoc/>
    public async ValueTask<Stream> OpenAsync(string name, Func<ValueTask<Stream>> open, CancellationToken cancellationToken)
    {
        if (keys is null || origin is null) throw new MediaFormatException(name, new FormatError("it is encrypted as a whole (AES-128), and nothing here has a key", key.Place, -1));
        // The key first: no server waits with a segment while another is asked for the key.
        SegmentCipher cipher = await keys.LeaseAsync(key, origin, cancellationToken).ConfigureAwait(false);
        try
        {
            return new SegmentCipherStream(await open().ConfigureAwait(false), cipher, name);
        }
        catch
        {
            cipher.Dispose();
            throw;
        }
    }
}
