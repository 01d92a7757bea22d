using Keyway.Decryption;
using Keyway.Sources;

namespace Keyway.Timeline;

/// <summary>Where those who open segments get what opens segments that are encrypted as a whole.</summary>
/// <remarks>Threads: any, several at once.</remarks>
internal interface ISegmentKeys
{
    /// <summary>Begins to open a segment. Waits where its key is on its way.</summary>
    /// <param name="key">What its playlist says.</param>
    /// <param name="origin">Where the playlist came from: it decides where the key may be.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>What opens it. Ownership: the caller's.</returns>
    /// <exception cref="KeywayException">There will be no key.</exception>
    ValueTask<SegmentCipher> LeaseAsync(SegmentKey key, ContentOrigin origin, CancellationToken cancellationToken);

    /// <summary>Begins to open the samples of a segment. Waits where its key is on its way.</summary>
    /// <inheritdoc cref="LeaseAsync"/>
    ValueTask<IFragmentDecryptor> LeaseSamplesAsync(SegmentKey key, ContentOrigin origin, CancellationToken cancellationToken);

    /// <summary>Says that a key will be needed soon, whatever it is for: it is asked for now, and nobody waits.</summary>
    /// <param name="key">What the playlist says.</param>
    /// <param name="origin">Where the playlist came from.</param>
    void Announce(SegmentKey key, ContentOrigin origin);
}
