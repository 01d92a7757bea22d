using Keyway.Cdm.Wire;

namespace Keyway.Cdm.Host;

/// <summary>The module's one thread: every call of the module is made here, and what the module calls from elsewhere is done here.</summary>
/// <param name="inlet">What there is to do.</param>
/// <param name="outlet">The parent's ear.</param>
/// <param name="arena">Where it says what it is in the middle of.</param>
/// <param name="time">The time of timers.</param>
internal sealed class Dispatcher(Inlet inlet, Outlet outlet, Arena arena, TimeProvider time)
{
    private Thread? _thread;

    /// <summary>The frames that go out.</summary>
    public Outlet Outlet => outlet;

    /// <summary>The shared memory.</summary>
    public Arena Arena => arena;

    /// <summary>The module's timers.</summary>
    public TimerHeap Timers { get; } = new(time);

    /// <summary>The clock on the wall, and what a call took.</summary>
    public TimeProvider Time => time;

    /// <summary>Whether the caller is on the module's thread.</summary>
    public bool IsHere => Thread.CurrentThread == _thread;

    /// <summary>Starts it.</summary>
    /// <param name="host">What handles frames and timers, made on the thread itself.</param>
    public void Start(Func<Dispatcher, IDispatched> host)
    {
        _thread = new Thread(() => Run(host(this)), HostLimits.Stack) { IsBackground = true, Name = "cdm" };
        _thread.Start();
    }

    /// <summary>Has something done here, after what waits: never inside the call that it comes from.</summary>
    public void Post(Action action)
    {
        if (!inlet.Post(action)) Report(CdmIrregularity.TooMuch);
    }

    /// <summary>Tells the parent that a rule was broken.</summary>
    public void Report(CdmIrregularity what)
    {
        if (IsHere) outlet.Irregular(what);
        else inlet.Post(() => outlet.Irregular(what));   // what does not fit any more is one of very many
    }

    /// <summary>Says what it is in the middle of, until the scope is disposed.</summary>
    public StageScope Enter(CdmStage stage) => new(arena, stage);

    private void Run(IDispatched host)
    {
        try
        {
            host.Begin();
            while (true)
            {
                // Those alone that have run out by now: a module that sets one in each must not starve the frames.
                for (long mark = Timers.Mark; Timers.TryTake(mark, out nint context);) host.Timer(context);
                if (!inlet.TryTake(Timers.Wait, out Frame frame, out Action? action)) continue;
                if (action is not null)
                {
                    action();
                    continue;
                }

                host.Handle(frame);
                inlet.Return(frame);
            }
        }
        catch (Exception e)
        {
            // The text of an exception that nobody expected may have anything in it.
            outlet.Fatal(arena.Stage, e is HostException ? e.Message : $"the child's own fault: {e.GetType().Name}");
        }
    }
}
