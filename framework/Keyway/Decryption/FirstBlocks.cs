namespace Keyway.Decryption;

/// <summary>
/// The first blocks of a process are the business of kernels that may have been compiled before it began. The JIT takes a millisecond for each of the others, which it optimizes
/// at once and cannot find ready (<see cref="System.Runtime.CompilerServices.MethodImplOptions.AggressiveOptimization"/>): much of what a small file takes, and nothing of a large one.
/// </summary>
/// <remarks>Threads: any. Two that come at once may both be counted or not: it decides about speed only.</remarks>
internal static class FirstBlocks
{
    /// <summary>One megabyte.</summary>
    private const int All = (1 << 20) / AesHardware.BlockSize;

    private static int _left = All;

    /// <summary>Whether so many blocks still belong to the first.</summary>
    public static bool Take(nuint blocks)
    {
        if (_left <= 0) return false;
        _left -= (int)nuint.Min(blocks, All);
        return true;
    }
}
