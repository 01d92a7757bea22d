extern alias host;

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using host::Keyway.Cdm.Host.Interface;
using host::Keyway.Cdm.Host.Sandbox;

namespace Keyway.Cdm.Conformance;

/// <summary>What lies in memory where the interface says it does: sizes and offsets that a compiler gave for the header (64 bits).</summary>
public sealed class LayoutTests
{
    [Fact]
    public void Sizes_are_those_of_the_header()
    {
        Unsafe.SizeOf<InputBuffer2>().Should().Be(80);
        Unsafe.SizeOf<SubsampleEntry>().Should().Be(8);
        Unsafe.SizeOf<KeyInformation>().Should().Be(24);
        Unsafe.SizeOf<PlatformChallengeResponse>().Should().Be(48);
        Unsafe.SizeOf<CdmPolicy>().Should().Be(4);
        Unsafe.SizeOf<HostFile>().Should().Be(16);
        Unsafe.SizeOf<WindowsHostFile>().Should().Be(24);
        Unsafe.SizeOf<SeccompInstruction>().Should().Be(8);
    }

    [Fact]
    public void Fields_are_where_the_header_has_them()
    {
        Offset<InputBuffer2>(nameof(InputBuffer2.Data)).Should().Be(0);
        Offset<InputBuffer2>(nameof(InputBuffer2.DataSize)).Should().Be(8);
        Offset<InputBuffer2>(nameof(InputBuffer2.Scheme)).Should().Be(12);
        Offset<InputBuffer2>(nameof(InputBuffer2.KeyId)).Should().Be(16);
        Offset<InputBuffer2>(nameof(InputBuffer2.KeyIdSize)).Should().Be(24);
        Offset<InputBuffer2>(nameof(InputBuffer2.InitializationVector)).Should().Be(32);
        Offset<InputBuffer2>(nameof(InputBuffer2.InitializationVectorSize)).Should().Be(40);
        Offset<InputBuffer2>(nameof(InputBuffer2.Subsamples)).Should().Be(48);
        Offset<InputBuffer2>(nameof(InputBuffer2.SubsampleCount)).Should().Be(56);
        Offset<InputBuffer2>(nameof(InputBuffer2.CryptBlocks)).Should().Be(64);
        Offset<InputBuffer2>(nameof(InputBuffer2.SkipBlocks)).Should().Be(68);
        Offset<InputBuffer2>(nameof(InputBuffer2.Timestamp)).Should().Be(72);
        Offset<KeyInformation>(nameof(KeyInformation.KeyIdSize)).Should().Be(8);
        Offset<KeyInformation>(nameof(KeyInformation.Status)).Should().Be(12);
        Offset<KeyInformation>(nameof(KeyInformation.SystemCode)).Should().Be(16);
        Offset<PlatformChallengeResponse>(nameof(PlatformChallengeResponse.SignedDataSize)).Should().Be(8);
        Offset<PlatformChallengeResponse>(nameof(PlatformChallengeResponse.Signature)).Should().Be(16);
        Offset<PlatformChallengeResponse>(nameof(PlatformChallengeResponse.Certificate)).Should().Be(32);
        Offset<PlatformChallengeResponse>(nameof(PlatformChallengeResponse.CertificateSize)).Should().Be(40);
        Offset<HostFile>(nameof(HostFile.File)).Should().Be(8);
        Offset<HostFile>(nameof(HostFile.Signature)).Should().Be(12);
        Offset<WindowsHostFile>(nameof(WindowsHostFile.File)).Should().Be(8);
        Offset<WindowsHostFile>(nameof(WindowsHostFile.Signature)).Should().Be(16);
    }

    private static int Offset<T>(string field) => (int)Marshal.OffsetOf<T>(field);
}
