using System.Runtime.InteropServices;
using Keyway.Cdm.Wire;

namespace Keyway.Cdm.Host.Interface;

/// <summary><c>InputBuffer_2</c>: one sample that is to be decrypted. Pointers are borrowed for the call.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct InputBuffer2
{
    public byte* Data;
    public uint DataSize;
    public CdmScheme Scheme;
    public byte* KeyId;
    public uint KeyIdSize;
    private readonly uint _padding1;
    public byte* InitializationVector;
    public uint InitializationVectorSize;
    private readonly uint _padding2;
    public SubsampleEntry* Subsamples;
    public uint SubsampleCount;
    private readonly uint _padding3;
    public uint CryptBlocks;
    public uint SkipBlocks;

    /// <summary>Microseconds.</summary>
    public long Timestamp;
}
