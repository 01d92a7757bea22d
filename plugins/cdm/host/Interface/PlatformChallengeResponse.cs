using System.Runtime.InteropServices;

namespace Keyway.Cdm.Host.Interface;

/// <summary><c>PlatformChallengeResponse</c>. Of a host that attests nothing it is all zero.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct PlatformChallengeResponse
{
    public byte* SignedData;
    public uint SignedDataSize;
    public byte* Signature;
    public uint SignatureSize;
    public byte* Certificate;
    public uint CertificateSize;
}
