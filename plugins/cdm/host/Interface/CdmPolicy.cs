using System.Runtime.InteropServices;

namespace Keyway.Cdm.Host.Interface;

/// <summary><c>Policy</c>: what a key would ask of the output.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CdmPolicy
{
    /// <summary><c>HdcpVersion</c>.</summary>
    public uint MinimumHdcp;
}
