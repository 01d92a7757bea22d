using Arm = System.Runtime.Intrinsics.Arm;
using X86 = System.Runtime.Intrinsics.X86;

namespace Keyway.Decryption;

/// <summary>The tests of this folder run twice, the second time with <c>DOTNET_EnableAES=0</c>. A switch that does nothing would test one path twice.</summary>
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
