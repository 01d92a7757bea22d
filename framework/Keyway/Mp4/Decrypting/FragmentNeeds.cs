using Keyway.Decryption;
using Keyway.MediaUnits;
using Keyway.Protection;

namespace Keyway.Mp4;

/// <summary>What opens the protected samples of one fragment of one track.</summary>
public sealed record FragmentNeeds
{
    /// <summary>The track, with its handler and its pixels.</summary>
    public required Mp4Track Track { get; init; }

    /// <summary>The scheme; <see cref="ProtectionScheme.None"/> for one that is not Common Encryption.</summary>
    public required ProtectionScheme Scheme { get; init; }

    /// <summary>The keys, each once.</summary>
    public required IReadOnlyList<KeyId> KeyIds { get; init; }

    /// <summary>The key that is said beside the fragment to open it; <see langword="null"/>: nothing is said, and <see cref="KeyIds"/> count.</summary>
    internal IUnitKey? UnitKey { get; init; }

    /// <summary>The <c>pssh</c> boxes that stand in this fragment's own <c>moof</c>: how rotating keys announce themselves.</summary>
    public IReadOnlyList<PsshBox> Protection { get; init; } = [];
}
