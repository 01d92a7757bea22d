using System.Reflection;
using System.Text;
using Keyway.Cpix.Xml;
using Keyway.Decryption;
using Keyway.Testing;
using static Keyway.Cpix.CpixBench;

namespace Keyway.Cpix;

public sealed class CpixDocumentTests
{
    private const BindingFlags Hidden = BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public;

    [Fact]
    public void Keys_in_the_clear_are_given_for_their_identifiers()
    {
        using CpixDocument document = Read(Document(List(Plain(1), Plain(2)), "id=\"i\" contentId=\"c\" name=\"n\" version=\"2.3\""));
        (document.Id, document.ContentId, document.Name, document.Version).Should().Be(("i", "c", "n", "2.3"));
        document.IsLocked.Should().BeFalse();
        document.Notes.Should().BeEmpty();
        document.ContentKeys.Select(static key => (key.Id, key.State)).Should().Equal((Id(1), CpixKeyState.Clear), (Id(2), CpixKeyState.Clear));
        document.ShouldGive((Id(1), Key(1)), (Id(2), Key(2)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("version=\"2.0\"")]
    [InlineData("version=\"2.4\"")]
    public void Editions_are_judged_by_what_is_in_them(string version)
    {
        using CpixDocument document = Read(Document(List(Plain(1, "contentId=\"part\" dependsOnKey=\"" + Kid(2) + "\" commonEncryptionScheme=\"cbcs\""), Plain(2)), version));
        document.Notes.Should().BeEmpty();
        document.ContentKeys[0].Should().Match<CpixContentKey>(static key => key.ContentId == "part" && key.DependsOn == Id(2) && key.Scheme == ProtectionScheme.Cbcs && key.SchemeText == "cbcs");
        document.ShouldGive((Id(1), Key(1)), (Id(2), Key(2)));
    }

    [Fact]
    public void Prefixes_order_white_space_and_strangers_do_no_harm()
    {
        string base64 = Convert.ToBase64String(Key(1)).TrimEnd('=');
        using CpixDocument document = Read($"""
            <?xml version="1.0"?><!-- one -->
            <x:CPIX xmlns:x="urn:dashif:org:cpix" xmlns:p="urn:ietf:params:xml:ns:keyprov:pskc" xmlns:o="urn:other" o:said="1">
              <o:Thing><o:Deep kid="x"/></o:Thing>
              <x:ContentKeyUsageRuleList/>
              <x:ContentKeyList><x:Unknown/><x:ContentKey kid="{Kid(1).ToUpperInvariant()}"><o:Other>text</o:Other><x:Data><p:Secret>
                <p:PlainValue>
                  {base64[..5]}<!-- here --><![CDATA[{base64[5..9]}]]>
                  &#{(int)base64[9]};{base64[10..]}
                </p:PlainValue></p:Secret></x:Data></x:ContentKey></x:ContentKeyList>
            </x:CPIX>
            """);
        document.ShouldGive((Id(1), Key(1)));
    }

    [Fact]
    public void Everything_that_a_document_says_is_there()
    {
        using CpixDocument document = CpixDocument.Read(Vector("clear.xml"), "clear.xml");
        document.Notes.Should().BeEmpty();
        document.ShouldGive((Id(1), Convert.FromHexString("101112131415161718191a1b1c1d1e1f")), (Id(2), Convert.FromHexString("202122232425262728292a2b2c2d2e2f")));
        CpixDrmSystem system = document.Systems.Should().ContainSingle().Which;
        CpixHeader header = system.Headers.Should().ContainSingle("the same header stands in two places").Which;
        header.Places.Should().Equal("PSSH", "ContentProtectionData");
        header.Box.KeyIds.Should().Equal(Id(1));
        system.Signals.Select(static signal => (signal.Name, signal.Playlist, signal.Facts.Count)).Should().Equal(("ContentProtectionData", null, 0), ("HLSSignalingData", "media", 1), ("HLSSignalingData", "multiVariant", 1), ("URIExtXKey", null, 1));
        system.Signals[1].Facts[0].Should().Be("METHOD=AES-128, KEYFORMAT identity, with an IV, URI https://keys.example/…");
        system.Signals[2].Facts[0].Should().EndWith("URI skd:…");
        document.KeyPeriods[1].Should().Match<CpixKeyPeriod>(static period => period.Label == "evening" && period.EndOffset == TimeSpan.FromHours(1));
        document.UsageRules.Select(static rule => rule.IntendedTrackType).Should().Equal("VIDEO", "AUDIO");
    }

    [Fact]
    public void Snippets_that_cannot_be_read_are_noted_and_keep_no_key_from_being_given()
    {
        string[] snippets = ["<PSSH>*</PSSH>", "<PSSH>AAAAEHBzc2gAAAAAAAAAAA==</PSSH>", $"<ContentProtectionData>{Base64("<a>")}</ContentProtectionData>", $"<HLSSignalingData>{Base64("x")}</HLSSignalingData>", "<HLSSignalingData playlist=\"media\"/>",
            $"<HLSSignalingData>{Base64("#EXT-X-KEY:METHOD=\n#EXTM3U")}</HLSSignalingData>", $"<ContentProtectionData>{Base64("</ContentProtection><ContentProtection/><ContentProtection>")}</ContentProtectionData>", "<Unknown><Deep/></Unknown>"];
        using CpixDocument document = Read(Document(List(Plain(1)) + $"<DRMSystemList><DRMSystem systemId=\"{Protection.SystemIds.Widevine}\" kid=\"{Kid(7)}\">{string.Concat(snippets)}</DRMSystem></DRMSystemList>"));
        document.Notes.Should().HaveCount(6, string.Join('\n', document.Notes));
        document.ShouldGive((Id(1), Key(1)));

        static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
    }

    [Fact]
    public void Utf_16_is_read()
    {
        string xml = Document(List(Plain(1))).Replace("UTF-8", "UTF-16", StringComparison.Ordinal);
        foreach (Encoding encoding in (Encoding[])[Encoding.Unicode, Encoding.BigEndianUnicode])
        {
            using CpixDocument document = CpixDocument.Read([.. encoding.GetPreamble(), .. encoding.GetBytes(xml)]);
            document.ShouldGive((Id(1), Key(1)));
        }
    }

    [Fact]
    public void A_request_is_reported_as_one()
    {
        using CpixDocument document = Read(Document(List($"<ContentKey kid=\"{Kid(1)}\"/>", $"<ContentKey kid=\"{Kid(2)}\"><Data><pskc:Secret/></Data></ContentKey>")));
        document.ContentKeys.Should().OnlyContain(static key => key.State == CpixKeyState.Absent);
        using RawKeyRing ring = new();
        document.Invoking(each => each.AddTo(ring)).Should().Throw<CpixException>().Where(static e => e.Kind == CpixErrorKind.NoKey).WithMessage("film.cpix: *this is a request*");
        using CpixDocument empty = Read(Document(""));
        empty.Invoking(each => each.AddTo(ring)).Should().Throw<CpixException>().Where(static e => e.Kind == CpixErrorKind.NoKey).WithMessage("*there is no key in it*");
    }

    [Fact]
    public void A_key_that_is_not_there_does_not_keep_others_from_being_given()
    {
        using CpixDocument document = Read(Document(List($"<ContentKey kid=\"{Kid(1)}\"/>", Plain(2))));
        document.ShouldGive((Id(2), Key(2)));
        using RawKeyRing ring = new();
        document.Invoking(each => each.AddTo(ring, Id(1))).Should().Throw<CpixException>().Where(static e => e.Kind == CpixErrorKind.NoKey);
        document.Invoking(each => each.AddTo(ring, Id(3))).Should().Throw<CpixException>().WithMessage($"*{Id(3)} is not in it*");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(8)]
    [InlineData(15)]
    [InlineData(17)]
    [InlineData(24)]
    [InlineData(32)]
    [InlineData(64)]
    public void A_key_of_another_length_is_refused(int length) =>
        Refused(Document(List(Plain(Kid(1), new byte[length])))).Message.Should().Be($"film.cpix: key {Id(1)} has {length} bytes instead of 16 (at /CPIX/ContentKeyList[0]/ContentKey[0]/Data[0]/Secret[0]/PlainValue[0])");

    [Fact]
    public void What_contradicts_itself_is_refused_with_its_place()
    {
        Refused(Document(List(Plain(1), Plain(2), Plain(1)))).Should().Match<CpixException>(static e => e.Kind == CpixErrorKind.Malformed && e.Error.Path == "/CPIX/ContentKeyList[0]/ContentKey[2]" && e.Error.Reason.EndsWith("is there twice"));
        Refused(Document(List(Plain(1)) + List(Plain(Kid(1).ToUpperInvariant(), Key(1))))).Error.Path.Should().Be("/CPIX/ContentKeyList[1]/ContentKey[0]");
        Refused(Document(List(Plain("film", Key(1))))).Error.Reason.Should().Be("@kid is not a UUID");
        Refused(Document(List("<ContentKey/>"))).Error.Reason.Should().Be("@kid is missing");
        Refused(Document(List($"<ContentKey kid=\"{Kid(1)}\"><Data><pskc:Secret><pskc:PlainValue>{Convert.ToBase64String(Key(1))}</pskc:PlainValue><pskc:PlainValue>{Convert.ToBase64String(Key(2))}</pskc:PlainValue></pskc:Secret></Data></ContentKey>"))).Error.Reason.Should().Contain("two values");
        Refused(Document("<ContentKeyPeriodList><ContentKeyPeriod id=\"a\"/><ContentKeyPeriod id=\"a\"/></ContentKeyPeriodList>")).Error.Reason.Should().Contain("two key periods");
        Refused(Document("<ContentKeyPeriodList><ContentKeyPeriod start=\"2026-01-02T00:00:00Z\" end=\"2026-01-01T00:00:00Z\"/></ContentKeyPeriodList>")).Error.Reason.Should().Contain("ends before it begins");
        Refused(Document("<ContentKeyPeriodList><ContentKeyPeriod start=\"9999-12-31T00:00:00Z\" duration=\"P10000D\"/></ContentKeyPeriodList>")).Error.Reason.Should().Contain("no time that there is");
        Refused(Document("<ContentKeyUsageRuleList><ContentKeyUsageRule/></ContentKeyUsageRuleList>")).Error.Reason.Should().Be("@kid is not a UUID");
        Refused(Document("<DRMSystemList><DRMSystem systemId=\"widevine\"/></DRMSystemList>")).Error.Reason.Should().Be("@systemId is not a UUID");
    }

    [Theory]
    [InlineData("<MPD/>", "the root is not a CPIX element")]
    [InlineData("<CPIX xmlns=\"urn:other\"/>", "the root is not a CPIX element")]
    [InlineData("", "not well-formed XML")]
    [InlineData("{\"keys\":[]}", "not well-formed XML")]
    [InlineData("<CPIX xmlns=\"urn:dashif:org:cpix\">", "not well-formed XML")]
    [InlineData("<CPIX xmlns=\"urn:dashif:org:cpix\"/><CPIX/>", "not well-formed XML")]
    [InlineData("<!DOCTYPE CPIX [<!ENTITY a \"b\">]><CPIX xmlns=\"urn:dashif:org:cpix\"/>", "DTD")]
    [InlineData("<!DOCTYPE CPIX SYSTEM \"http://127.0.0.1:1/x.dtd\"><CPIX xmlns=\"urn:dashif:org:cpix\"/>", "DTD")]
    public void What_is_no_document_is_refused(string xml, string reason) => Refused(xml).Should().Match<CpixException>(e => e.Kind == CpixErrorKind.Malformed && e.Message.Contains(reason));

    [Fact]
    public void What_is_larger_or_deeper_than_is_read_is_refused()
    {
        Refused(Document(new string(' ', 1 << 20))).Error.Reason.Should().Contain("at most 1 MiB");
        Refused(Document(string.Concat(Enumerable.Repeat("<a>", 40)) + string.Concat(Enumerable.Repeat("</a>", 40)))).Error.Reason.Should().Contain("nested more than 32 deep");
        Refused(Document(List([.. Enumerable.Range(1, 4097).Select(static number => $"<ContentKey kid=\"{Kid(number)}\"/>")]))).Error.Reason.Should().Contain("more than 4096 keys");
        Refused(Document($"<DeliveryDataList>{string.Concat(Enumerable.Repeat("<DeliveryData/>", 257))}</DeliveryDataList>")).Error.Reason.Should().Contain("more than 256 recipients");
        using CpixDocument full = Read(Document(List([.. Enumerable.Range(1, 4096).Select(static number => Plain(number))])));
        full.ContentKeys.Should().HaveCount(4096);
    }

    /// <summary>The XML library's messages quote what they complain about, and so a value that is no base64, a name, a reference or an end tag with a key in it.</summary>
    [Fact]
    public void No_letter_of_a_key_is_in_any_error()
    {
        string key = Convert.ToBase64String(Key(1)), hex = Convert.ToHexString(Key(1));
        LeakScan scan = new();
        scan.Plant("key", Key(1));
        foreach (string value in (string[])[key + "*", $"<{hex[..8]}K{hex[8..]}/>", $"<A{hex}>", $"&{"K" + hex};", $"</B{hex}>", key + key, key[..20], $"<![CDATA[{key}", $"A{hex}:x", $"<A b={key}/>", $"\u0001{key}", $"&#x110000;{key}"])
        {
            CpixException refused = Refused(Document(List($"<ContentKey kid=\"{Kid(1)}\"><Data><pskc:Secret><pskc:PlainValue>{value}</pskc:PlainValue></pskc:Secret></Data></ContentKey>")));
            refused.InnerException.Should().BeNull();
            scan.Add(value.Length.ToString(System.Globalization.CultureInfo.InvariantCulture), refused);
        }

        using (CpixDocument document = Read(Document(List(Plain(1, $"explicitIV=\"{key}\"")))))
        {
            scan.AddValue("document", document);
            scan.Add("text", document.ToString());
            foreach (CpixContentKey each in document.ContentKeys) scan.AddValue("key", each);
        }

        scan.Check();
    }

    /// <summary>White space behind the document is what the library's buffers have last. They are looked into where they are known.</summary>
    [Fact]
    public void Buffers_of_the_XML_library_hold_no_key_in_the_end()
    {
        byte[] content = Encoding.UTF8.GetBytes(Document(List([.. Enumerable.Range(1, 400).Select(static number => Plain(number))]))), bytes = [.. content, .. new byte[CpixCursor.Padding]];
        foreach (bool isPadded in (bool[])[false, true])
        {
            using MemoryStream stream = new(bytes, 0, isPadded ? CpixCursor.Pad(bytes, content.Length) : content.Length, writable: false);
            using CpixCursor at = new(stream, "");
            using KeyStore store = new();
            at.Read(new CpixReader(at, store).Read);
            object reader = typeof(XmlCursor).GetProperty("Xml", Hidden)!.GetValue(at)!;
            object? state = reader.GetType().GetField("_ps", Hidden)?.GetValue(reader);
            char[]? letters = (char[]?)state?.GetType().GetField("chars", Hidden)?.GetValue(state);
            byte[]? read = (byte[]?)state?.GetType().GetField("bytes", Hidden)?.GetValue(state);
            Assert.SkipWhen(letters is null || read is null, "the XML library has other buffers than are known here");
            bool hasKey = Enumerable.Range(1, 400).Any(number => new string(letters).Contains(Convert.ToBase64String(Key(number)), StringComparison.Ordinal) || Encoding.Latin1.GetString(read!).Contains(Convert.ToBase64String(Key(number)), StringComparison.Ordinal));
            hasKey.Should().Be(!isPadded);
        }
    }

    [Fact]
    public void Keys_are_zeroed_with_the_document()
    {
        CpixDocument document = Read(Document(List(Plain(1))));
        document.Dispose();
        document.Dispose();
        using RawKeyRing ring = new();
        document.Invoking(each => each.AddTo(ring)).Should().Throw<ObjectDisposedException>();
    }

    [Fact]
    public void Initialisation_vectors_are_given_and_not_shown()
    {
        byte[] vector = Key(9);
        using CpixDocument document = Read(Document(List(Plain(1, $"explicitIV=\"{Convert.ToBase64String(vector)}\""), Plain(2), Plain(3, "explicitIV=\"AAAAAAAAAAA=\""))));
        byte[] found = new byte[16];
        document.TryGetInitializationVector(Id(1), found).Should().BeTrue();
        found.Should().Equal(vector);
        document.ContentKeys.Select(static key => key.HasInitializationVector).Should().Equal(true, false, false);
        document.TryGetInitializationVector(Id(2), found).Should().BeFalse();
        document.TryGetInitializationVector(Id(9), found).Should().BeFalse();
        document.Notes.Should().ContainSingle().Which.Should().Contain("8 bytes instead of 16");
        document.ShouldGive((Id(1), Key(1)), (Id(2), Key(2)), (Id(3), Key(3)));
    }
}
