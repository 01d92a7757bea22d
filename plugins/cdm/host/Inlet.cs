using System.Security.Cryptography;
using Keyway.Cdm.Wire;

namespace Keyway.Cdm.Host;

/// <summary>
/// The one queue before the dispatcher: frames of the parent, and what has to be done on the module's thread. A thread of its own reads the pipe, so that its end is the end of the process even where the module
/// does not come back from a call.
/// </summary>
/// <param name="pipe">The pipe.</param>
internal sealed class Inlet(Stream pipe)
{
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    private readonly Lock _poolLock = new();
    private readonly Stack<byte[]> _pool = new();
    private readonly object _gate = new();
    private readonly Queue<Item> _items = new();

    /// <summary>Reads until the pipe ends, which ends the process. Does not return.</summary>
    public void Read()
    {
        Span<byte> header = stackalloc byte[WireLimits.Header];
        try
        {
            while (true)
            {
                pipe.ReadExactly(header);
                if (!FrameHead.TryRead(header, out FrameHead head)) break;
                byte[] memory = Rent(head.Length);
                pipe.ReadExactly(memory.AsSpan(0, head.Length));
                _ = Add(new Item(new Frame(head, memory), null), int.MaxValue);   // the parent has its own limits
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            HostExit.Now(HostExit.Ended);
        }

        HostExit.Now(HostExit.Broken);
    }

    /// <summary>Has something done by the dispatcher, after all that waits already. From any thread.</summary>
    /// <returns><see langword="false"/>: too much waits, and it is left out.</returns>
    public bool Post(Action action) => Add(new Item(default, action), HostLimits.Waiting);

    /// <summary>Waits for what is next.</summary>
    /// <param name="wait">How long at most.</param>
    /// <param name="frame">A frame, where <paramref name="action"/> is none.</param>
    /// <param name="action">What is to be done.</param>
    /// <returns><see langword="false"/>: there was nothing.</returns>
    public bool TryTake(TimeSpan wait, out Frame frame, out Action? action)
    {
        lock (_gate)
        {
            // Once, and not until the time is over: who waits looks at its timers whenever it was woken.
            if (_items.Count == 0) Monitor.Wait(_gate, wait < Longest ? wait : Longest);
            bool some = _items.TryDequeue(out Item item);
            (frame, action) = (item.Frame, item.Action);
            return some;
        }
    }

    /// <summary>Takes the memory of a frame back, without what was in it: licences are.</summary>
    public void Return(in Frame frame)
    {
        if (frame.Head.Type != FrameType.Decrypt) CryptographicOperations.ZeroMemory(frame.Memory.AsSpan(0, frame.Head.Length));
        lock (_poolLock)
        {
            if (_pool.Count < 4) _pool.Push(frame.Memory);
        }
    }

    private bool Add(in Item item, int limit)
    {
        lock (_gate)
        {
            if (_items.Count >= limit) return false;
            _items.Enqueue(item);
            Monitor.Pulse(_gate);
            return true;
        }
    }

    private byte[] Rent(int length)
    {
        lock (_poolLock)
        {
            if (_pool.TryPop(out byte[]? memory) && memory.Length >= length) return memory;
        }

        // Where the next frame is as large as this one it is used again: powers of two, and none moves, as modules are shown what lies in them.
        return GC.AllocateUninitializedArray<byte>(Math.Max(16 << 10, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)length)), pinned: true);
    }

    private readonly record struct Item(Frame Frame, Action? Action);
}
