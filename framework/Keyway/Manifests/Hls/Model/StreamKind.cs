namespace Keyway.Manifests.Hls.Model;

/// <summary>What a stream of a multivariant playlist is there for.</summary>
internal enum StreamKind
{
    /// <summary>To be played.</summary>
    Variant = 0,

    /// <summary>Sync samples only.</summary>
    IFrames,

    /// <summary>Thumbnails.</summary>
    Images,
}
