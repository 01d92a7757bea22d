using System.Runtime.Intrinsics;
using Arm = System.Runtime.Intrinsics.Arm;
using X86 = System.Runtime.Intrinsics.X86;

namespace Keyway.Decryption;

/// <summary>Which AES a key uses.</summary>
public enum Acceleration
{
    /// <summary>The processor's instructions where it has them, else the operating system's AES.</summary>
    Auto = 0,

    /// <summary>The operating system's AES, also where the processor has instructions.</summary>
    Portable,
}

/// <summary>The three ways of doing AES.</summary>
internal enum AesPath
{
    /// <summary>The operating system's AES.</summary>
    Portable = 0,

    /// <summary>AES-NI.</summary>
    X86,

    /// <summary>The AES extension of ARMv8.</summary>
    Arm,
}

/// <summary>The one place that says whether this processor has AES instructions. Kernels never ask again.</summary>
internal static class AesHardware
{
    /// <summary>The size of a block in bytes.</summary>
    public const int BlockSize = 16;

    /// <summary>Whether the kernels can run here. .NET implies SSSE3 by AES-NI; both lay counters out in little-endian order.</summary>
    public static bool IsSupported => (X86.Aes.IsSupported || Arm.Aes.IsSupported) && Vector128.IsHardwareAccelerated && BitConverter.IsLittleEndian;

    /// <summary>Chooses the way for a key.</summary>
    /// <param name="acceleration">What configuration allows.</param>
    /// <returns>The fastest way that is allowed and there.</returns>
    public static AesPath Choose(Acceleration acceleration)
    {
        if (acceleration == Acceleration.Portable || !IsSupported) return AesPath.Portable;
        return X86.Aes.IsSupported ? AesPath.X86 : AesPath.Arm;
    }
}
