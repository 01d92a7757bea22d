using System.Runtime.Intrinsics;
using Arm = System.Runtime.Intrinsics.Arm;
using X86 = System.Runtime.Intrinsics.X86;

namespace Keyway.Decryption;

/// <summary>
/// The tests of this folder run once for each setting of the instruction sets that kernels or what is around them use (.ci/run lists them).
/// A switch that does nothing would test one path twice.
/// </summary>
public sealed class InstructionSetTests
{
    [Fact]
    public void Switches_of_this_run_have_bitten()
    {
        switch (Environment.GetEnvironmentVariable("KEYWAY_EXPECT"))
        {
            case "no-aes":
                X86.Aes.IsSupported.Should().BeFalse();
                Arm.Aes.IsSupported.Should().BeFalse();
                AesHardware.IsSupported.Should().BeFalse();
                AesHardware.Choose(Acceleration.Auto).Should().Be(AesPath.Portable);
                break;
            case "no-avx512":
                Vector512.IsHardwareAccelerated.Should().BeFalse();
                X86.Avx512F.IsSupported.Should().BeFalse();
                break;
            case "no-avx2":
                // Blocks and key stream are moved 32 bytes at a time where the processor can.
                Vector256.IsHardwareAccelerated.Should().BeFalse();
                X86.Avx2.IsSupported.Should().BeFalse();
                break;
            case "no-avx":
                // Instructions in the encoding of two operands: the kernels are compiled quite differently.
                X86.Avx.IsSupported.Should().BeFalse();
                break;
            case "no-intrinsics":
                Vector128.IsHardwareAccelerated.Should().BeFalse();
                X86.Aes.IsSupported.Should().BeFalse();
                Arm.Aes.IsSupported.Should().BeFalse();
                AesHardware.Choose(Acceleration.Auto).Should().Be(AesPath.Portable);
                break;
            case null or "":
                AesHardware.IsSupported.Should().Be(X86.Aes.IsSupported || Arm.Aes.IsSupported);
                AesHardware.Choose(Acceleration.Auto).Should().Be(
                    X86.Aes.IsSupported ? AesPath.X86 : Arm.Aes.IsSupported ? AesPath.Arm : AesPath.Portable);
                break;
            case { } unknown:
                Assert.Fail($"KEYWAY_EXPECT={unknown} is not known");
                break;
        }
    }

    [Theory]
    [InlineData(Acceleration.Auto)]
    [InlineData(Acceleration.Portable)]
    public void Keys_take_the_path_that_is_chosen(Acceleration acceleration)
    {
        using ContentKey key = ContentKey.Create(new KeyId(1), new byte[16], acceleration);
        key.Path.Should().Be(acceleration == Acceleration.Portable ? AesPath.Portable : AesHardware.Choose(Acceleration.Auto));
    }
}
