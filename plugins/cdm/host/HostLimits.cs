using Keyway.Cdm.Wire;

namespace Keyway.Cdm.Host;

/// <summary>What a module may take and keep.</summary>
internal static class HostLimits
{
    /// <summary>Bytes of one argument of a call: more than any frame carries.</summary>
    public const uint CallbackBytes = WireLimits.Frame;

    /// <summary>Keys of one <c>OnSessionKeysChange</c>.</summary>
    public const uint KeysInChange = WireLimits.Keys;

    /// <summary>Calls that the module has not answered. The parent waits for each; a page that opens sessions has a few.</summary>
    public const int Promises = 1024;

    /// <summary>Timers that have not run out. Google's module has one a session.</summary>
    public const int Timers = 4096;

    /// <summary>The longest time of a timer: a renewal in a month is not heard of, and beyond it sums overflow.</summary>
    public static readonly TimeSpan Timer = TimeSpan.FromDays(366);

    /// <summary>Buffers that the module holds at once. It needs one, a decoder would need twenty.</summary>
    public const int Buffers = 1024;

    /// <summary>Bytes of one buffer: the largest sample, and room for modules that round up.</summary>
    public const uint BufferBytes = ArenaLayout.MaxRegion + (1 << 20);

    /// <summary>Bytes of all buffers that the module holds.</summary>
    public const long LiveBytes = 4L * BufferBytes;

    /// <summary>Bytes that are kept for the next buffers.</summary>
    public const long IdleBytes = 16 << 20;

    /// <summary>The module itself. Google's has 20 MB.</summary>
    public const long Module = 256 << 20;

    /// <summary>How often the parent is told that a module broke one rule, or asked one question: then it knows.</summary>
    public const int Told = 16;

    /// <summary>The stack of the thread on which the module runs: that of a main thread, which native code is written for.</summary>
    public const int Stack = 8 << 20;

    /// <summary>What waits to be done on the module's thread: a module that asks a thousand questions within one call means none of them.</summary>
    public const int Waiting = 4096;
}
