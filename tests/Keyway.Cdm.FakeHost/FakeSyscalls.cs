using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Keyway.Cdm.FakeHost;

/// <summary>What a module does behind the back of its host: end the process, look at files, reach others.</summary>
internal static unsafe partial class FakeSyscalls
{
    /// <summary>A fault inside of native code, which no runtime catches.</summary>
    public static void Crash() => Fill(null, 0, 1);

    /// <summary>Tries what a sandbox should deny, and writes down what came of it: <c>denied ERRNO</c>, or <c>SUCCEEDED</c>.</summary>
    public static void Try(FakeModule module, string what, string argument)
    {
        long result;
        switch (what)
        {
            case "open":
                result = Open(argument, 0, 0);
                break;
            case "create":
                result = Open(argument, 0x41 /* O_WRONLY | O_CREAT */, 0x180);
                break;
            case "socket":
                result = Socket(2, 1, 0);
                break;
            case "connect":
                result = Connect(int.Parse(argument, System.Globalization.CultureInfo.InvariantCulture));
                break;
            case "exec":
                byte* program = (byte*)Marshal.StringToCoTaskMemUTF8(argument);
                byte** arguments = stackalloc byte*[] { program, null };
                byte** environment = stackalloc byte*[] { null };
                result = Execute(program, arguments, environment);
                break;
            case "fork":
                result = Fork();
                if (result == 0) Exit(0);
                break;
            case "ptrace":
                result = Trace(16 /* PTRACE_ATTACH */, int.Parse(argument, System.Globalization.CultureInfo.InvariantCulture), 0, 0);
                break;
            case "kill":
                result = Kill(int.Parse(argument, System.Globalization.CultureInfo.InvariantCulture), 0);
                break;
            case "dumpable":
                result = Control(4 /* PR_SET_DUMPABLE */, 1, 0, 0, 0);
                break;
            case "read-memory":
                byte here = 0;
                Vector local = new() { Base = &here, Length = 1 }, remote = new() { Base = (void*)0x10000, Length = 1 };
                result = ReadMemory(int.Parse(argument, System.Globalization.CultureInfo.InvariantCulture), &local, 1, &remote, 1, 0);
                break;
            case "descriptors":
                foreach (string path in Directory.GetFiles("/proc/self/fd")) module.Log($"descriptor {new FileInfo(path).LinkTarget}");
                return;
            case "thread":
                bool ran = false;
                Thread thread = new(() => ran = true);
                thread.Start();
                thread.Join();
                module.Log($"try thread {(ran ? "SUCCEEDED" : "denied")}");
                return;
            case "collect":
                GC.Collect();
                GC.WaitForPendingFinalizers();
                module.Log("try collect SUCCEEDED");
                return;
            default:
                module.Log($"no such try: {what}");
                return;
        }

        int error = Marshal.GetLastPInvokeError();
        module.Log($"try {what} {(result < 0 ? $"denied {error}" : "SUCCEEDED")}");
    }

    /// <summary>Writes down what the module was shown of its host: 16 bytes a file, path, descriptor, signature.</summary>
    public static void LogHostFiles(FakeModule module, byte* files, uint count)
    {
        for (uint i = 0; i < count; i++, files += 16)
        {
            int descriptor = *(int*)(files + 8);
            byte first;
            nint read = Read(descriptor, &first, 1);
            module.Log($"host file {Path.GetFileName(Marshal.PtrToStringUTF8(*(nint*)files))} {(read == 1 ? "readable" : "unreadable")} signature {*(int*)(files + 12)}");
            _ = Close(descriptor);
        }
    }

    private static long Connect(int port)
    {
        int socket = Socket(2 /* AF_INET */, 1, 0);
        if (socket < 0) return socket;
        byte* address = stackalloc byte[16];
        new Span<byte>(address, 16).Clear();
        *(ushort*)address = 2;
        BinaryPrimitives.WriteUInt16BigEndian(new Span<byte>(address + 2, 2), (ushort)port);
        BinaryPrimitives.WriteUInt32BigEndian(new Span<byte>(address + 4, 4), 0x7f000001);
        return Connect(socket, address, 16);
    }

    [LibraryImport("libc", EntryPoint = "memset")]
    private static partial void Fill(void* at, int value, nuint count);

    [LibraryImport("libc", EntryPoint = "abort")]
    public static partial void Abort();

    [LibraryImport("libc", EntryPoint = "_exit")]
    public static partial void Exit(int code);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial int Socket(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "connect", SetLastError = true)]
    private static partial int Connect(int socket, byte* address, uint length);

    [LibraryImport("libc", EntryPoint = "execve", SetLastError = true)]
    private static partial int Execute(byte* program, byte** arguments, byte** environment);

    [LibraryImport("libc", EntryPoint = "fork", SetLastError = true)]
    private static partial int Fork();

    [LibraryImport("libc", EntryPoint = "ptrace", SetLastError = true)]
    private static partial nint Trace(int request, int process, nint address, nint data);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);

    [LibraryImport("libc", EntryPoint = "prctl", SetLastError = true)]
    private static partial int Control(int option, nint value, nint third, nint fourth, nint fifth);

    [LibraryImport("libc", EntryPoint = "process_vm_readv", SetLastError = true)]
    private static partial nint ReadMemory(int process, Vector* local, nuint locals, Vector* remote, nuint remotes, nuint flags);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint Read(int descriptor, byte* to, nuint count);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);

    [StructLayout(LayoutKind.Sequential)]
    private struct Vector
    {
        public void* Base;
        public nuint Length;
    }
}
