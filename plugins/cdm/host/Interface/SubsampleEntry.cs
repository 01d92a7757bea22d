using System.Runtime.InteropServices;

namespace Keyway.Cdm.Host.Interface;

/// <summary><c>SubsampleEntry</c>: bytes that are clear, then bytes that are protected.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct SubsampleEntry
{
    public uint Clear;
    public uint Protected;
}
