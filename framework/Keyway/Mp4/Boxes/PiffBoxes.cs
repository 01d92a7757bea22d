namespace Keyway.Mp4.Boxes;

/// <summary>The <c>uuid</c> boxes of Microsoft's Protected Interoperable File Format 1.1, which Common Encryption grew out of.</summary>
internal static class PiffBoxes
{
    /// <summary>PIFF 1.1, 5.3.3: what became <c>tenc</c>.</summary>
    public static readonly Guid Tenc = new("8974dbce-7be7-4c51-84f9-7148f9882554");

    /// <summary>PIFF 1.1, 5.3.2: what became <c>senc</c>.</summary>
    public static readonly Guid Senc = new("a2394f52-5a9b-4f14-a244-6c427c648df4");

    /// <summary>PIFF 1.1, 5.3.1: what became <c>pssh</c>.</summary>
    public static readonly Guid Pssh = new("d08a4f18-10f3-4a82-b6c8-32d8aba183d3");

    /// <summary>Smooth Streaming, 2.2.4.4: absolute decode time and duration of a fragment.</summary>
    public static readonly Guid Tfxd = new("6d1d9b05-42d5-44e6-80e2-141daff757b2");

    /// <summary>Smooth Streaming, 2.2.4.5: times of fragments to come.</summary>
    public static readonly Guid Tfrf = new("d4807ef2-ca39-4695-8e54-26cb9e46a79f");

    /// <summary>The algorithm of a <c>tenc</c> or <c>senc</c> of PIFF: AES in counter mode.</summary>
    public const uint AesCtr = 1;

    /// <summary>AES in CBC mode.</summary>
    public const uint AesCbc = 2;
}
