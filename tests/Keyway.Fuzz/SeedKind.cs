namespace Keyway.Fuzz;

/// <summary>What the bytes of a seed are.</summary>
internal enum SeedKind
{
    None = 0,
    Media,
    Pssh,
    Header,
    Manifest,
    Playlist,
    Json,
    License,
    Pack,
    TransportStream,
    PackedAudio,
    Text,
    Cpix,
    WebM,
    SmoothManifest,
    SmoothFragment,
    SmoothCodec,
    CdmFrames,
    Record,
}
