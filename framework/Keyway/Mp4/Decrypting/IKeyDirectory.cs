namespace Keyway.Mp4;

/// <summary>What is known about keys that the user holds besides the keys: a document that they came from.</summary>
internal interface IKeyDirectory
{
    /// <summary>Refuses what it contradicts, and keys that it names and does not have.</summary>
    /// <param name="needs">What is to be opened.</param>
    /// <param name="id">One of its keys.</param>
    /// <param name="isHeld">Whether the key is there.</param>
    /// <exception cref="KeywayException">It is refused.</exception>
    void Check(FragmentNeeds needs, KeyId id, bool isHeld);

    /// <summary>The key of a track whose samples name none.</summary>
    /// <param name="track">The track.</param>
    /// <exception cref="KeywayException">There is none, or it cannot tell.</exception>
    KeyId Choose(Mp4Track track);
}
