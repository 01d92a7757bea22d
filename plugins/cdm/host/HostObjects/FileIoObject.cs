using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Keyway.Cdm.Host.Interface;
using Keyway.Cdm.Wire;

namespace Keyway.Cdm.Host.HostObjects;

/// <summary>
/// <c>FileIO</c>: a file that the parent keeps. Every answer comes later than its call, also those that are known at once, and none comes after <c>Close</c>.
/// </summary>
/// <remarks>Threads: the dispatcher's; what the module calls from elsewhere is done there.</remarks>
internal sealed unsafe class FileIoObject
{
    private static readonly void** Table = NativeTable.Of(
    [
        (nint)(delegate* unmanaged[MemberFunction]<nint, byte*, uint, void>)&Open,
        (nint)(delegate* unmanaged[MemberFunction]<nint, void>)&Read,
        (nint)(delegate* unmanaged[MemberFunction]<nint, byte*, uint, void>)&Write,
        (nint)(delegate* unmanaged[MemberFunction]<nint, void>)&Close,
        (nint)(delegate* unmanaged[MemberFunction]<nint, void>)&Destructor,
        (nint)(delegate* unmanaged[MemberFunction]<nint, void>)&Destructor,
    ]);

    private static readonly SearchValues<byte> NameLetters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"u8);

    private readonly Dispatcher _dispatcher;
    private readonly FileTable _files;
    private readonly FileIoClient _client;
    private State _state;
    private uint _id;

    public FileIoObject(Dispatcher dispatcher, FileTable files, FileIoClient client)
    {
        (_dispatcher, _files, _client) = (dispatcher, files, client);
        nint* self = (nint*)NativeMemory.Alloc(2, (nuint)sizeof(nint));
        self[0] = (nint)Table;
        self[1] = GCHandle.ToIntPtr(GCHandle.Alloc(this));
        Native = (nint)self;
    }

    private enum State
    {
        New,
        Opening,
        Open,
        Reading,
        Writing,
        Closed,
    }

    /// <summary>What the module has.</summary>
    public nint Native { get; }

    /// <summary>What became of a call. An answer that was not asked for is left out.</summary>
    public void Answer(FileCall call, FileIoStatus status, ReadOnlySpan<byte> content)
    {
        State expected = call switch { FileCall.Open => State.Opening, FileCall.Read => State.Reading, _ => State.Writing };
        if (_state != expected) return;
        bool isThere = call != FileCall.Open || status == FileIoStatus.Success;
        _state = isThere ? State.Open : State.New;
        if (!isThere) Forget();
        Tell(call, status, content);
    }

    /// <summary>The rule of the interface: 1 to 256 of A-Z a-z 0-9 . _ -, and no _ at the beginning.</summary>
    internal static bool IsName(ReadOnlySpan<byte> name) =>
        name.Length is > 0 and <= WireLimits.FileName && name[0] != (byte)'_'
        && name.IndexOfAnyExcept(NameLetters) < 0;

    private void OpenFile(byte[] name)
    {
        if (_state == State.Closed) return;
        if (_state != State.New)
        {
            Refuse(FileCall.Open, FileIoStatus.InUse);
            return;
        }

        uint id = IsName(name) ? _files.Add(this) : 0;
        if (id == 0)
        {
            _dispatcher.Outlet.Asked(CdmQuestion.File, 0);
            Later(FileCall.Open, FileIoStatus.Error);
            return;
        }

        (_id, _state) = (id, State.Opening);
        _dispatcher.Outlet.Begin(FrameType.FileOpen, id).Bytes(name);
        _dispatcher.Outlet.Send();
    }

    private void ReadFile()
    {
        if (!MayCall(FileCall.Read)) return;
        _state = State.Reading;
        _dispatcher.Outlet.Send(FrameType.FileRead, _id);
    }

    private void WriteFile(byte[] content)
    {
        if (!MayCall(FileCall.Write)) return;
        if (content.Length > WireLimits.File)
        {
            _dispatcher.Report(CdmIrregularity.TooMuch);
            Later(FileCall.Write, FileIoStatus.Error);
            return;
        }

        _state = State.Writing;
        _dispatcher.Outlet.Begin(FrameType.FileWrite, _id).Bytes(content);
        _dispatcher.Outlet.Send();
    }

    private void CloseFile()
    {
        if (_state == State.Closed) return;
        _state = State.Closed;
        if (_id != 0) _dispatcher.Outlet.Send(FrameType.FileClose, _id);
        Forget();
        GCHandle.FromIntPtr(((nint*)Native)[1]).Free();
        NativeMemory.Free((void*)Native);
    }

    private void Forget()
    {
        _files.Remove(_id);
        _id = 0;
    }

    private bool MayCall(FileCall call)
    {
        if (_state == State.Open) return true;
        if (_state == State.New) Later(call, FileIoStatus.Error);
        else if (_state != State.Closed) Refuse(call, FileIoStatus.InUse);
        return false;
    }

    private void Refuse(FileCall call, FileIoStatus status)
    {
        _dispatcher.Report(CdmIrregularity.File);
        Later(call, status);
    }

    private void Later(FileCall call, FileIoStatus status) => _dispatcher.Post(() => Tell(call, status, default));

    private void Tell(FileCall call, FileIoStatus status, ReadOnlySpan<byte> content)
    {
        if (_state == State.Closed) return;
        using StageScope stage = _dispatcher.Enter(CdmStage.FileAnswer);
        if (call == FileCall.Open) _client.OnOpenComplete(status);
        else if (call == FileCall.Read) _client.OnReadComplete(status, content);
        else _client.OnWriteComplete(status);
    }

    /// <summary>Does what the module called, on the right thread.</summary>
    private static void Do(nint self, Action<FileIoObject> action)
    {
        FileIoObject file = (FileIoObject)GCHandle.FromIntPtr(((nint*)self)[1]).Target!;
        if (file._dispatcher.IsHere)
        {
            action(file);
            return;
        }

        file._dispatcher.Report(CdmIrregularity.OtherThread);
        file._dispatcher.Post(() => action(file));
    }

    private static byte[] Copy(byte* at, uint size)
    {
        if (size > HostLimits.CallbackBytes || (at == null && size > 0)) throw new TooMuchException();
        return new ReadOnlySpan<byte>(at, (int)size).ToArray();
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    private static void Open(nint self, byte* name, uint size)
    {
        try
        {
            // A name that is too long is refused like one with a wrong letter, and not read.
            byte[] copy = size <= WireLimits.FileName ? Copy(name, size) : [];
            Do(self, file => file.OpenFile(copy));
        }
        catch (Exception e)
        {
            Failed(self, FileCall.Open, e);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    private static void Read(nint self)
    {
        try { Do(self, static file => file.ReadFile()); }
        catch (Exception e) { Failed(self, FileCall.Read, e); }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    private static void Write(nint self, byte* data, uint size)
    {
        try
        {
            byte[] copy = Copy(data, size);
            Do(self, file => file.WriteFile(copy));
        }
        catch (Exception e)
        {
            Failed(self, FileCall.Write, e);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    private static void Close(nint self)
    {
        try { Do(self, static file => file.CloseFile()); }
        catch (Exception) { HostExit.Now(HostExit.Broken); }
    }

    /// <summary>Not the module's to call: <c>Close</c> is.</summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    private static void Destructor(nint self)
    {
    }

    /// <summary>What could not be taken is answered all the same: a module that waits for it would wait for ever.</summary>
    private static void Failed(nint self, FileCall call, Exception exception)
    {
        try
        {
            CdmIrregularity what = exception is TooMuchException ? CdmIrregularity.TooMuch : CdmIrregularity.Failed;
            Do(self, file =>
            {
                file._dispatcher.Report(what);
                file.Later(call, FileIoStatus.Error);
            });
        }
        catch (Exception)
        {
            HostExit.Now(HostExit.Broken);
        }
    }
}
