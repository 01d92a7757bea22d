using System.IO.Pipes;
using System.Runtime.InteropServices;

namespace Keyway.Cdm.Host;

/// <summary>
/// Linux: the dispatcher waits for the pipe itself, and for a bell beside it. No thread hands frames on, which would be a switch of threads for each; the one that stays with the pipe is woken by its end alone.
/// </summary>
internal sealed unsafe partial class PolledInlet : Inlet
{
    private const short In = 0x0001;             // POLLIN
    private const short PeerClosed = 0x2000;     // POLLRDHUP
    private const int Interrupted = 4;           // EINTR: the runtime stops threads by signals
    private const int ForNobodyElse = 0x80800;   // EFD_CLOEXEC | EFD_NONBLOCK

    private readonly int _pipe;
    private readonly int _bell;
    private readonly Lock _lock = new();
    private readonly Queue<Action> _actions = new();
    private volatile int _waiting;
    private bool _framesFirst;

    private PolledInlet(NamedPipeClientStream pipe, int bell)
        : base(pipe) => (_pipe, _bell) = ((int)pipe.SafePipeHandle.DangerousGetHandle(), bell);

    /// <summary>Makes one, where there are bells.</summary>
    public static PolledInlet? TryCreate(NamedPipeClientStream pipe) => MakeBell(0, ForNobodyElse) is >= 0 and int bell ? new PolledInlet(pipe, bell) : null;

    /// <inheritdoc/>
    public override void Stay()
    {
        Polled pipe = new() { Descriptor = _pipe, Wanted = PeerClosed };
        while (Poll(&pipe, 1, -1) < 0 && Marshal.GetLastPInvokeError() == Interrupted) { /* not the end */ }
        HostExit.Now(HostExit.Ended);
    }

    /// <inheritdoc/>
    public override bool Post(Action action)
    {
        lock (_lock)
        {
            if (_actions.Count >= HostLimits.Waiting) return false;
            _actions.Enqueue(action);
            _waiting = _actions.Count;
        }

        ulong one = 1;
        _ = Write(_bell, &one, sizeof(ulong));
        return true;
    }

    /// <inheritdoc/>
    public override bool TryTake(TimeSpan wait, out Frame frame, out Action? action)
    {
        frame = default;

        // In turn: a module that asks a question in each answer must not keep the parent waiting, nor the parent the module.
        if (!_framesFirst && TryAction(out action)) return true;
        Polled* polled = stackalloc Polled[] { new() { Descriptor = _pipe, Wanted = In }, new() { Descriptor = _bell, Wanted = In } };
        int milliseconds = _waiting > 0 ? 0 : wait < TimeSpan.Zero ? -1 : (int)Math.Min(Math.Ceiling(wait.TotalMilliseconds), int.MaxValue);
        if (Poll(polled, 2, milliseconds) > 0)
        {
            ulong rung;
            if (polled[1].Found != 0) _ = Read(_bell, &rung, sizeof(ulong));
            if (polled[0].Found != 0)
            {
                _framesFirst = false;
                action = null;
                frame = ReadFrame();
                return true;
            }
        }

        return TryAction(out action);
    }

    private bool TryAction(out Action? action)
    {
        action = null;
        if (_waiting == 0) return false;
        lock (_lock)
        {
            _framesFirst = _actions.TryDequeue(out action);
            _waiting = _actions.Count;
            return _framesFirst;
        }
    }

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(Polled* descriptors, nuint count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "eventfd")]
    private static partial int MakeBell(uint value, int flags);

    [LibraryImport("libc", EntryPoint = "read")]
    private static partial nint Read(int descriptor, void* to, nuint count);

    [LibraryImport("libc", EntryPoint = "write")]
    private static partial nint Write(int descriptor, void* from, nuint count);

    /// <summary><c>struct pollfd</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Polled
    {
        public int Descriptor;
        public short Wanted;
        public short Found;
    }
}
