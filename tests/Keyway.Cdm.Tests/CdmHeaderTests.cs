using System.Text;
using Keyway.Cdm.Wire;
using Keyway.Decryption;
using Keyway.Licensing;

namespace Keyway.Cdm;

/// <summary>What is read of a header, and what a module is given.</summary>
public sealed class CdmHeaderTests
{
    private static readonly KeyId First = new(1), Second = new(2);
    private static readonly SystemId Common = CdmConstants.Systems[CdmConstants.ClearKey][0], DashIf = CdmConstants.Systems[CdmConstants.ClearKey][1];
    private static readonly CdmOptions ClearKey = new() { Module = "/a.so", ModuleKeySystem = CdmConstants.ClearKey, Systems = [Common, DashIf] };
    private static readonly CdmOptions Widevine = new() { Module = "/a.so", ModuleKeySystem = "com.widevine.alpha", Systems = [CdmConstants.Widevine] };

    [Fact]
    public void Widevine_s_data_names_keys_provider_and_content()
    {
        // WidevinePsshData: 2 key_ids, 3 provider, 4 content_id, 9 protection_scheme.
        byte[] data = [0x12, 0x10, .. new byte[15], 2, 0x1A, 4, .. "acme"u8, 0x22, 2, 0xFF, 0x01, 0x48, 0xE3, 0xDC, 0x95, 0x9B, 0x06];
        ProtectionHeader header = CdmHeader.Read(new InitializationData { Kind = InitializationDataKind.Pssh, System = CdmConstants.Widevine, Payload = data, BoxKeyIds = [First] }, Widevine);
        header.KeyIds.Should().Equal(First, Second);
        header.Facts.Select(static fact => $"{fact.Name}={fact.Value}").Should().Contain(["provider=acme", "content id=ff01", "data=34 bytes", $"key={Second}"]);
        for (int i = 0; i < data.Length; i++)
            CdmHeader.Read(new InitializationData { Kind = InitializationDataKind.Pssh, System = CdmConstants.Widevine, Payload = data.AsMemory(0, i), BoxKeyIds = [First] }, Widevine).KeyIds.Should().Contain(First);
    }

    [Fact]
    public void Headers_of_others_are_refused()
    {
        Action read = () => CdmHeader.Read(new InitializationData { Kind = InitializationDataKind.Pssh, System = CdmConstants.Widevine, Payload = default }, ClearKey);
        read.Should().Throw<ProtectionHeaderException>().Which.Message.Should().Contain("is not what org.w3.clearkey reads");
        Action huge = () => CdmHeader.Read(new InitializationData { Kind = InitializationDataKind.Pssh, System = CdmConstants.Widevine, Payload = new byte[CdmLimits.InitData + 1] }, Widevine);
        huge.Should().Throw<ProtectionHeaderException>();
    }

    [Fact]
    public void A_module_is_given_whole_boxes_each_once()
    {
        ProtectionHeader one = Header(CdmConstants.Widevine, [1, 2, 3], First), two = Header(CdmConstants.Widevine, [4, 5], Second);
        CdmHeader.InitDataOf(new SessionRequest { Headers = [one, one, two, Header(Common, [9], First)] }, Widevine).Should().BeEquivalentTo((CdmInitDataType.Cenc, new byte[] { 1, 2, 3, 4, 5 }));
        Action none = () => CdmHeader.InitDataOf(new SessionRequest { Keys = [Wanted(First)] }, Widevine);
        none.Should().Throw<LicenseServiceException>().Which.Kind.Should().Be(LicenseErrorKind.HeaderUnsupported);
    }

    [Fact]
    public void Clear_key_is_given_the_common_box_where_it_names_every_key_and_a_list_where_not()
    {
        ProtectionHeader common = Header(Common, [7, 7], First);
        CdmHeader.InitDataOf(new SessionRequest { Headers = [common], Keys = [Wanted(First)] }, ClearKey).Should().BeEquivalentTo((CdmInitDataType.Cenc, new byte[] { 7, 7 }));
        const string both = """{"kids":["AAAAAAAAAAAAAAAAAAAAAQ","AAAAAAAAAAAAAAAAAAAAAg"]}""";
        foreach (SessionRequest request in (SessionRequest[])
            [
                new() { Headers = [common], Keys = [Wanted(First), Wanted(Second)] },
                new() { Headers = [Header(DashIf, [8], First, Second)] },
                new() { Keys = [Wanted(First), Wanted(Second)] },
            ])
        {
            (CdmInitDataType type, byte[] data) = CdmHeader.InitDataOf(request, ClearKey);
            (type, Encoding.UTF8.GetString(data)).Should().Be((CdmInitDataType.KeyIds, both));
        }

        Action none = () => CdmHeader.InitDataOf(new SessionRequest(), ClearKey);
        none.Should().Throw<LicenseServiceException>();
    }

    private static WantedKey Wanted(KeyId id) => new() { Id = id, Scheme = ProtectionScheme.Cenc };

    private static ProtectionHeader Header(SystemId system, byte[] box, params KeyId[] ids) => new() { System = system, Data = default, Kind = InitializationDataKind.Pssh, Box = box, KeyIds = ids };
}
