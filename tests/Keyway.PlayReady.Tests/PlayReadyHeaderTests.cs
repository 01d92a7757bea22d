using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using Keyway.Licensing;

namespace Keyway.PlayReady;

public sealed class PlayReadyHeaderTests
{
    private const string Xmlns = "xmlns=\"http://schemas.microsoft.com/DRM/2007/03/PlayReadyHeader\"";
    private const string Kid1 = "4Rplb+TbNES8tGkNFWTEHA==";
    private const string Kid2 = "PV1LM/VEVk+kEOB8qqcWDg==";
    private static readonly KeyId Id1 = SharedVectors.Id("6f651ae1-dbe4-4434-bcb4-690d1564c41c");
    private static readonly KeyId Id2 = SharedVectors.Id("334b5d3d-44f5-4f56-a410-e07caaa7160e");

    private static string Header40 => $"<WRMHEADER {Xmlns} version=\"4.0.0.0\"><DATA><PROTECTINFO><KEYLEN>16</KEYLEN><ALGID>AESCTR</ALGID></PROTECTINFO><KID>{Kid1}</KID></DATA></WRMHEADER>";

    [Fact]
    public void Version_40_is_read()
    {
        PlayReadyHeader header = Parse($"<WRMHEADER {Xmlns} version=\"4.0.0.0\"><DATA><PROTECTINFO><KEYLEN>16</KEYLEN><ALGID>AESCTR</ALGID></PROTECTINFO><KID>{Kid1}</KID>"
            + "<CHECKSUM>KLj3QzQP/NA=</CHECKSUM><LA_URL>https://a.example/?a=1&amp;b=2</LA_URL><LUI_URL>https://b.example/</LUI_URL><DS_ID>AH+03juKbUGbHl1V/QIwRA==</DS_ID>"
            + "<CUSTOMATTRIBUTES xmlns=\"\"><x>1</x></CUSTOMATTRIBUTES></DATA></WRMHEADER>");
        header.Version.Should().Be("4.0.0.0");
        header.Keys.Should().ContainSingle().Which.Should().Match<HeaderKey>(key => key.Id == Id1 && key.Algorithm == HeaderAlgorithm.AesCtr && key.Checksum.Length == 8);
        header.LicenseUrl.Should().Be("https://a.example/?a=1&b=2");
        header.PageUrl.Should().Be("https://b.example/");
        header.DomainService.Should().Be(new Guid("deb47f00-8a3b-416d-9b1e-5d55fd023044"));
        header.CustomAttributes.Should().Be(1);
        header.KeyLength.Should().Be(16);
    }

    [Fact]
    public void Version_41_is_read()
    {
        PlayReadyHeader header = Parse($"<WRMHEADER {Xmlns} version=\"4.1.0.0\"><DATA><PROTECTINFO><KID ALGID=\"COCKTAIL\" VALUE=\"{Kid1}\"></KID></PROTECTINFO><DECRYPTORSETUP>ONDEMAND</DECRYPTORSETUP></DATA></WRMHEADER>");
        header.Keys.Should().ContainSingle().Which.Algorithm.Should().Be(HeaderAlgorithm.Cocktail);
        header.OnDemand.Should().BeTrue();
    }

    [Fact]
    public void Version_43_is_read()
    {
        PlayReadyHeader header = Parse($"<WRMHEADER {Xmlns} version=\"4.3.0.0\"><DATA><PROTECTINFO LICENSEREQUESTED=\"false\"><KIDS><KID VALUE=\"{Kid1}\"></KID><KID VALUE=\"{Kid2}\"></KID></KIDS></PROTECTINFO></DATA></WRMHEADER>");
        header.Keys.Select(key => key.Id).Should().Equal(Id1, Id2);
        header.Keys.Should().OnlyContain(key => key.Algorithm == HeaderAlgorithm.None);
        header.LicenseRequested.Should().BeFalse();
    }

    [Theory]
    [InlineData("4.4.0.0", PlayReadyCode.HeaderVersionUnsupported)]
    [InlineData("5.0.0.0", PlayReadyCode.HeaderVersionUnsupported)]
    [InlineData("4.3.0.1", PlayReadyCode.HeaderVersionUnsupported)]
    [InlineData("2.0.0.0", PlayReadyCode.HeaderVersionUnsupported)]
    [InlineData("", PlayReadyCode.HeaderVersionUnsupported)]
    [InlineData(null, PlayReadyCode.HeaderVersionMissing)]
    public void Unknown_versions_are_refused_with_the_protocols_code(string? version, uint code)
    {
        string attribute = version is null ? "" : $" version=\"{version}\"";
        Refuse($"<WRMHEADER {Xmlns}{attribute}><DATA></DATA></WRMHEADER>", code);
        Action read = () => PlayReadyHeader.Read(Pssh(Pro($"<WRMHEADER {Xmlns}{attribute}><DATA></DATA></WRMHEADER>")));
        read.Should().Throw<ProtectionHeaderException>().WithMessage($"*{PlayReadyError.Text(code)}*");
    }

    public static TheoryData<string, uint> Malformed => new()
    {
        { "<DATA></DATA>", PlayReadyCode.HeaderInvalid },
        { "", PlayReadyCode.HeaderInvalid },
        { "<WRMHEADER", PlayReadyCode.HeaderInvalid },
        { "<!DOCTYPE a [<!ENTITY b \"c\">]>" + Header40, PlayReadyCode.HeaderInvalid },
        { "<!-- a -->" + Header40, PlayReadyCode.HeaderInvalid },
        { Header40 + "<x></x>", PlayReadyCode.HeaderInvalid },
        { Header40.Replace("PlayReadyHeader", "playreadyheader", StringComparison.Ordinal), PlayReadyCode.HeaderInvalid },
        { Header40.Replace($"<KID>{Kid1}</KID>", "", StringComparison.Ordinal), PlayReadyCode.HeaderKeyIdMissing },
        { Header40.Replace($"<KID>{Kid1}</KID>", $"<KID>{Kid1}</KID><KID>{Kid2}</KID>", StringComparison.Ordinal), PlayReadyCode.HeaderSeveralKeyIds },
        { Header40.Replace(Kid1, "AAAA", StringComparison.Ordinal), PlayReadyCode.HeaderInvalid },
        { Header40.Replace("16", "7", StringComparison.Ordinal), PlayReadyCode.HeaderInvalid },
        { Header40.Replace("AESCTR", "AESCBC", StringComparison.Ordinal), PlayReadyCode.HeaderInvalid },
        { Header40.Replace("<ALGID>AESCTR</ALGID>", "", StringComparison.Ordinal), PlayReadyCode.HeaderInvalid },
        { Header40.Replace("<KID>", "<LA_URL></LA_URL><KID>", StringComparison.Ordinal), PlayReadyCode.HeaderInvalid },
        { Header40.Replace("<KID>", "<DS_ID></DS_ID><KID>", StringComparison.Ordinal), PlayReadyCode.HeaderInvalid },
        { Header40.Replace("<KID>", "<CUSTOMATTRIBUTES></CUSTOMATTRIBUTES><KID>", StringComparison.Ordinal), PlayReadyCode.HeaderInvalid },
        { Header40.Replace("<KID>", "<LA_URL>a:b</LA_URL><LA_URL>a:b</LA_URL><KID>", StringComparison.Ordinal), PlayReadyCode.HeaderInvalid },
        { Header40.Replace("<KID>", "<CHECKSUM>AAAA</CHECKSUM><KID>", StringComparison.Ordinal), PlayReadyCode.HeaderInvalid },
        { Keys("4.1.0.0", $"<KID ALGID=\"AESCTR\" VALUE=\"{Kid1}\"/><KID ALGID=\"AESCTR\" VALUE=\"{Kid2}\"/>", list: false), PlayReadyCode.HeaderSeveralKeyIds },
        { Keys("4.1.0.0", $"<KID VALUE=\"{Kid1}\"/>", list: false), PlayReadyCode.HeaderInvalid },
        { Keys("4.2.0.0", $"<KID VALUE=\"{Kid1}\"/>"), PlayReadyCode.HeaderInvalid },
        { Keys("4.2.0.0", "<KID ALGID=\"AESCTR\"/>"), PlayReadyCode.HeaderKeyIdMissing },
        { Keys("4.2.0.0", ""), PlayReadyCode.HeaderKeyIdMissing },
        { Keys("4.2.0.0", $"<KID ALGID=\"AESCBC\" VALUE=\"{Kid1}\"/>"), PlayReadyCode.HeaderInvalid },
        { Keys("4.2.0.0", $"<KID ALGID=\"AESCTR\" VALUE=\"{Kid1}\">x</KID>"), PlayReadyCode.HeaderInvalid },
        { Keys("4.2.0.0", $"<KID ALGID=\"AESCTR\" VALUE=\"{Kid1}\"/><KID ALGID=\"AESCTR\" VALUE=\"{Kid1}\"/>"), PlayReadyCode.HeaderInvalid },
        { Keys("4.3.0.0", $"<KID ALGID=\"AESCTR\" VALUE=\"{Kid1}\"/><KID ALGID=\"AESCBC\" VALUE=\"{Kid2}\"/>"), PlayReadyCode.HeaderInvalid },
        { Keys("4.3.0.0", $"<KID ALGID=\"AESCTR\" VALUE=\"{Kid1}\"/><KID VALUE=\"{Kid2}\"/>"), PlayReadyCode.HeaderInvalid },
        { Keys("4.3.0.0", $"<KID ALGID=\"AESCBC\" CHECKSUM=\"KLj3QzQP/NA=\" VALUE=\"{Kid1}\"/>"), PlayReadyCode.HeaderInvalid },
        { Keys("4.3.0.0", $"<KID VALUE=\"{Kid1}\"/>").Replace("</DATA>", "<DECRYPTORSETUP>NOW</DECRYPTORSETUP></DATA>", StringComparison.Ordinal), PlayReadyCode.HeaderInvalid },
        { Keys("4.3.0.0", string.Concat(Enumerable.Repeat("<a>", 200)) + string.Concat(Enumerable.Repeat("</a>", 200))), PlayReadyCode.HeaderInvalid },
    };

    [Theory]
    [MemberData(nameof(Malformed))]
    public void Malformed_headers_are_refused(string markup, uint code) => Refuse(markup, code);

    [Fact]
    public void What_a_known_version_does_not_define_is_passed_over()
    {
        PlayReadyHeader header = Parse(Keys("4.2.0.0", $"<KID NEW=\"1\" VALUE=\"{Kid1}\" ALGID=\"AESCTR\"/><OTHER/>").Replace("<DATA>", "<DATA><NEW a=\"b\"><LA_URL/></NEW>", StringComparison.Ordinal));
        header.Keys.Should().ContainSingle();
    }

    [Fact]
    public void Live_headers_need_no_key()
    {
        ProtectionHeader header = PlayReadyHeader.Read(Pssh(Pro($"<WRMHEADER version=\"4.2.0.0\" {Xmlns}><DATA><DECRYPTORSETUP>ONDEMAND</DECRYPTORSETUP></DATA></WRMHEADER>")));
        header.KeyIds.Should().BeEmpty();
        header.Facts.Should().Contain(new HeaderFact { Name = "DecryptorSetup", Value = "ONDEMAND" });
    }

    [Fact]
    public void Written_headers_are_canonical_and_read_back()
    {
        foreach (HeaderAlgorithm algorithm in (HeaderAlgorithm[])[HeaderAlgorithm.None, HeaderAlgorithm.AesCtr, HeaderAlgorithm.AesCbc])
        {
            PlayReadyHeader written = PlayReadyHeader.Write([Id1, Id2], algorithm);
            PlayReadyHeader read = Parse(written.Markup);
            read.Version.Should().Be(written.Version).And.Be(algorithm == HeaderAlgorithm.AesCtr ? "4.2.0.0" : "4.3.0.0");
            read.Keys.Select(key => (key.Id, key.Algorithm)).Should().Equal((Id1, algorithm), (Id2, algorithm));
            read.Markup.Should().NotContain("/>").And.NotContain(" >");
        }
    }

    [Fact]
    public void Tolerated_forms_all_name_the_same_key()
    {
        byte[] utf16 = Encoding.Unicode.GetBytes(Header40);
        byte[] pro = Pro(Header40);
        byte[] box = Box(pro);
        byte[][] forms =
        [
            pro,
            box,
            [.. ForeignBox(), .. box],
            box[8..],
            utf16,
            Encoding.UTF8.GetBytes(Header40),
            [0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes(Header40)],
            Pro(Header40 + "\0\0\0"),
            [.. utf16, 0, 0],
            Encoding.ASCII.GetBytes(Wrapped(Convert.ToBase64String(pro))),
            Encoding.ASCII.GetBytes(Wrapped(Convert.ToBase64String(box))),
            Box(utf16),
            [.. BitConverter.GetBytes(9999), .. pro[4..]],
            Swapped(box),
            [.. pro, 1, 2, 3],
        ];
        foreach (byte[] form in forms)
        {
            ProtectionHeader header = PlayReadyHeader.Read(Pssh(form));
            header.KeyIds.Should().Equal(Id1);
            header.Data.ToArray().Should().Equal(form, "the data is kept byte for byte");
            PlayReadyHeader.TryOpen(form, out _, out PlayReadyHeader? opened, out _).Should().BeTrue();
            opened!.Markup.Should().Be(Header40, "the markup goes to the service as found");
        }
    }

    [Fact]
    public void Version_1_boxes_add_their_keys()
    {
        byte[] box = Box(Pro(Header40), Id2);
        PlayReadyHeader.Read(Pssh(box)).KeyIds.Should().Equal(Id2, Id1);
        PlayReadyHeader.Read(new InitializationData { Kind = InitializationDataKind.Pssh, System = PlayReadyConstants.System, Payload = Pro(Header40), BoxKeyIds = [Id2, Id1] }).KeyIds.Should().Equal(Id2, Id1);
        PlayReadyHeader.Read(new InitializationData { Kind = InitializationDataKind.Pssh, System = PlayReadyConstants.System, Payload = default, BoxKeyIds = [Id2] }).KeyIds.Should().Equal(Id2);
    }

    [Fact]
    public void Records_that_overrun_and_odd_lengths_are_refused()
    {
        byte[] pro = Pro(Header40);
        foreach (byte[] bad in (byte[][])[pro[..^2], [.. pro[..8], 0xFF, 0xFF, .. pro[10..]], [.. pro[..4], 2, 0, .. pro[6..]], [1, 2, 3], [7, 0, 0, 0, 1, 0, 1, 0, 1, 0, 65]])
        {
            Action read = () => PlayReadyHeader.Read(Pssh(bad));
            read.Should().Throw<ProtectionHeaderException>().WithMessage($"*{PlayReadyError.Text(PlayReadyCode.HeaderInvalid)}*");
        }
    }

    [Fact]
    public void Other_records_are_passed_over_by_name()
    {
        byte[] markup = Encoding.Unicode.GetBytes(Header40);
        byte[] pro = ProOf((2, [1, 2]), (3, new byte[10]), (1, markup), (9, [5]));
        ProtectionHeader header = PlayReadyHeader.Read(Pssh(pro));
        header.KeyIds.Should().Equal(Id1);
        header.Facts.Should().Contain(fact => fact.Name == "EmbeddedLicenseStore").And.Contain(fact => fact.Value.Contains("type 9", StringComparison.Ordinal));
    }

    [Fact]
    public void Hostile_bytes_are_refused_and_nothing_else()
    {
        byte[][] seeds = [Pro(Header40), Box(Pro(Header40), Id1), Encoding.UTF8.GetBytes(Header40)];
        Gen.Select(Gen.Int[0, seeds.Length - 1], Gen.Int[0, 400], Gen.Byte, Gen.Int[0, 3000]).Sample(
            (which, at, value, cut) =>
            {
                byte[] bytes = [.. seeds[which]];
                bytes[at % bytes.Length] = value;
                if (cut < bytes.Length) bytes = bytes[..cut];
                try
                {
                    PlayReadyHeader.Read(Pssh(bytes));
                }
                catch (ProtectionHeaderException)
                {
                    // The only exception there may be.
                }
            },
            iter: 3000);
    }

    [Fact]
    public void Every_public_object_decodes_to_its_facts()
    {
        JsonObject vectors = SharedVectors.Public;
        foreach (JsonNode? vector in vectors["pro"]!.AsArray()) Check(vector, vector.Base64("b64"));
        foreach (JsonNode? vector in vectors["pssh"]!.AsArray()) Check(vector, vector.Base64("b64"));
        foreach (JsonNode? vector in vectors["robustness"]!.AsArray())
        {
            if (vector!["kids"] is not null) Check(vector, vector.Base64(vector["b64"] is null ? "pssh_b64" : "b64"));
            else if (vector["b64"] is not null) PlayReadyHeader.Read(Pssh(vector.Base64("b64"))).KeyIds.Should().NotBeEmpty();
            else KeyIdOrder.ToBase64(SharedVectors.Id(vector.Text("kid_guid"))).Should().Be(vector.Text("pro_kid_b64"));
        }

        foreach (JsonNode? vector in vectors["wrmheader"]!.AsArray().Where(vector => vector!["xml"] is not null))
        {
            Check(vector, Encoding.UTF8.GetBytes(vector.Text("xml")));
            Check(vector, Pro(vector.Text("xml")));
        }
    }

    [Fact]
    public void Checksums_of_public_boxes_fit_their_published_keys()
    {
        foreach (JsonNode? vector in SharedVectors.Public["pssh"]!.AsArray().Where(vector => vector!["content_key_hex"] is not null))
        {
            PlayReadyHeader.TryOpen(vector.Base64("b64"), out _, out PlayReadyHeader? header, out _).Should().BeTrue();
            foreach (HeaderKey key in header!.Keys.Where(key => !key.Checksum.IsEmpty))
                KeyChecksum.Fits(key.Checksum.Span, vector.Hex("content_key_hex"), key.Id).Should().BeTrue(vector.Text("name"));
        }
    }

    private static void Check(JsonNode? vector, byte[] bytes)
    {
        PlayReadyHeader.TryOpen(bytes, out PlayReadyInitData init, out PlayReadyHeader? header, out PlayReadyFault fault).Should().BeTrue(fault.Reason);
        header!.Version.Should().Be((vector!["wrmheader_version"] ?? vector["version"])?.GetValue<string>() ?? "4.2.0.0");
        PlayReadyHeader.Read(Pssh(bytes)).KeyIds.Should().BeEquivalentTo(vector["kids"]!.AsArray().Select(id => SharedVectors.Id(id!.GetValue<string>())));
        if (vector["wrmheader_xml"] is JsonNode markup) init.Markup.Should().Be(markup.GetValue<string>());
    }

    private static string Keys(string version, string keys, bool list = true) =>
        $"<WRMHEADER {Xmlns} version=\"{version}\"><DATA><PROTECTINFO>{(list ? $"<KIDS>{keys}</KIDS>" : keys)}</PROTECTINFO></DATA></WRMHEADER>";

    private static PlayReadyHeader Parse(string markup)
    {
        PlayReadyHeader.TryParse(markup, out PlayReadyHeader? header, out PlayReadyFault fault).Should().BeTrue(fault.Reason);
        return header!;
    }

    private static void Refuse(string markup, uint code)
    {
        PlayReadyHeader.TryParse(markup, out PlayReadyHeader? header, out PlayReadyFault fault).Should().BeFalse();
        header.Should().BeNull();
        PlayReadyError.Text(fault.Code).Should().Be(PlayReadyError.Text(code));
        fault.Kind.Should().Be(LicenseErrorKind.HeaderUnsupported);
    }

    internal static InitializationData Pssh(byte[] payload) => new() { Kind = InitializationDataKind.Pssh, System = PlayReadyConstants.System, Payload = payload };

    internal static byte[] Pro(string markup) => ProOf((1, Encoding.Unicode.GetBytes(markup)));

    private static byte[] ProOf(params (int Type, byte[] Value)[] records)
    {
        byte[] body = [.. records.SelectMany(record => (byte[])[(byte)record.Type, 0, (byte)record.Value.Length, (byte)(record.Value.Length >> 8), .. record.Value])];
        return [.. BitConverter.GetBytes(6 + body.Length), (byte)records.Length, 0, .. body];
    }

    private static byte[] Box(byte[] data, params KeyId[] ids)
    {
        byte[] list = [.. ids.SelectMany(id => Convert.FromHexString(id.ToString()))];
        byte[] count = ids.Length == 0 ? [] : Issuer.Big.U32(ids.Length);
        byte[] content = [(byte)(ids.Length == 0 ? 0 : 1), 0, 0, 0, .. Convert.FromHexString("9A04F07998404286AB92E65BE0885F95"), .. count, .. list, .. Issuer.Big.U32(data.Length), .. data];
        return [.. Issuer.Big.U32(8 + content.Length), .. "pssh"u8, .. content];
    }

    private static byte[] ForeignBox() => [0, 0, 0, 34, .. "pssh"u8, 0, 0, 0, 0, .. Convert.FromHexString("EDEF8BA979D64ACEA3C827DCD51D21ED"), 0, 0, 0, 2, 8, 1];

    private static byte[] Swapped(byte[] box) => [.. box[..12], .. Convert.FromHexString("79F0049A40988642AB92E65BE0885F95"), .. box[28..]];

    private static string Wrapped(string base64) => "\r\n  " + string.Join("\r\n  ", base64.Chunk(60).Select(line => new string(line))) + "\n";
}
