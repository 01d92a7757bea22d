using Keyway.Containers.TransportStream.Decrypting;

namespace Keyway.Containers.TransportStream.PackedAudio;

/// <summary>Whether frames of packed audio are protected: their tag may say so, and their playlist does.</summary>
internal static class PackedAudioKey
{
    /// <summary>Whether a frame is to be opened.</summary>
    /// <param name="key">The key that is in force.</param>
    /// <param name="isMarked">Whether a tag says that it is protected.</param>
    /// <param name="place">Where it stands.</param>
    /// <exception cref="MediaFormatException">It is protected, and no key is in force.</exception>
    public static bool IsNeeded(SampleAesKey? key, bool isMarked, in UnitPlace place)
    {
        if (isMarked && key is null) throw place.Error("its tag says that the audio is protected with SAMPLE-AES, and no such key is in force here");
        return key is not null && (isMarked || key.OpensUnmarked);
    }
}
