using System.IO.Pipes;
using System.Runtime.InteropServices;

namespace Keyway.Cdm.Child;

/// <summary>Who is at the other end of a pipe, where the platform says it.</summary>
internal static partial class PeerId
{
    private const int SocketLevel = 1, PeerCredentials = 17;   // SOL_SOCKET, SO_PEERCRED

    /// <summary>The process at the other end; <see langword="null"/>: the platform does not say.</summary>
    public static int? Of(NamedPipeServerStream pipe)
    {
        nint handle = pipe.SafePipeHandle.DangerousGetHandle();
        if (OperatingSystem.IsWindows()) return GetClient(handle, out uint client) ? (int)client : null;
        if (!OperatingSystem.IsLinux()) return null;
        int length = Marshal.SizeOf<Credentials>();
        return GetOption((int)handle, SocketLevel, PeerCredentials, out Credentials peer, ref length) == 0 ? peer.Process : null;
    }

    [LibraryImport("kernel32", EntryPoint = "GetNamedPipeClientProcessId", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool GetClient(nint pipe, out uint process);

    [LibraryImport("libc", EntryPoint = "getsockopt")]
    private static partial int GetOption(int socket, int level, int option, out Credentials value, ref int length);

    private struct Credentials
    {
        public int Process;
        public uint User;
        public uint Group;
    }
}
