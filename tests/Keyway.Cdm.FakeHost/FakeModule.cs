using System.Collections.Concurrent;
using System.Text;

namespace Keyway.Cdm.FakeHost;

/// <summary>A module in C#: one object with the module's table, and the script that says what its methods do.</summary>
internal sealed unsafe class FakeModule : IDisposable
{
    private readonly FakeScript _script;
    private readonly FileStream? _log;
    private readonly Lock _logLock = new();
    private readonly StringBuilder _lines = new();
    private readonly ConcurrentDictionary<nint, Action> _timers = new();
    private readonly List<Action> _held = [];
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private long _nextTimer;
    private int _sessions;

    public FakeModule(FakeScript script)
    {
        _script = script;
        if (script.Log is { } path) _log = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        Cipher = new FakeCipher(script.Keys);
        Actions = new FakeActions(this);
        Defaults = new FakeDefaults(this);
    }

    /// <summary>The host, once there is one.</summary>
    public FakeHostCalls Host { get; private set; } = null!;

    /// <summary>Whether it copies samples instead of decrypting them, and counts what is allocated meanwhile.</summary>
    public bool Measures => _script.Measures;

    public FakeCipher Cipher { get; }

    public FakeActions Actions { get; }

    public FakeDefaults Defaults { get; }

    /// <summary>What happened so far.</summary>
    public string Lines
    {
        get
        {
            lock (_logLock) return _lines.ToString();
        }
    }

    /// <summary>The object that the host calls, or 0.</summary>
    public nint Create(int version, delegate* unmanaged[Cdecl]<int, nint, nint> getHost, nint data)
    {
        Log($"create {version}");
        if (!_script.Accepted.Contains(version)) return 0;
        int wanted = _script.HostVersion == 0 ? version : _script.HostVersion;
        nint host = getHost(wanted, data);
        Log($"host {wanted} {(host == 0 ? "none" : "given")}, host 9 {(getHost(9, data) == 0 ? "none" : "given")}, host 12 {(getHost(12, data) == 0 ? "none" : "given")}");
        if (host == 0) return 0;
        Host = new FakeHostCalls(host, this);
        return FakeTable.Object;
    }

    /// <summary>Writes down that a slot of the module was called, and on which thread.</summary>
    public void Called(int slot) => Log(Environment.CurrentManagedThreadId == _thread ? $"> {slot}" : $"> {slot} on another thread");

    /// <summary>A line of the log.</summary>
    public void Log(string line)
    {
        lock (_logLock)
        {
            _lines.Append(line).Append('\n');
            _log?.Write(Encoding.UTF8.GetBytes(line + "\n"));
        }
    }

    /// <summary>Does what the script says of a method, or what the module does by itself.</summary>
    public void Run(string method, FakeCall call)
    {
        if (_script.Methods.TryGetValue(method, out string[]? actions)) Actions.Run(method, actions, call);
        else Defaults.Run(method, call);
    }

    /// <summary>What the script says of a method that answers by what it returns.</summary>
    public bool TryGetActions(string method, out string[] actions) => _script.Methods.TryGetValue(method, out actions!);

    /// <summary>A name for a new session.</summary>
    public string NewSession() => $"S{Interlocked.Increment(ref _sessions)}";

    /// <summary>Has something done when a timer runs out.</summary>
    public void After(long milliseconds, Action action)
    {
        nint context = (nint)Interlocked.Increment(ref _nextTimer);
        _timers[context] = action;
        Host.SetTimer(milliseconds, context);
    }

    public void TimerExpired(nint context)
    {
        if (_timers.TryRemove(context, out Action? action)) action();
        else Log("a timer that was not set");
    }

    /// <summary>Keeps something until <see cref="Release"/>.</summary>
    public void Hold(Action action) => _held.Add(action);

    /// <summary>Does what was kept, the last first.</summary>
    public void Release()
    {
        Action[] held = [.. _held];
        _held.Clear();
        foreach (Action action in held.Reverse()) action();
    }

    public void Dispose() => _log?.Dispose();
}
