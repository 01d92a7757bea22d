using System.Runtime.InteropServices;

namespace Keyway.Cdm.Host.Interface;

/// <inheritdoc cref="HostFile"/>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct WindowsHostFile
{
    /// <summary>With a zero at the end.</summary>
    public char* Path;
    public nint File;

    /// <summary>-1, <c>INVALID_HANDLE_VALUE</c>: there is no signature.</summary>
    public nint Signature;
}
