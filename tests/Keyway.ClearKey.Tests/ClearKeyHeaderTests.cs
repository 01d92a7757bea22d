using System.Text;
using System.Text.Json;
using Keyway.ClearKey.Fakes;
using Keyway.Licensing;
using Keyway.Protection;

namespace Keyway.ClearKey;

public sealed class ClearKeyHeaderTests
{
    private const string First = "2f05477fc24bb4faefd86517156daffc";
    private const string Second = "d0376d53da1df818792f7c5bbf45dffc";

    // W3C EME, Clear Key, example of a request; the same two identifiers stand in the example of "keyids".
    private const string W3CKeyIds = """{"kids":["LwVHf8JLtPrv2GUXFW2v_A","0DdtU9od-Bh5L3xbv0Xf_A"]}""";

    [Fact]
    public void Systems_are_the_two_that_the_framework_knows_by_name()
    {
        ClearKeyConstants.CommonSystem.Should().Be(SystemIds.Common);
        ClearKeyConstants.DashIfSystem.Should().Be(SystemIds.ClearKeyDashIf);
    }

    [Fact]
    public void Box_of_the_common_system_names_its_keys_without_data()
    {
        ProtectionHeader header = Read(InitializationDataKind.Pssh, "", SystemIds.Common, Given.Key(First), Given.Key(Second));

        header.KeyIds.Should().Equal(Given.Key(First), Given.Key(Second));
        header.System.Should().Be(SystemIds.Common);
        header.Facts.Should().Equal(
            new HeaderFact { Name = "format", Value = "pssh of the W3C common system" },
            new HeaderFact { Name = "data", Value = "none" },
            new HeaderFact { Name = "key", Value = First },
            new HeaderFact { Name = "key", Value = Second });
    }

    [Fact]
    public void Keys_of_box_and_data_are_merged_and_each_is_named_once()
    {
        ProtectionHeader header = Read(InitializationDataKind.Pssh, W3CKeyIds, SystemIds.ClearKeyDashIf, Given.Key(Second));

        header.KeyIds.Should().Equal(Given.Key(Second), Given.Key(First));
        Encoding.UTF8.GetString(header.Data.Span).Should().Be(W3CKeyIds, "the data is kept byte for byte");
    }

    [Fact]
    public void Box_without_any_identifier_is_a_header_without_keys()
    {
        Read(InitializationDataKind.Pssh, "", SystemIds.ClearKeyDashIf).KeyIds.Should().BeEmpty();
    }

    [Fact]
    public void Data_of_a_box_that_is_not_a_list_is_reported_and_passed_over()
    {
        ProtectionHeader header = Read(InitializationDataKind.Pssh, "anything", SystemIds.ClearKeyDashIf, Given.Key(First));

        header.KeyIds.Should().Equal(Given.Key(First));
        header.Facts.Should().Contain(new HeaderFact { Name = "data", Value = "8 bytes, not read" });
    }

    [Fact]
    public void Box_of_another_system_is_refused()
    {
        Refused(() => Read(InitializationDataKind.Pssh, "", SystemIds.Widevine)).WithMessage("*not a system of ClearKey*");
    }

    [Fact]
    public void List_of_identifiers_is_read() =>
        Read(InitializationDataKind.KeyIds, W3CKeyIds).KeyIds.Should().Equal(Given.Key(First), Given.Key(Second));

    [Theory]
    [InlineData("""{ "other": {"kids":["no"]}, "kids" : [ "LwVHf8JLtPrv2GUXFW2v_A==" ], "kid": 1 }""")]   // padded, and members that are not ours
    [InlineData("""{"kids":["LwVHf8JLtPrv2GUXFW2v/A"]}""")]   // the alphabet of plain base64
    [InlineData("""{"\u006bids":["\u004cwVHf8JLtPrv2GUXFW2v\/A=="]}""")]   // escapes
    public void List_in_the_forms_that_are_met_is_read(string json) =>
        Read(InitializationDataKind.KeyIds, json).KeyIds.Should().Equal(Given.Key(First));

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"kids":[]}""")]
    [InlineData("""{"kids":"LwVHf8JLtPrv2GUXFW2v_A"}""")]
    [InlineData("""{"kids":[1]}""")]
    [InlineData("""{"kids":[""]}""")]
    [InlineData("""{"kids":[null]}""")]
    [InlineData("""{"kids":["LwVHf8JLtPrv2GUXFW2v_A="]}extra""")]
    [InlineData("""{"kids":["*"]}""")]
    [InlineData("""{"kids":["Lw VH"]}""")]
    [InlineData("""{"kids":["A"]}""")]
    [InlineData("""{"kids":["AA"],"kids":["AQ"]}""")]
    [InlineData("""{"kids":["AA"]""")]
    [InlineData("""{"kids":["\ud800"]}""")]
    public void List_that_is_something_else_is_refused(string json) => Refused(() => Read(InitializationDataKind.KeyIds, json));

    [Fact]
    public void Text_that_is_not_utf8_is_refused() =>
        Refused(() => Read(InitializationDataKind.KeyIds, [.. "{\"kids\":[\""u8, 0xC3, 0x28, .. "\"]}"u8]));

    [Fact]
    public void WebM_identifier_of_sixteen_bytes_is_the_key() =>
        Read(InitializationDataKind.WebM, Convert.FromHexString(First)).KeyIds.Should().Equal(Given.Key(First));

    [Fact]
    public void WebM_identifier_of_another_length_is_hashed_and_its_original_kept()
    {
        ProtectionHeader header = Read(InitializationDataKind.WebM, "abc"u8.ToArray());

        // SHA-256("abc"), FIPS 180-4, appendix B.1.
        header.KeyIds.Should().Equal(Given.Key("ba7816bf8f01cfea414140de5dae2223"));
        ClearKeyHeader.Identifiers(header).Single().Original.ToArray().Should().Equal("abc"u8.ToArray());
        header.Facts.Should().Contain(new HeaderFact { Name = "key", Value = "ba7816bf8f01cfea414140de5dae2223 (of 3 bytes, YWJj)" });
    }

    [Fact]
    public void WebM_identifier_that_begins_like_json_keeps_its_original()
    {
        ProtectionHeader header = Read(InitializationDataKind.WebM, "{id}"u8.ToArray());
        ClearKeyHeader.Identifiers(header).Single().Original.ToArray().Should().Equal("{id}"u8.ToArray());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(513)]
    public void WebM_identifier_of_no_sensible_length_is_refused(int length) =>
        Refused(() => Read(InitializationDataKind.WebM, new byte[length])).WithMessage("*1 to 512 bytes*");

    [Fact]
    public void Identifiers_of_a_list_keep_their_originals_in_the_headers_order()
    {
        ProtectionHeader header = Read(InitializationDataKind.KeyIds, """{"kids":["YWJj","LwVHf8JLtPrv2GUXFW2v_A"]}""");
        ClearKeyHeader.Identifiers(header).Select(id => Convert.ToHexStringLower(id.Original.Span)).Should().Equal("616263", First);
    }

    [Fact]
    public void Boxes_of_the_corpus_name_the_keys_that_its_manifest_lists()
    {
        int read = 0;
        foreach (JsonElement item in JsonCorpus.Items("pssh-string").Where(item => !item.GetProperty("malformed").GetBoolean()))
        {
            if (item.GetProperty("encoding").GetString() != "base64") continue;   // those in hexadecimal are about boxes that do not end where they say
            byte[] boxes = Convert.FromBase64String(Encoding.ASCII.GetString(JsonCorpus.Bytes(item)).Trim());
            PsshBox.TryReadAll(boxes, out IReadOnlyList<PsshBox> found, out _).Should().BeTrue(JsonCorpus.Id(item));
            foreach ((PsshBox box, JsonElement expected) in found.Zip(item.GetProperty("pssh").EnumerateArray()))
            {
                if (box.System != SystemIds.Common && box.System != SystemIds.ClearKeyDashIf) continue;
                InitializationData data = new() { Kind = InitializationDataKind.Pssh, System = box.System, Payload = box.Data, BoxKeyIds = box.KeyIds };
                Given.System().ParseHeader(data).KeyIds.Select(id => id.ToString())
                    .Should().Equal(expected.GetProperty("kids").EnumerateArray().Select(kid => kid.GetString()!), JsonCorpus.Id(item));
                read++;
            }
        }

        read.Should().Be(4, "so many of its texts hold a box of a system of ClearKey");
    }

    private static ProtectionHeader Read(InitializationDataKind kind, string payload, SystemId system = default, params KeyId[] box) =>
        Read(kind, Encoding.UTF8.GetBytes(payload), system, box);

    private static ProtectionHeader Read(InitializationDataKind kind, byte[] payload, SystemId system = default, params KeyId[] box) =>
        Given.System().ParseHeader(new InitializationData { Kind = kind, System = system, Payload = payload, BoxKeyIds = box });

    private static FluentAssertions.Specialized.ExceptionAssertions<ProtectionHeaderException> Refused(Func<ProtectionHeader> read) =>
        read.Should().Throw<ProtectionHeaderException>();
}
