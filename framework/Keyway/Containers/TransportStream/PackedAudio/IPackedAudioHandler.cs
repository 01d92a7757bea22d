using Keyway.Containers.TransportStream.Codecs;

namespace Keyway.Containers.TransportStream.PackedAudio;

/// <summary>What a <see cref="PackedAudioWalker"/> hands its findings to.</summary>
internal interface IPackedAudioHandler
{
    /// <summary>Takes a tag.</summary>
    /// <param name="bytes">All of it, which may be changed.</param>
    /// <param name="tag">What it says.</param>
    void HandleTag(Span<byte> bytes, in Id3Tag tag);

    /// <summary>Takes an audio frame: an ADTS frame, a syncframe of AC-3, all syncframes of an audio frame of E-AC-3.</summary>
    /// <param name="frame">All of it, which may be changed.</param>
    /// <param name="isMarked">Whether a tag before it says that it is protected.</param>
    /// <param name="place">Where it begins.</param>
    void HandleFrame(Span<byte> frame, bool isMarked, in UnitPlace place);
}
