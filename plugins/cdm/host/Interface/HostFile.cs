using System.Runtime.InteropServices;

namespace Keyway.Cdm.Host.Interface;

/// <summary><c>HostFile</c>: a file of the host, open, and its signature. Ownership: the module closes both handles.</summary>
/// <remarks>On Windows paths are UTF-16 and handles are of pointer size, elsewhere paths are UTF-8 and handles are 32 bits wide: 16 bytes there, and the second handle stands directly behind the first.</remarks>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct HostFile
{
    /// <summary>With a zero at the end.</summary>
    public byte* Path;
    public int File;

    /// <summary>-1: there is no signature.</summary>
    public int Signature;
}
