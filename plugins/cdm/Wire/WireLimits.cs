namespace Keyway.Cdm.Wire;

/// <summary>What parent and child send each other at most, and how much memory they share. Both refuse more.</summary>
internal static class WireLimits
{
    /// <summary>The version of the frames: both ends are of one build, so another version is a mixed folder.</summary>
    public const uint Version = 1;

    /// <summary>Length, type and id before the fields of a frame.</summary>
    public const int Header = 10;

    /// <summary>The fields of a frame: a file of 512 KiB, a licence of 512 KiB, thousands of slots.</summary>
    public const int Frame = 1 << 20;

    /// <summary>A session identifier. Google's are 32 letters, Firefox's one digit.</summary>
    public const int SessionId = 256;

    /// <summary>A key identifier: Common Encryption has 16 bytes, WebM any number.</summary>
    public const int KeyId = 512;

    /// <summary>A message of a session, an answer of a service, init data.</summary>
    public const int Message = 512 << 10;

    /// <summary>A text for people.</summary>
    public const int Text = 1024;

    /// <summary>A path.</summary>
    public const int Path = 4096;

    /// <summary>The keys of one session: an album of keys is a few dozen, rotation a few hundred.</summary>
    public const int Keys = 4096;

    /// <summary>A file of the module, and its name, as the interface has them.</summary>
    public const int File = 512 << 10;

    /// <summary>The name of a file of the module.</summary>
    public const int FileName = 256;

    /// <summary>Files that are open at once. Firefox's module opens two.</summary>
    public const int Files = 64;

    /// <summary>A slot of <see cref="FrameType.Decrypt"/> in bytes, without its subsamples.</summary>
    public const int Slot = 4 + 4 + 1 + 16 + 4;

    /// <summary>A subsample of <see cref="FrameType.Decrypt"/> in bytes.</summary>
    public const int Subsample = 8;

    /// <summary>The fields of <see cref="FrameType.Decrypt"/> before its slots, with a key identifier of 16 bytes.</summary>
    public const int DecryptHead = 1 + 4 + 4 + 4 + 4 + 16 + 4 + 4;

    /// <summary>The certificate of a service, as Chromium bounds it.</summary>
    public const int MinCertificate = 128;

    /// <inheritdoc cref="MinCertificate"/>
    public const int MaxCertificate = 16 << 10;
}
