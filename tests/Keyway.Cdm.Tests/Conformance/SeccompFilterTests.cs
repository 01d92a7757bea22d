extern alias host;

using System.Text.RegularExpressions;
using host::Keyway.Cdm.Host.Sandbox;

namespace Keyway.Cdm.Conformance;

/// <summary>The filters of both processors, executed by a machine of a few lines: what is denied, what is allowed, and that no jump leads astray. That the kernel says the same on this processor, <see cref="SandboxTests"/> try.</summary>
public sealed partial class SeccompFilterTests
{
    private const uint X64 = 0xC000003E, Arm64 = 0xC00000B7;
    private const uint Allowed = 0x7fff0000, NotPermitted = 0x00050001, NotThere = 0x00050026, Killed = 0x80000000;
    private const uint Self = 4711;

    [Theory]
    [InlineData(X64)]
    [InlineData(Arm64)]
    public void Everything_that_is_named_is_denied_and_the_rest_allowed(uint architecture)
    {
        LinuxProcessor processor = new(architecture);
        SeccompInstruction[] first = LinuxSandbox.FirstFilter(processor, Self), second = LinuxSandbox.SecondFilter(processor);
        HashSet<int> denied = [.. processor.Numbers(LinuxCalls.Denied)], files = [.. processor.Numbers(LinuxCalls.Files)], single = [.. processor.Numbers(LinuxCalls.Single)];
        denied.Should().HaveCountGreaterThan(100).And.NotIntersectWith(files).And.NotIntersectWith(single);
        for (int call = 0; call < 600; call++)
        {
            if (single.Contains(call)) continue;
            Run(first, architecture, (uint)call).Should().Be(denied.Contains(call) ? NotPermitted : Allowed, "call {0}", call);
            Run(second, architecture, (uint)call).Should().Be(files.Contains(call) ? NotPermitted : Allowed, "call {0}", call);
        }

        Run(first, architecture ^ 1, 0).Should().Be(Killed, "another numbering");
        Run(first, architecture, 0x40000000).Should().Be(NotThere);
        Run(first, architecture, 0xFFFFFFFF).Should().Be(NotThere);
        first.Length.Should().BeLessThan(4096);
    }

    [Theory]
    [InlineData(X64)]
    [InlineData(Arm64)]
    public void Calls_that_are_judged_by_their_arguments_are(uint architecture)
    {
        LinuxProcessor processor = new(architecture);
        SeccompInstruction[] first = LinuxSandbox.FirstFilter(processor, Self), second = LinuxSandbox.SecondFilter(processor);
        First("clone", 0x003d0f00).Should().Be(Allowed, "a thread, as the C library makes it");
        First("clone", 17).Should().Be(NotPermitted, "a process");
        First("clone3").Should().Be(NotThere);
        First("kill", Self).Should().Be(Allowed);
        First("kill", 0).Should().Be(NotPermitted, "its group");
        First("kill", ulong.MaxValue).Should().Be(NotPermitted, "everybody");
        First("tgkill", Self).Should().Be(Allowed);
        First("tgkill", 1).Should().Be(NotPermitted);
        First("prctl", 15).Should().Be(Allowed, "the name of a thread");
        First("prctl", 4).Should().Be(NotPermitted);
        First("prctl", 35).Should().Be(NotPermitted);
        First("prctl", 0x59616d61).Should().Be(NotPermitted);
        First("ioctl", 1, 0x5412).Should().Be(NotPermitted);
        First("ioctl", 1, 0x5401).Should().Be(Allowed);
        First("prlimit64", 0, 4, 0).Should().Be(Allowed, "to ask");
        First("prlimit64", 0, 4, 0x7fff00000000).Should().Be(NotPermitted, "the lower half of an address alone says nothing");
        First("prlimit64", 0, 4, 0x1000).Should().Be(NotPermitted);
        Second("newfstatat", 3, 0, 0, 0x1000).Should().Be(Allowed, "of what is open");
        Second("newfstatat", 3, 0, 0, 0x100).Should().Be(NotPermitted);
        Second("statx", 3, 0, 0x1000).Should().Be(Allowed);
        Second("statx", 3, 0, 0).Should().Be(NotPermitted);

        uint First(string name, params ulong[] arguments) => Run(first, architecture, (uint)processor.Number(name), arguments);
        uint Second(string name, params ulong[] arguments) => Run(second, architecture, (uint)processor.Number(name), arguments);
    }

    [Fact]
    public void Numbers_are_those_of_the_kernel_s_headers()
    {
        string header = "/usr/include/x86_64-linux-gnu/asm/unistd_64.h", generic = "/usr/include/asm-generic/unistd.h";
        Assert.SkipUnless(File.Exists(header) && File.Exists(generic), "the kernel's headers are not installed");
        Dictionary<string, int> x64 = Names(header), arm64 = Names(generic);
        arm64["newfstatat"] = arm64["fstatat"];
        int compared = 0;
        foreach ((string name, int onX64, int onArm64) in LinuxCalls.Denied.Concat(LinuxCalls.Files).Concat(LinuxCalls.Single))
        {
            // Headers may be older than the newest calls.
            if (x64.TryGetValue(name, out int number))
            {
                onX64.Should().Be(number, name);
                compared++;
            }

            if (arm64.TryGetValue(name, out number)) onArm64.Should().Be(number, name);
            else if (x64.ContainsKey(name)) onArm64.Should().Be(-1, name);
        }

        compared.Should().BeGreaterThan(140);
    }

    /// <summary>Classic BPF, as far as filters of calls have it: 64 bytes of call number, architecture, instruction pointer and arguments.</summary>
    private static uint Run(SeccompInstruction[] code, uint architecture, uint call, params ulong[] arguments)
    {
        byte[] data = new byte[64];
        BitConverter.TryWriteBytes(data, call);
        BitConverter.TryWriteBytes(data.AsSpan(4), architecture);
        for (int i = 0; i < arguments.Length; i++) BitConverter.TryWriteBytes(data.AsSpan(16 + (8 * i)), arguments[i]);
        uint accumulator = 0;
        for (int at = 0; ; at++)
        {
            (ushort operation, byte yes, byte no, uint value) = code[at];
            switch (operation)
            {
                case 0x20:
                    accumulator = BitConverter.ToUInt32(data, (int)value);
                    break;
                case 0x15:
                    at += accumulator == value ? yes : no;
                    break;
                case 0x35:
                    at += accumulator >= value ? yes : no;
                    break;
                case 0x45:
                    at += (accumulator & value) != 0 ? yes : no;
                    break;
                case 0x06:
                    return value;
                default:
                    throw new InvalidOperationException($"no instruction: {operation:x}");
            }
        }
    }

    [GeneratedRegex(@"^#define __NR(?:3264)?_(\w+)\s+(\d+)", RegexOptions.Multiline)]
    private static partial Regex Definition { get; }

    private static Dictionary<string, int> Names(string header) => Definition.Matches(File.ReadAllText(header))
        .GroupBy(match => match.Groups[1].Value).ToDictionary(group => group.Key, group => int.Parse(group.Last().Groups[2].Value, System.Globalization.CultureInfo.InvariantCulture));
}
