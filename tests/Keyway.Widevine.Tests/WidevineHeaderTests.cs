using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using Keyway.Licensing;
using Keyway.Protection;
using Keyway.Widevine.Issuing;

namespace Keyway.Widevine;

public sealed class WidevineHeaderTests
{
    private static readonly KeyId Kid = new(UInt128.Parse("00112233445566778899aabbccddeeff", System.Globalization.NumberStyles.HexNumber, null));

    private readonly Bench _bench = new();

    public static IEnumerable<int> PsshVectors => Enumerable.Range(0, 17);

    [Fact]
    public void Vectors_hold_the_pssh_boxes_that_the_theory_counts() => Vectors.Read().GetProperty("pssh").GetArrayLength().Should().Be(PsshVectors.Count());

    [Theory]
    [MemberData(nameof(Indices))]
    public void Pssh_of_the_vectors_decodes_to_the_stated_contents(int index)
    {
        JsonElement vector = Vectors.Read().GetProperty("pssh")[index];
        byte[] bytes = vector.Base64("pssh_base64");
        PsshBox.TryReadAll(bytes, out IReadOnlyList<PsshBox> boxes, out _).Should().BeTrue();
        boxes.Should().HaveCount(vector.GetProperty("boxes").GetArrayLength());
        JsonElement stated = vector.GetProperty("boxes")[0];

        foreach ((ReadOnlyMemory<byte> data, IReadOnlyList<KeyId> ids) in new[] { (boxes[0].Data, boxes[0].KeyIds), (bytes.AsMemory(), (IReadOnlyList<KeyId>)[]) })
        {
            WidevineHeader header = WidevineHeader.Read(data.Span, ids, new WidevineOptions());
            WidevinePayload payload = header.Payloads.Should().ContainSingle().Subject;
            payload.Data.Length.Should().Be(stated.GetProperty("data_size").GetInt32());
            Describe(payload.Message!).Should().BeEquivalentTo(Describe(stated.GetProperty("widevine")));
            header.KeyIds.Select(id => id.ToString()).Should().BeEquivalentTo(
                Strings(stated, "box_key_ids").Concat(Strings(stated.GetProperty("widevine"), "key_ids")).Where(id => id.Length == 32).Distinct());

            ProtectionHeader protection = Parse(data.ToArray(), ids);
            protection.Data.ToArray().Should().Equal(data.ToArray());
            foreach (string id in Strings(stated.GetProperty("widevine"), "key_ids"))
                protection.Facts.Should().Contain(fact => fact.Name == "key_id" && fact.Value.StartsWith(id, StringComparison.Ordinal));
            foreach (string name in new[] { "provider", "track_type", "policy" })
                protection.Facts.Where(fact => fact.Name == name).Select(fact => fact.Value).Should().Equal(Strings(stated.GetProperty("widevine"), name));
            protection.Facts.Where(fact => fact.Name == "protection_scheme").Select(fact => fact.Value)
                .Should().Equal(Strings(stated.GetProperty("widevine"), "protection_scheme_fourcc"));
            if (stated.GetProperty("widevine").TryGetProperty("content_id", out JsonElement content))
                protection.ContentId.Should().Be(Encoding.UTF8.GetString(Convert.FromHexString(content.GetString()!)));
            else protection.ContentId.Should().BeNull();
        }
    }

    public static TheoryData<int> Indices => [.. PsshVectors];

    [Fact]
    public void Key_ids_of_box_and_payload_are_merged_and_neither_wins()
    {
        KeyId inBox = new(7);
        Parse(Bench.Pssh, [inBox, Kid]).KeyIds.Should().Equal(inBox, Kid);
    }

    [Fact]
    public void Payload_goes_on_byte_for_byte_even_when_it_is_not_minimal()
    {
        byte[] padded = [0x08, 0x81, 0x00, 0x12, 0x10, .. Bench.Kid, 0x9A, 0x06, 0x02, 0x01, 0x02];   // two-byte varint 1, unknown field 99
        WidevineHeader.Read(padded, [], new WidevineOptions()).Payloads[0].Data.ToByteArray().Should().Equal(padded);
        Parse(padded).KeyIds.Should().Equal(Kid);
    }

    [Fact]
    public void Boxes_of_every_size_form_are_walked_and_foreign_ones_passed_over()
    {
        byte[] ours = Box(0, WidevineConstants.System.Value, Bench.Pssh);
        byte[] other = Box(0, SystemIds.PlayReady.Value, [1, 2, 3]);
        byte[] free = [0, 0, 0, 12, .. "free"u8, 0, 0, 0, 0];
        byte[] large = [0, 0, 0, 1, .. "pssh"u8, .. Big((ulong)ours.Length + 8), .. ours[8..]];
        byte[] second = new Proto().Bytes(4, "second"u8);
        byte[] toEnd = Box(1, WidevineConstants.System.Value, second, [new byte[16]]);
        BinaryPrimitives.WriteUInt32BigEndian(toEnd, 0);

        WidevineHeader header = WidevineHeader.Read((byte[])[.. large, .. other, .. free, .. toEnd], [], new WidevineOptions());

        header.Payloads.Select(payload => payload.Data.ToByteArray()).Should().SatisfyRespectively(
            first => first.Should().Equal(Bench.Pssh), next => next.Should().Equal(second));
        header.KeyIds.Should().Equal(default, Kid);
    }

    [Theory]
    [InlineData("version 2")]
    [InlineData("too long")]
    [InlineData("too many ids")]
    [InlineData("data too long")]
    [InlineData("cut")]
    public void Damaged_box_is_refused(string damage)
    {
        byte[] box = Box(1, WidevineConstants.System.Value, Bench.Pssh, [Bench.Kid]);
        switch (damage)
        {
            case "version 2": box[8] = 2; break;
            case "too long": box[3]++; break;
            case "too many ids": box[28] = 0xFF; break;
            case "data too long": box[48] = 0xFF; break;
            default: box = [.. box, 0, 0, 0]; break;
        }

        FluentActions.Invoking(() => Parse(box)).Should().Throw<ProtectionHeaderException>();
    }

    [Fact]
    public void Box_without_data_gives_a_payload_made_of_its_key_ids()
    {
        WidevineHeader header = WidevineHeader.Read(Box(1, WidevineConstants.System.Value, [], [Bench.Kid]), [], new WidevineOptions());
        header.Payloads[0].Data.ToByteArray().Should().Equal([0x12, 0x10, .. Bench.Kid]);
    }

    [Fact]
    public void Made_payload_names_its_one_key_as_content_too_when_told_to()
    {
        WidevineHeader header = WidevineHeader.Read([], [Kid], new WidevineOptions { ContentIdFromKeyId = true });
        header.Payloads[0].Data.ToByteArray().Should().Equal([0x12, 0x10, .. Bench.Kid, 0x22, 0x10, .. Bench.Kid]);
    }

    [Fact]
    public void Made_payload_goes_into_the_challenge_where_content_has_no_header() =>
        WidevinePayload.FromKeyIds([Kid, new KeyId(1)], contentIdToo: true).Data.ToByteArray()
            .Should().Equal([0x12, 0x10, .. Bench.Kid, 0x12, 0x10, .. new byte[15], 1]);

    [Theory]
    [InlineData("not protobuf", "ffffffffffff")]
    [InlineData("protobuf of something else", "fa0603616263")]
    public void Payload_of_another_kind_is_handed_on_or_refused_by_setting(string what, string hex)
    {
        byte[] blob = Convert.FromHexString(hex);
        ProtectionHeader header = Parse(blob);
        header.Data.ToArray().Should().Equal(blob, what);
        header.Facts.Should().ContainSingle().Which.Value.Should().Contain("not a WidevinePsshData");
        _bench.Settings["UnknownPayloads"] = "Refuse";
        FluentActions.Invoking(() => Parse(blob)).Should().Throw<ProtectionHeaderException>();
    }

    [Fact]
    public void Fields_11_and_12_are_told_apart_by_their_wire_type()
    {
        byte[] now = new Proto().Number(11, 1).Number(12, 9);
        byte[] before = new Proto().Bytes(2, Bench.Kid).Bytes(11, [8, 1]).Bytes(11, [8, 2]).Text(12, "group-7");

        Parse(now).Facts.Should().Contain([new HeaderFact { Name = "type", Value = "ENTITLEMENT" }, new HeaderFact { Name = "key_sequence", Value = "9" }]);
        ProtectionHeader old = Parse(before);
        old.Facts.Should().Contain(new HeaderFact { Name = "type", Value = "SINGLE" }).And.Contain(new HeaderFact { Name = "group_master_key_id", Value = "group-7" });
        old.Facts.Should().Contain(fact => fact.Name == "sub_licenses" && fact.Value.StartsWith('2'));
        old.Facts.Should().NotContain(fact => fact.Name == "key_sequence");
    }

    [Fact]
    public void Entitled_keys_are_listed_without_their_bytes()
    {
        byte[] entry = new Proto().Bytes(1, "entitlement-0001"u8).Bytes(2, Bench.Kid).Bytes(3, new byte[16]).Bytes(4, new byte[16]);
        ProtectionHeader header = Parse(new Proto().Bytes(4, "channel"u8).Number(7, 12).Number(10, 60).Number(11, 2).Bytes(14, entry).Text(15, "HDR"));
        header.KeyIds.Should().Equal(Kid);
        header.Facts.Should().Contain(
        [
            new HeaderFact { Name = "type", Value = "ENTITLED_KEY" }, new HeaderFact { Name = "crypto_period_index", Value = "12" }, new HeaderFact { Name = "crypto_period_seconds", Value = "60" },
            new HeaderFact { Name = "entitled_key", Value = $"{Kid} under entitlement {Convert.ToHexStringLower("entitlement-0001"u8)}" }, new HeaderFact { Name = "video_feature", Value = "HDR" },
        ]);
    }

    [Fact]
    public void Key_ids_of_other_lengths_are_shown_and_not_claimed()
    {
        ProtectionHeader header = Parse(new Proto().Bytes(2, "0"u8).Bytes(2, "00112233445566778899aabbccddeeff"u8));
        header.KeyIds.Should().Equal(Kid);   // 32 hexadecimal digits spell the 16 bytes; "0" is the service's own name
        header.Facts.Should().Contain(fact => fact.Name == "key_id" && fact.Value.StartsWith("30 (1 byte", StringComparison.Ordinal));
    }

    [Fact]
    public void Digits_of_16_bytes_stay_bytes() =>
        Parse(new Proto().Bytes(2, "0000000000000007"u8)).KeyIds[0].ToString().Should().Be("30303030303030303030303030303037");

    [Fact]
    public void Hls_version_1_json_becomes_a_payload()
    {
        ProtectionHeader header = Parse("""{"provider":"acme","content_id":"ZmlsbQ==","key_ids":["00112233445566778899aabbccddeeff"]}"""u8.ToArray());
        header.KeyIds.Should().Equal(Kid);
        header.ContentId.Should().Be("film");
        header.Facts.Should().Contain(new HeaderFact { Name = "provider", Value = "acme" });
    }

    [Fact]
    public void List_of_key_ids_becomes_a_payload()
    {
        byte[] json = """{"kids":["ABEiM0RVZneImaq7zN3u_w"]}"""u8.ToArray();
        _bench.Create().ParseHeader(new InitializationData { Kind = InitializationDataKind.KeyIds, System = WidevineConstants.System, Payload = json })
            .KeyIds.Should().Equal(Kid);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("{\"key_ids\":[5]}")]
    [InlineData("{\"key_ids\":[\"xx\"]}")]
    [InlineData("{")]
    public void Json_of_another_form_is_refused(string json) =>
        FluentActions.Invoking(() => Parse(Encoding.UTF8.GetBytes(json))).Should().Throw<ProtectionHeaderException>();

    [Fact]
    public void Header_that_is_too_long_empty_or_of_another_system_is_refused()
    {
        FluentActions.Invoking(() => Parse(new byte[(64 * 1024) + 1])).Should().Throw<ProtectionHeaderException>();
        FluentActions.Invoking(() => Parse([])).Should().Throw<ProtectionHeaderException>();
        FluentActions.Invoking(() => _bench.Create().ParseHeader(new InitializationData
        {
            Kind = InitializationDataKind.Pssh,
            System = SystemIds.PlayReady,
            Payload = Bench.Pssh,
        })).Should().Throw<ProtectionHeaderException>();
    }

    private ProtectionHeader Parse(byte[] payload, IReadOnlyList<KeyId>? boxKeyIds = null) => _bench.Create().ParseHeader(new InitializationData
    {
        Kind = InitializationDataKind.Pssh,
        System = WidevineConstants.System,
        Payload = payload,
        BoxKeyIds = boxKeyIds ?? [],
    });

    private static byte[] Box(byte version, Guid system, byte[] data, IReadOnlyList<byte[]>? ids = null)
    {
        byte[] body = [version, 0, 0, 0, .. system.ToByteArray(bigEndian: true), .. version == 1 ? Big((uint)ids!.Count) : [], .. (ids ?? []).SelectMany(id => id), .. Big((uint)data.Length), .. data];
        return [.. Big((uint)body.Length + 8), .. "pssh"u8, .. body];
    }

    private static byte[] Big(uint value) => [(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value];

    private static byte[] Big(ulong value) => [.. Big((uint)(value >> 32)), .. Big((uint)value)];

    private static IEnumerable<string> Strings(JsonElement element, string name) =>
        !element.TryGetProperty(name, out JsonElement value) ? [] :
        value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().Select(item => item.GetString()!) : [value.GetString()!];

    private static Dictionary<string, string> Describe(JsonElement stated) => stated.EnumerateObject()
        .Where(property => property.Name != "protection_scheme_fourcc")
        .ToDictionary(property => property.Name, property => property.Value.ValueKind == JsonValueKind.Array
            ? string.Join(',', property.Value.EnumerateArray()) : property.Value.ToString());

    private static Dictionary<string, string> Describe(Wire.WidevinePsshData message)
    {
        Dictionary<string, string> fields = [];
        if (message.HasAlgorithm) fields["algorithm"] = $"{(int)message.Algorithm}";
        if (message.KeyIds.Count > 0) fields["key_ids"] = string.Join(',', message.KeyIds.Select(id => Convert.ToHexStringLower(id.Span)));
        if (message.HasProvider) fields["provider"] = message.Provider;
        if (message.HasContentId) fields["content_id"] = Convert.ToHexStringLower(message.ContentId.Span);
        if (message.HasTrackType) fields["track_type"] = message.TrackType;
        if (message.HasPolicy) fields["policy"] = message.Policy;
        if (message.HasCryptoPeriodIndex) fields["crypto_period_index"] = $"{message.CryptoPeriodIndex}";
        if (message.HasProtectionScheme) fields["protection_scheme"] = $"{message.ProtectionScheme}";
        return fields;
    }
}
