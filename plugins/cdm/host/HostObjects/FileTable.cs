using Keyway.Cdm.Host.Interface;
using Keyway.Cdm.Wire;

namespace Keyway.Cdm.Host.HostObjects;

/// <summary>The files of a module that are open, by the number under which the parent knows them.</summary>
/// <remarks>Threads: the dispatcher's, but for <see cref="Create"/>.</remarks>
/// <param name="dispatcher">The module's thread.</param>
internal sealed class FileTable(Dispatcher dispatcher)
{
    private readonly Dictionary<uint, FileIoObject> _open = [];
    private uint _last;

    /// <summary>How many there are.</summary>
    public int Count => _open.Count;

    /// <summary>Makes a <c>FileIO</c>. It is not a file before the module opens it. From any thread.</summary>
    /// <param name="client">Whom it answers.</param>
    /// <returns>The object. Ownership: the module's, until it calls <c>Close</c>.</returns>
    public nint Create(FileIoClient client) => new FileIoObject(dispatcher, this, client).Native;

    /// <summary>Gives a file its number.</summary>
    /// <returns>0: too many are open.</returns>
    public uint Add(FileIoObject file)
    {
        if (_open.Count >= WireLimits.Files) return 0;
        _open.Add(++_last, file);
        return _last;
    }

    /// <summary>Forgets a file: what the parent still answers is nobody's.</summary>
    public void Remove(uint id) => _open.Remove(id);

    /// <summary>What became of a file's call.</summary>
    public void Answer(uint id, FileCall call, FileIoStatus status, ReadOnlySpan<byte> content)
    {
        if (_open.TryGetValue(id, out FileIoObject? file)) file.Answer(call, status, content);
    }
}
