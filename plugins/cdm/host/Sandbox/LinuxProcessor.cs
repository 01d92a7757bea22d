using System.Runtime.InteropServices;

namespace Keyway.Cdm.Host.Sandbox;

/// <summary>How system calls are numbered on a processor.</summary>
/// <param name="Architecture">What the kernel calls it: <c>AUDIT_ARCH_</c>.</param>
internal sealed record LinuxProcessor(uint Architecture)
{
    private const uint X64 = 0xC000003E;     // AUDIT_ARCH_X86_64
    private const uint Arm64 = 0xC00000B7;   // AUDIT_ARCH_AARCH64

    /// <summary>This one, or <see langword="null"/>: one whose numbers are not known here.</summary>
    public static LinuxProcessor? Current => RuntimeInformation.ProcessArchitecture switch
    {
        System.Runtime.InteropServices.Architecture.X64 => new(X64),
        System.Runtime.InteropServices.Architecture.Arm64 => new(Arm64),
        _ => null,
    };

    /// <summary>The numbers of calls. Those that it does not have are left out.</summary>
    public IEnumerable<int> Numbers((string Name, int X64, int Arm64)[] calls) =>
        calls.Select(call => Architecture == X64 ? call.X64 : call.Arm64).Where(number => number >= 0);

    /// <summary>The number of one call of <see cref="LinuxCalls.Single"/>.</summary>
    public int Number(string name)
    {
        (_, int x64, int arm64) = Array.Find(LinuxCalls.Single, call => call.Name == name);
        return Architecture == X64 ? x64 : arm64;
    }
}
