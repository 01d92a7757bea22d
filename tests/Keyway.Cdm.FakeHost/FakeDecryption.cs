using System.Globalization;
using System.Runtime.InteropServices;

namespace Keyway.Cdm.FakeHost;

/// <summary><c>Decrypt</c> of a fake module, over memory as the fact sheet lays it out.</summary>
internal static unsafe class FakeDecryption
{
    private const int Logged = 64;

    private static int _calls;
    private static long _first = -1;

    /// <summary>Decrypts, or does what the script says: decrypt, pooled, short, more, none, foreign, given-back, status N, status-with-buffer N, or any other action.</summary>
    public static uint Run(FakeModule module, byte* input, nint block)
    {
        if (module.Measures) return Measure(module, input, block);
        if (_calls++ < Logged)
        {
            module.Called(9);
            module.Log($"decrypt {*(uint*)(input + 8)} bytes, scheme {*(uint*)(input + 12)}, key id {*(uint*)(input + 24)}, vector {*(uint*)(input + 40)} {Convert.ToHexStringLower(Vector(input))}, "
                + $"subsamples {*(uint*)(input + 56)}, pattern {*(uint*)(input + 64)}:{*(uint*)(input + 68)}, time {*(long*)(input + 72)}");
        }

        uint status = 0;
        foreach (string action in module.TryGetActions("Decrypt", out string[] actions) ? actions : ["decrypt"])
        {
            string[] words = action.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            uint size = *(uint*)(input + 8);
            switch (words)
            {
                case ["decrypt"]:
                    status = Decrypt(module, input, block, size, size);
                    break;
                case ["pooled"]:
                    status = Decrypt(module, input, block, size + 100, size);
                    break;
                case ["short"]:
                    status = Decrypt(module, input, block, size, size - 1);
                    break;
                case ["more"]:
                    status = Decrypt(module, input, block, size + 100, size + 1);
                    break;
                case ["none"]:
                    break;
                case ["foreign"]:
                    SetBuffer(block, (nint)input + 8);
                    break;
                case ["given-back"]:
                    status = Decrypt(module, input, block, size, size);
                    Destroy(Get(block));
                    break;
                case ["given-back-twice"]:
                    nint buffer = module.Host.Allocate(size);
                    Destroy(buffer);
                    Destroy(buffer);
                    status = Decrypt(module, input, block, size, size);
                    break;
                case ["keep"]:
                    _ = module.Host.Allocate(size);
                    break;
                case ["status", string number]:
                    status = uint.Parse(number, CultureInfo.InvariantCulture);
                    break;
                case ["status-with-buffer", string number]:
                    _ = Decrypt(module, input, block, size, size);
                    status = uint.Parse(number, CultureInfo.InvariantCulture);
                    break;
                default:
                    module.Actions.Run("Decrypt", [action], default);
                    break;
            }
        }

        return status;
    }

    /// <summary>What an allocation gives.</summary>
    public static void LogAllocation(FakeModule module, uint bytes)
    {
        nint buffer = module.Host.Allocate(bytes);
        module.Log(buffer == 0 ? "no buffer" : $"buffer capacity {Capacity(buffer)} size {Size(buffer)}");
        if (buffer == 0) return;
        SetSize(buffer, bytes / 2);
        module.Log($"buffer size {Size(buffer)}");
        SetSize(buffer, bytes + 1);
        module.Log($"buffer size {Size(buffer)} after too much");
        if (bytes > 0) Data(buffer)[bytes - 1] = 1;
        Destroy(buffer);
    }

    /// <summary>Copies the sample, and allocates nothing itself: what was allocated on this thread between two samples is the host's.</summary>
    private static uint Measure(FakeModule module, byte* input, nint block)
    {
        if (_first < 0) _first = GC.GetAllocatedBytesForCurrentThread();
        if (*(uint*)(input + 8) == 1)
        {
            module.Log($"allocated {GC.GetAllocatedBytesForCurrentThread() - _first}");
            _first = -1;
        }

        nint buffer = module.Host.AllocateUnseen(*(uint*)(input + 8));
        Buffer.MemoryCopy(*(byte**)input, Data(buffer), *(uint*)(input + 8), *(uint*)(input + 8));
        SetBuffer(block, buffer);
        return 0;
    }

    private static ReadOnlySpan<byte> Vector(byte* input) => new(*(byte**)(input + 32), *(int*)(input + 40));

    private static uint Decrypt(FakeModule module, byte* input, nint block, uint capacity, uint size)
    {
        nint buffer = module.Host.Allocate(capacity);
        if (buffer == 0) return 4;
        int bytes = *(int*)(input + 8);
        bool known = module.Cipher.Decrypt(
            new ReadOnlySpan<byte>(*(byte**)(input + 16), *(int*)(input + 24)), *(uint*)(input + 12), Vector(input),
            MemoryMarshal.Cast<byte, (uint, uint)>(new ReadOnlySpan<byte>(*(byte**)(input + 48), *(int*)(input + 56) * 8)), *(uint*)(input + 64), *(uint*)(input + 68),
            new ReadOnlySpan<byte>(*(byte**)input, bytes), new Span<byte>(Data(buffer), bytes));
        if (size != capacity) SetSize(buffer, size);
        SetBuffer(block, buffer);
        ((delegate* unmanaged[MemberFunction]<nint, long, void>)Slot(block, 2))(block, *(long*)(input + 72));
        _ = ((delegate* unmanaged[MemberFunction]<nint, long>)Slot(block, 3))(block);
        return known ? 0u : 2;
    }

    private static void* Slot(nint self, int slot) => (*(void***)self)[slot];

    private static void SetBuffer(nint block, nint buffer) => ((delegate* unmanaged[MemberFunction]<nint, nint, void>)Slot(block, 0))(block, buffer);

    private static nint Get(nint block) => ((delegate* unmanaged[MemberFunction]<nint, nint>)Slot(block, 1))(block);

    private static void Destroy(nint buffer) => ((delegate* unmanaged[MemberFunction]<nint, void>)Slot(buffer, 0))(buffer);

    private static uint Capacity(nint buffer) => ((delegate* unmanaged[MemberFunction]<nint, uint>)Slot(buffer, 1))(buffer);

    private static byte* Data(nint buffer) => ((delegate* unmanaged[MemberFunction]<nint, byte*>)Slot(buffer, 2))(buffer);

    private static void SetSize(nint buffer, uint size) => ((delegate* unmanaged[MemberFunction]<nint, uint, void>)Slot(buffer, 3))(buffer, size);

    private static uint Size(nint buffer) => ((delegate* unmanaged[MemberFunction]<nint, uint>)Slot(buffer, 4))(buffer);
}
