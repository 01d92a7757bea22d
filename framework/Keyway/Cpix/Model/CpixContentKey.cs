using Keyway.Decryption;

namespace Keyway.Cpix;

/// <summary>A <c>ContentKey</c>: what a document says about one key, and nothing of the key itself.</summary>
/// <remarks>Threads: those of its document.</remarks>
public sealed class CpixContentKey
{
    internal CpixContentKey()
    {
    }

    /// <summary>The key identifier (<c>@kid</c>).</summary>
    public required KeyId Id { get; init; }

    /// <summary>Where in the document: an XPath with ordinals from 0.</summary>
    public required string Path { get; init; }

    /// <summary>The protection scheme that it is meant for (<c>@commonEncryptionScheme</c>); <see cref="ProtectionScheme.None"/> where none is said, or one that is not Common Encryption's.</summary>
    public ProtectionScheme Scheme { get; init; }

    /// <summary>The same as it is written; <see langword="null"/> where it is not said.</summary>
    public string? SchemeText { get; init; }

    /// <summary>The root key that it is derived for (<c>@dependsOnKey</c>), of keys that rotate.</summary>
    public KeyId? DependsOn { get; init; }

    /// <summary>The content that it is for (<c>@contentId</c>, of 2.4).</summary>
    public string? ContentId { get; init; }

    /// <summary>Whether the document gives an initialisation vector with it (<c>@explicitIV</c>). There are services that write the key itself there, so that its bytes are treated like it.</summary>
    public bool HasInitializationVector => Vector >= 0;

    /// <summary>Whether the key is there.</summary>
    public CpixKeyState State { get; internal set; }

    /// <summary>Where the key lies in the document's memory; -1: nowhere.</summary>
    internal int Slot { get; set; } = -1;

    /// <summary>Where its vector lies there; -1: nowhere.</summary>
    internal int Vector { get; init; } = -1;

    /// <summary>What it is encrypted to.</summary>
    internal EncryptedValue? Encrypted { get; init; }
}
