namespace Keyway.Containers.WebM.Reading;

/// <summary>What bytes are that were read together.</summary>
internal enum SlabKind
{
    /// <summary>Nothing is there.</summary>
    None = 0,

    /// <summary>They end with <c>Tracks</c>.</summary>
    Description,

    /// <summary>Blocks of one cluster, or bytes that nobody looks at.</summary>
    Media,
}
