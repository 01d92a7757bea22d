using Keyway.Decryption;

namespace Keyway.Hosting.Configuration;

/// <summary>How samples are decrypted: the section <c>Keyway:Decryption</c>.</summary>
public sealed record DecryptionOptions
{
    /// <summary>Which AES is used.</summary>
    public Acceleration Acceleration { get; init; }

    /// <summary>How many fragments are decrypted at once. 0: as many as there are processors. Reading and writing go on beside them.</summary>
    public int MaxParallelFragments { get; init; }
}
