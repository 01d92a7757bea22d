namespace Keyway.Protection;

/// <summary>The ways in which places contradict each other.</summary>
public enum ProtectionConflictKind
{
    /// <summary>Not said.</summary>
    None = 0,

    /// <summary>The manifest's default key of a track is not that of its file. The file is right.</summary>
    DefaultKeyMismatch,

    /// <summary>The manifest's scheme of a track is not that of its file. The file is right.</summary>
    SchemeMismatch,

    /// <summary>Manifest and file hold different headers of one system for one key.</summary>
    HeaderMismatch,

    /// <summary>A header is for a key that no track uses.</summary>
    KeyWithoutTrack,

    /// <summary>A track uses a key that no header is for, although there are headers.</summary>
    KeyWithoutHeader,

    /// <summary>A header cannot be read by its key system.</summary>
    UnreadableHeader,
}
