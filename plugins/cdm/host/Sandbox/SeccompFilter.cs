namespace Keyway.Cdm.Host.Sandbox;

/// <summary>
/// A filter of system calls, written instruction by instruction. It denies what it names and allows the rest: a runtime that compiles while it runs needs more than anybody could list.
/// What is denied fails with an error, and the caller lives: the runtime asks for things that it can do without.
/// </summary>
internal sealed class SeccompFilter
{
    // linux/bpf_common.h
    private const ushort Load = 0x20;           // BPF_LD | BPF_W | BPF_ABS
    private const ushort JumpIfEqual = 0x15;    // BPF_JMP | BPF_JEQ | BPF_K
    private const ushort JumpIfNotLess = 0x35;  // BPF_JMP | BPF_JGE | BPF_K
    private const ushort JumpIfAny = 0x45;      // BPF_JMP | BPF_JSET | BPF_K
    private const ushort Return = 0x06;         // BPF_RET | BPF_K

    // linux/seccomp.h
    private const uint Allow = 0x7fff0000;
    private const uint Error = 0x00050000;
    private const uint KillProcess = 0x80000000;

    private const uint NotPermitted = 1;        // EPERM
    private const uint NotThere = 38;           // ENOSYS

    private readonly List<SeccompInstruction> _code = [];

    /// <param name="processor">What the calls are numbered for: those of another numbering would pass under wrong numbers.</param>
    public SeccompFilter(LinuxProcessor processor)
    {
        const uint architectureAt = 4;
        const uint otherNumbering = 0x40000000;   // __X32_SYSCALL_BIT
        _code.Add(new(Load, 0, 0, architectureAt));
        _code.Add(new(JumpIfEqual, 1, 0, processor.Architecture));
        _code.Add(new(Return, 0, 0, KillProcess));
        _code.Add(new(Load, 0, 0, 0));
        _code.Add(new(JumpIfNotLess, 0, 1, otherNumbering));
        _code.Add(new(Return, 0, 0, Error | NotThere));
    }

    /// <summary>Denies calls, whatever their arguments.</summary>
    public SeccompFilter Deny(IEnumerable<int> calls)
    {
        foreach (int call in calls) Answer(call, Error | NotPermitted);
        return this;
    }

    /// <summary>Says of calls that there are none such: callers have another way, whose arguments can be seen.</summary>
    public SeccompFilter Hide(int call)
    {
        Answer(call, Error | NotThere);
        return this;
    }

    /// <summary>Allows a call where an argument is one value, and denies it otherwise.</summary>
    public SeccompFilter AllowWhereEqual(int call, int argument, uint value) => When(call, argument, new(JumpIfEqual, 1, 0, value));

    /// <summary>Allows a call where an argument has one of these bits, and denies it otherwise.</summary>
    public SeccompFilter AllowWhereAny(int call, int argument, uint bits) => When(call, argument, new(JumpIfAny, 1, 0, bits));

    /// <summary>Denies a call where an argument is one of these values.</summary>
    public SeccompFilter DenyWhereEqual(int call, int argument, params ReadOnlySpan<uint> values)
    {
        int length = 2 + (2 * values.Length);
        _code.Add(new(JumpIfEqual, 0, (byte)length, (uint)call));
        _code.Add(new(Load, 0, 0, ArgumentAt(argument)));
        foreach (uint value in values)
        {
            _code.Add(new(JumpIfEqual, 0, 1, value));
            _code.Add(new(Return, 0, 0, Error | NotPermitted));
        }

        _code.Add(new(Return, 0, 0, Allow));
        return this;
    }

    /// <summary>Allows a call where a pointer is none, and denies it otherwise.</summary>
    public SeccompFilter AllowWhereNull(int call, int argument)
    {
        _code.Add(new(JumpIfEqual, 0, 6, (uint)call));
        _code.Add(new(Load, 0, 0, ArgumentAt(argument)));
        _code.Add(new(JumpIfEqual, 0, 2, 0));
        _code.Add(new(Load, 0, 0, ArgumentAt(argument) + 4));
        _code.Add(new(JumpIfEqual, 1, 0, 0));
        _code.Add(new(Return, 0, 0, Error | NotPermitted));
        _code.Add(new(Return, 0, 0, Allow));
        return this;
    }

    /// <summary>The whole filter.</summary>
    public SeccompInstruction[] End() => [.. _code, new(Return, 0, 0, Allow)];

    /// <summary>Where the lower half of an argument lies in <c>struct seccomp_data</c>; both processors are little-endian.</summary>
    private static uint ArgumentAt(int argument) => 16 + (8 * (uint)argument);

    private SeccompFilter When(int call, int argument, SeccompInstruction allowed)
    {
        _code.Add(new(JumpIfEqual, 0, 4, (uint)call));
        _code.Add(new(Load, 0, 0, ArgumentAt(argument)));
        _code.Add(allowed);
        _code.Add(new(Return, 0, 0, Error | NotPermitted));
        _code.Add(new(Return, 0, 0, Allow));
        return this;
    }

    private void Answer(int call, uint answer)
    {
        _code.Add(new(JumpIfEqual, 0, 1, (uint)call));
        _code.Add(new(Return, 0, 0, answer));
    }
}
