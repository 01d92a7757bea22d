namespace Keyway.Decryption;

/// <summary>The protection schemes of Common Encryption (ISO/IEC 23001-7, 10), named by their four-character codes.</summary>
public enum ProtectionScheme : uint
{
    /// <summary>Not said.</summary>
    None = 0,

    /// <summary>AES-CTR, whole samples or subsamples.</summary>
    Cenc = 0x63656E63,

    /// <summary>AES-CTR with a pattern of encrypted and clear blocks in each subsample.</summary>
    Cens = 0x63656E73,

    /// <summary>AES-CBC, whole samples or subsamples, chained across the subsamples of a sample.</summary>
    Cbc1 = 0x63626331,

    /// <summary>AES-CBC with a pattern of encrypted and clear blocks, restarted at each subsample.</summary>
    Cbcs = 0x63626373,
}
