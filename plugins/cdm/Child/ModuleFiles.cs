using System.Buffers;
using System.Security.Cryptography;
using Keyway.Cdm.Wire;
using Keyway.Plugins;

namespace Keyway.Cdm.Child;

/// <summary>The open files of one child. One call of a file at a time, as the interface has it; answers come later, never inside the call.</summary>
/// <param name="store">What is kept.</param>
/// <remarks>Threads: frames come from one; answers go from any.</remarks>
internal sealed class ModuleFiles(ModuleStore store) : IChildFiles, IDisposable
{
    private const uint Success = 0, InUse = 1, Error = 2;

    private readonly Lock _gate = new();
    private readonly Dictionary<uint, OpenFile> _files = [];
    private readonly CancellationTokenSource _over = new();
    private CdmChild? _child;

    /// <summary>How many files are open: for the test that it stays bounded.</summary>
    internal int Count
    {
        get
        {
            lock (_gate) return _files.Count;
        }
    }

    /// <summary>Says whom to answer.</summary>
    public void Serve(CdmChild child)
    {
        _child = child;
        _ = child.Ended.ContinueWith(_ => Dispose(), TaskScheduler.Default);
    }

    public bool TryHandle(FrameHead head, ReadOnlySpan<byte> fields)
    {
        FrameReader reader = new(fields);
        switch (head.Type)
        {
            case FrameType.FileOpen:
                string name = reader.Text(WireLimits.FileName);
                return reader.IsWhole && head.Id != 0 && TryOpen(head.Id, name);
            case FrameType.FileRead:
                return reader.IsWhole && TryBegin(head.Id, out OpenFile? read) && Run(FileCall.Read, head.Id, read!, default);
            case FrameType.FileWrite:
                byte[] content = reader.Bytes(WireLimits.File).ToArray();
                return reader.IsWhole && TryBegin(head.Id, out OpenFile? written) && Run(FileCall.Write, head.Id, written!, content);
            case FrameType.FileClose:
                lock (_gate) return reader.IsWhole && _files.Remove(head.Id);
            default:
                return false;
        }
    }

    public void Dispose()
    {
        lock (_gate) _files.Clear();
        _over.Cancel();
        _over.Dispose();
    }

    private bool TryOpen(uint id, string name)
    {
        uint status = !store.IsAllowed ? Error : Success;
        lock (_gate)
        {
            if (_files.ContainsKey(id) || _files.Count >= WireLimits.Files) return false;
            if (_files.Values.Any(file => file.Name == name && file.IsOpen)) status = InUse;
            _files.Add(id, new OpenFile(name) { IsOpen = status == Success });
        }

        // Not on the thread that reads: a child that does not read what it is answered could not be read either.
        _ = Task.Run(() => Answer(id, FileCall.Open, status, default));
        return true;
    }

    private bool TryBegin(uint id, out OpenFile? file)
    {
        lock (_gate)
        {
            // A second call beside one that is under way is no call: the interface forbids it, and the child keeps to it.
            return _files.TryGetValue(id, out file) && !file.IsBusy && (file.IsBusy = true);
        }
    }

    private bool Run(FileCall call, uint id, OpenFile file, byte[]? content)
    {
        _ = RunAsync(call, id, file, content);
        return true;
    }

    private async Task RunAsync(FileCall call, uint id, OpenFile file, byte[]? content)
    {
        await Task.Yield();   // not on the thread that reads
        IMemoryOwner<byte>? kept = null;
        uint status = Error;
        try
        {
            if (file.IsOpen && call == FileCall.Read) kept = await store.ReadAsync(file.Name, _over.Token).ConfigureAwait(false);
            else if (file.IsOpen) await store.WriteAsync(file.Name, content, _over.Token).ConfigureAwait(false);
            status = file.IsOpen ? Success : Error;
        }
        catch (PluginStorageException exception)
        {
            store.NoteFailure(exception);
        }
        catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
        {
            return;   // the child is gone
        }
        finally
        {
            CryptographicOperations.ZeroMemory(content);
            lock (_gate) file.IsBusy = false;
        }

        using (kept) Answer(id, call, status, kept is null ? default : kept.Memory);
    }

    private void Answer(uint id, FileCall call, uint status, ReadOnlyMemory<byte> content)
    {
        try
        {
            _child?.Send(FrameType.FileAnswer, id, frame =>
            {
                frame.U8((byte)call);
                frame.U32(status);
                frame.Bytes(content.Span);
            });
        }
        catch (IOException)
        {
            _child?.Broken();
        }
    }

    private sealed class OpenFile(string name)
    {
        public string Name => name;

        public bool IsOpen { get; init; }

        public bool IsBusy { get; set; }
    }
}
