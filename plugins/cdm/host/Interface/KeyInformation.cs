using System.Runtime.InteropServices;

namespace Keyway.Cdm.Host.Interface;

/// <summary><c>KeyInformation</c>: a key of a session and what may be done with it. The pointer is the module's, for the call.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct KeyInformation
{
    public byte* KeyId;
    public uint KeyIdSize;

    /// <summary><c>KeyStatus</c>, as it was said: a module may say what no header has.</summary>
    public uint Status;
    public uint SystemCode;
}
