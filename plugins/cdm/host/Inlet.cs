using System.Numerics;
using System.Security.Cryptography;
using Keyway.Cdm.Wire;

namespace Keyway.Cdm.Host;

/// <summary>What stands before the dispatcher: frames of the parent, and what has to be done on the module's thread.</summary>
/// <param name="pipe">The pipe.</param>
internal abstract class Inlet(Stream pipe)
{
    private readonly Lock _poolLock = new();
    private readonly Stack<byte[]> _pool = new();
    private readonly byte[] _header = new byte[WireLimits.Header];

    /// <summary>The one for this platform.</summary>
    public static Inlet ForPlatform(System.IO.Pipes.NamedPipeClientStream pipe) => (OperatingSystem.IsLinux() ? PolledInlet.TryCreate(pipe) : null) ?? (Inlet)new QueuedInlet(pipe);

    /// <summary>Stays with the pipe until it ends, and ends the process then, even where the module does not come back from a call. Does not return.</summary>
    public abstract void Stay();

    /// <summary>Has something done by the dispatcher, after what waits already. From any thread.</summary>
    /// <returns><see langword="false"/>: too much waits, and it is left out.</returns>
    public abstract bool Post(Action action);

    /// <summary>Waits for what is next. Comes back now and then without anything: who waits looks at its timers whenever it was woken.</summary>
    /// <param name="wait">How long at most.</param>
    /// <param name="frame">A frame, where <paramref name="action"/> is none.</param>
    /// <param name="action">What is to be done.</param>
    /// <returns><see langword="false"/>: there was nothing.</returns>
    public abstract bool TryTake(TimeSpan wait, out Frame frame, out Action? action);

    /// <summary>Takes the memory of a frame back, without what was in it: licences are.</summary>
    public void Return(in Frame frame)
    {
        if (frame.Head.Type != FrameType.Decrypt) CryptographicOperations.ZeroMemory(frame.Memory.AsSpan(0, frame.Head.Length));
        lock (_poolLock)
        {
            if (_pool.Count < 4) _pool.Push(frame.Memory);
        }
    }

    /// <summary>Reads the next frame. Where there is no pipe any more, or nothing that is a frame, the process ends. Threads: one.</summary>
    protected Frame ReadFrame()
    {
        try
        {
            pipe.ReadExactly(_header);
            if (FrameHead.TryRead(_header, out FrameHead head))
            {
                byte[] memory = Rent(head.Length);
                pipe.ReadExactly(memory.AsSpan(0, head.Length));
                return new Frame(head, memory);
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            HostExit.Now(HostExit.Ended);
        }

        HostExit.Now(HostExit.Broken);
        return default;
    }

    private byte[] Rent(int length)
    {
        lock (_poolLock)
        {
            if (_pool.TryPop(out byte[]? memory) && memory.Length >= length) return memory;
        }

        // Powers of two, so that the next of about this size is not too large for it.
        return GC.AllocateUninitializedArray<byte>(Math.Max(16 << 10, (int)BitOperations.RoundUpToPowerOf2((uint)length)));
    }
}
