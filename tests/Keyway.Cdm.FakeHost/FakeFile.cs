using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Keyway.Cdm.FakeHost;

/// <summary>A file of the fake: the <c>FileIO</c> that the host made, and the <c>FileIOClient</c> that it answers.</summary>
internal sealed unsafe class FakeFile
{
    private static readonly void** Table = MakeTable();

    private readonly FakeModule _module;
    private readonly nint _file;

    public FakeFile(FakeModule module, FakeCall call)
    {
        _module = module;
        Call = call with { File = this };
        nint* client = (nint*)NativeMemory.Alloc(2, (nuint)sizeof(nint));
        client[0] = (nint)Table;
        client[1] = GCHandle.ToIntPtr(GCHandle.Alloc(this));
        _file = module.Host.CreateFileIO((nint)client);
        module.Log(_file == 0 ? "no file" : "a file");
    }

    /// <summary>What the file was opened for.</summary>
    public FakeCall Call { get; }

    public void Open(string name)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(name);
        fixed (byte* at = bytes) ((delegate* unmanaged[MemberFunction]<nint, byte*, uint, void>)Slot(0))(_file, at, (uint)bytes.Length);
    }

    public void Read() => ((delegate* unmanaged[MemberFunction]<nint, void>)Slot(1))(_file);

    public void Write(ReadOnlySpan<byte> content)
    {
        fixed (byte* at = content) ((delegate* unmanaged[MemberFunction]<nint, byte*, uint, void>)Slot(2))(_file, at, (uint)content.Length);
    }

    public void Close() => ((delegate* unmanaged[MemberFunction]<nint, void>)Slot(3))(_file);

    private void* Slot(int slot)
    {
        _module.Log($"file < {slot}");
        return (*(void***)_file)[slot];
    }

    private static void** MakeTable()
    {
        void** table = (void**)NativeMemory.Alloc(3, (nuint)sizeof(nint));
        table[0] = (delegate* unmanaged[MemberFunction]<nint*, uint, void>)&OnOpenComplete;
        table[1] = (delegate* unmanaged[MemberFunction]<nint*, uint, byte*, uint, void>)&OnReadComplete;
        table[2] = (delegate* unmanaged[MemberFunction]<nint*, uint, void>)&OnWriteComplete;
        return table;
    }

    private static FakeFile Of(nint* self) => (FakeFile)GCHandle.FromIntPtr(self[1]).Target!;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    private static void OnOpenComplete(nint* self, uint status) => Of(self).Told("Opened", 0, status, []);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    private static void OnReadComplete(nint* self, uint status, byte* data, uint size) => Of(self).Told("Read", 1, status, new ReadOnlySpan<byte>(data, (int)size));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    private static void OnWriteComplete(nint* self, uint status) => Of(self).Told("Written", 2, status, []);

    private void Told(string method, int slot, uint status, ReadOnlySpan<byte> content)
    {
        _module.Log($"file > {slot} {status} {Encoding.UTF8.GetString(content)}".TrimEnd());
        _module.Run(method, Call);
    }
}
