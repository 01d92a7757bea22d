using Keyway.Containers.TransportStream.Decrypting;

namespace Keyway.Containers.TransportStream.Samples;

/// <summary>Reads transport streams, or packed audio, segment by segment, and makes tracks of access units of them.</summary>
/// <remarks>
/// After each segment every <see cref="ElementaryTrack"/> gives what is complete; the last picture of a segment, and what else goes on, comes with the next one, or with
/// <see cref="Finish"/>. Ownership: access units are the taker's. Threads: one at a time.
/// </remarks>
internal interface ISampleReader : IDisposable
{
    /// <summary>The tracks that have been found so far, in the order in which they are listed. One may be found without anything in it.</summary>
    IReadOnlyList<ElementaryTrack> Tracks { get; }

    /// <summary>What was read so far.</summary>
    TransportStreamSummary Summary { get; }

    /// <summary>
    /// Whether only the key can tell how something is protected: it does not say so itself, and was taken for it because METHOD=SAMPLE-AES is in force; or syncframes may share a chain.
    /// Where the key was deferred, all has to be read once more with one that opens.
    /// </summary>
    bool IsUndecided { get; }

    /// <summary>Reads a segment.</summary>
    /// <param name="segment">The segment, from its current position. Ownership: the caller's.</param>
    /// <param name="name">Its name for messages.</param>
    /// <param name="key">What opens it; <see langword="null"/> where no METHOD=SAMPLE-AES is in force. Ownership: taken.</param>
    /// <param name="isDiscontinuous">Whether it does not go on from the one before: its clock may be another.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <exception cref="MediaFormatException">It is malformed or cut short, has what cannot be a sample, or is protected in a way that is not opened here.</exception>
    /// <exception cref="UnitDecryptionException">Something cannot be decrypted.</exception>
    ValueTask ReadAsync(Stream segment, string name, SampleAesKey? key, bool isDiscontinuous = false, CancellationToken cancellationToken = default);

    /// <summary>No more segments come.</summary>
    /// <inheritdoc cref="ReadAsync" path="/exception"/>
    void Finish();
}
