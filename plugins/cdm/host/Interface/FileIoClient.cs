namespace Keyway.Cdm.Host.Interface;

/// <summary><c>FileIOClient</c>: the module's side of a file. Calls out, on the dispatcher alone.</summary>
/// <param name="Self">The object, the module's until it closes its file.</param>
internal readonly unsafe record struct FileIoClient(nint Self)
{
    public void OnOpenComplete(FileIoStatus status) => ((delegate* unmanaged[MemberFunction]<nint, uint, void>)Slot(0))(Self, (uint)status);

    public void OnReadComplete(FileIoStatus status, ReadOnlySpan<byte> data)
    {
        fixed (byte* at = data) ((delegate* unmanaged[MemberFunction]<nint, uint, byte*, uint, void>)Slot(1))(Self, (uint)status, at, (uint)data.Length);
    }

    public void OnWriteComplete(FileIoStatus status) => ((delegate* unmanaged[MemberFunction]<nint, uint, void>)Slot(2))(Self, (uint)status);

    private void* Slot(int index) => (*(void***)Self)[index];
}
