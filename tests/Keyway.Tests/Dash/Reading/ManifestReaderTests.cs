using System.Text;
using Keyway.Decryption;
using Keyway.Protection;

namespace Keyway.Dash.Reading;

public sealed class ManifestReaderTests
{
    private const string Kid1 = "00112233-4455-6677-8899-aabbccddeeff";
    private const string Kid2 = "0123456789abcdef0123456789abcdef";

    [Theory]
    [InlineData("""<!DOCTYPE MPD [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><MPD xmlns="urn:mpeg:dash:schema:mpd:2011">&b;</MPD>""")]
    [InlineData("""<!DOCTYPE MPD SYSTEM "http://127.0.0.1:1/x.dtd"><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"/>""")]
    [InlineData("")]
    [InlineData("no xml")]
    [InlineData("""<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period>""")]
    [InlineData("""<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"/><MPD/>""")]
    [InlineData("""<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><own:Thing/></MPD>""")]
    [InlineData("""<SmoothStreamingMedia/>""")]
    [InlineData("""<MPD xmlns="urn:something:else"/>""")]
    public void What_is_no_manifest_is_refused(string content)
    {
        Action read = () => Mpd.Read(content);
        read.Should().Throw<ManifestException>().Which.Message.Should().StartWith("https://content.example/shows/one/manifest.mpd: ").And.NotContain("secret");
    }

    [Fact]
    public void An_error_names_its_place_with_ordinals()
    {
        Action read = () => Mpd.Read(Mpd.Around("<Period/><Period><AdaptationSet/><AdaptationSet><Label></AdaptationSet></Period>"));
        read.Should().Throw<ManifestException>().Which.Error.Path.Should().Be("/MPD/Period[1]/AdaptationSet[1]/Label[0]");
    }

    [Fact]
    public void Elements_64_deep_are_read_and_deeper_ones_refused()
    {
        static string Nested(int depth) => Mpd.Around(string.Concat(Enumerable.Repeat("<a>", depth - 1)) + string.Concat(Enumerable.Repeat("</a>", depth - 1)));
        Mpd.Read(Nested(64));
        Action read = () => Mpd.Read(Nested(65));
        read.Should().Throw<ManifestException>().WithMessage("*more than 64 deep*");
        Action far = () => Mpd.Read(Nested(100_000));
        far.Should().Throw<ManifestException>();
    }

    [Fact]
    public void A_manifest_of_17_MiB_is_refused()
    {
        byte[] large = new byte[17 << 20];
        Array.Fill(large, (byte)' ');
        Encoding.ASCII.GetBytes(Mpd.Around("")).CopyTo(large, 0);
        Action read = () => ManifestReader.Read(large, Mpd.Location);
        read.Should().Throw<ManifestException>().WithMessage("*larger than 16 MiB*");
    }

    [Fact]
    public void A_manifest_in_UTF_16_is_read()
    {
        byte[] bytes = [.. Encoding.Unicode.GetPreamble(), .. Encoding.Unicode.GetBytes("""<?xml version="1.0" encoding="utf-16"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period id="ä"/></MPD>""")];
        ManifestReader.Read(bytes, Mpd.Location).Periods[0].Id.Should().Be("ä");
    }

    [Fact]
    public void Periods_begin_where_they_say_or_where_the_last_one_ends()
    {
        Manifest manifest = Mpd.Read(Mpd.Around("""<Period duration="PT10S"/><Period/><Period start="PT0H1M0.5S"/><Period start="PT90S"/>""", """mediaPresentationDuration="PT2M" """));
        manifest.Periods.Select(static period => (period.Start, period.Duration)).Should().Equal(
            (TimeSpan.Zero, TimeSpan.FromSeconds(10)),
            (TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(50.5)),
            (TimeSpan.FromSeconds(60.5), TimeSpan.FromSeconds(29.5)),
            (TimeSpan.FromSeconds(90), TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public void A_period_whose_length_nothing_says_has_none()
    {
        Manifest manifest = Mpd.Read(Mpd.Around("""<Period start="PT0S"/><Period/>""", """type="dynamic" availabilityStartTime="2026-01-01T00:00:00Z" """));
        manifest.Periods.Should().OnlyContain(static period => period.Duration == null);
        manifest.Periods[1].Start.Should().BeNull();
    }

    [Fact]
    public void Xlink_is_not_followed_and_reported()
    {
        Manifest manifest = Mpd.Read(Mpd.Around("""<Period/><Period xlink:href="http://127.0.0.1:1/x" xlink:actuate="onLoad"/>""", """xmlns:xlink="http://www.w3.org/1999/xlink" """));
        manifest.Notes.Should().ContainSingle().Which.Path.Should().Be("/MPD/Period[1]");
    }

    [Fact]
    public void A_known_prefix_that_is_never_bound_is_read_and_reported_once()
    {
        Manifest manifest = Mpd.Read($"""<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period><AdaptationSet><ContentProtection schemeIdUri="urn:mpeg:dash:mp4protection:2011" value="cbcs" cenc:default_KID="{Kid1}"/><ContentProtection schemeIdUri="urn:mpeg:dash:mp4protection:2011" cenc:default_KID="{Kid2}"/></AdaptationSet></Period></MPD>""");
        manifest.ContentProtections.SelectMany(static each => each.DefaultKeyIds).Should().HaveCount(2);
        manifest.ContentProtections[0].Scheme.Should().Be(ProtectionScheme.Cbcs);
        manifest.Notes.Should().ContainSingle().Which.Should().Be(new ManifestNote("/MPD/Period[0]/AdaptationSet[0]/ContentProtection[0]", "the prefix 'cenc' is used and never bound; it was taken for its usual namespace"));
    }

    [Fact]
    public void Namespaces_count_and_prefixes_do_not()
    {
        Manifest manifest = Mpd.Read($"""<d:MPD xmlns:d="urn:mpeg:DASH:schema:MPD:2011" xmlns:cenc="urn:not:cenc" xmlns:x="urn:mpeg:cenc:2013"><d:Period><d:AdaptationSet><d:ContentProtection schemeIdUri="urn:mpeg:dash:mp4protection:2011" cenc:default_KID="{Kid1}" x:default_KID="{Kid2} {Kid1} {Kid2}"/><cenc:ContentProtection/></d:AdaptationSet></d:Period></d:MPD>""");
        manifest.ContentProtections.Should().ContainSingle().Which.DefaultKeyIds.Select(static id => id.ToString()).Should().Equal(Kid2, Kid1.Replace("-", ""));
    }

    [Fact]
    public void Protection_is_inherited_and_overridden_by_scheme()
    {
        string common = ContentProtection.Mp4Protection, widevine = "urn:uuid:edef8ba9-79d6-4ace-a3c8-27dcd51d21ed";
        Manifest manifest = Mpd.Read(Mpd.Around($"""
            <Period><AdaptationSet mimeType="video/mp4">
              <Representation id="1"><ContentProtection schemeIdUri="{common}" cenc:default_KID="{Kid2}"/></Representation>
              <Representation id="2"/>
              <ContentProtection schemeIdUri="{common}" cenc:default_KID="{Kid1}"/>
              <ContentProtection schemeIdUri="{widevine}"/>
            </AdaptationSet></Period>
            """));
        AdaptationSet set = manifest.Periods[0].AdaptationSets[0];
        set.Representations[0].ContentProtections.Select(static each => each.Path).Should().Equal(
            "/MPD/Period[0]/AdaptationSet[0]/Representation[0]/ContentProtection[0]", "/MPD/Period[0]/AdaptationSet[0]/ContentProtection[1]");
        set.Representations[1].ContentProtections.Should().Equal(set.ContentProtections).And.HaveCount(2);
    }

    [Fact]
    public void A_reference_takes_over_what_its_definition_says_and_a_definition_alone_protects_nothing()
    {
        Manifest manifest = Mpd.Read(Mpd.Around($"""
            <ContentProtection refId="a" schemeIdUri="urn:uuid:edef8ba9-79d6-4ace-a3c8-27dcd51d21ed" robustness="HW"><cenc:pssh>AAECAw==</cenc:pssh></ContentProtection>
            <Period>
              <AdaptationSet mimeType="video/mp4"><ContentProtection ref="a" schemeIdUri="urn:uuid:edef8ba9-79d6-4ace-a3c8-27dcd51d21ed"/><Representation id="1"/></AdaptationSet>
              <AdaptationSet mimeType="audio/mp4"><ContentProtection ref="b"/><Representation id="2"/></AdaptationSet>
              <AdaptationSet mimeType="audio/mp4"><Representation id="3"/></AdaptationSet>
            </Period>
            """));
        Representation[] all = [.. manifest.Periods[0].AdaptationSets.SelectMany(static set => set.Representations)];
        all[0].ContentProtections.Should().ContainSingle().Which.Pssh.Should().ContainSingle().Which.Boxes[0].System.Should().Be(SystemIds.Widevine);
        all[0].ContentProtections[0].Robustness.Should().Be("HW");
        all[2].ContentProtections.Should().BeEmpty();
        manifest.Notes.Should().Contain(static note => note.Path == "/MPD/Period[0]/AdaptationSet[1]/ContentProtection[0]" && note.Text == "@ref names no ContentProtection element");
    }

    [Fact]
    public void Every_kind_of_licence_address_is_read()
    {
        Manifest manifest = Mpd.Read(Mpd.Around("""
            <Period><AdaptationSet>
              <ContentProtection schemeIdUri="urn:uuid:9a04f079-9840-4286-ab92-e65be0885f95"><ms:laurl xmlns:ms="urn:microsoft" licenseUrl="https://pr.example/rights?x=1&amp;y=2"/></ContentProtection>
              <ContentProtection schemeIdUri="urn:uuid:e2719d58-a985-b3c9-781a-b030af78d30e"><ck:Laurl xmlns:ck="http://dashif.org/guidelines/clearKey" Lic_type="EME-1.0"> https://ck.example/ </ck:Laurl></ContentProtection>
              <ContentProtection schemeIdUri="org.w3.clearkey"><d:Laurl xmlns:d="https://dashif.org/CPS" licenseType="x">https://d.example/</d:Laurl></ContentProtection>
              <ContentProtection schemeIdUri="com.widevine.alpha"><dashif:Laurl>file:///etc/passwd</dashif:Laurl></ContentProtection>
            </AdaptationSet></Period>
            """));
        manifest.ContentProtections.Select(static each => each.LicenseUrls[0].Url?.OriginalString).Should().Equal("https://pr.example/rights?x=1&y=2", "https://ck.example/", "https://d.example/", null);
        manifest.ContentProtections.Select(static each => each.System).Should().Equal(SystemIds.PlayReady, SystemIds.ClearKeyDashIf, SystemIds.ClearKeyDashIf, SystemIds.Widevine);
        manifest.ContentProtections[1].LicenseUrls[0].LicenseType.Should().Be("EME-1.0");
        manifest.ContentProtections[2].LicenseUrls[0].LicenseType.Should().Be("x");
        manifest.Notes.Should().Contain(static note => note.Path.EndsWith("ContentProtection[3]/Laurl[0]"));
    }

    [Theory]
    [InlineData("https://dashif.org/")]
    [InlineData("https://dashif.org")]
    [InlineData("http://dashif.org/")]
    [InlineData("https://dashif.org/CPS")]
    [InlineData("http://dashif.org/CPS")]
    [InlineData("https://www.dashif.org/cps")]
    [InlineData("http://dashif.org/guidelines/clearKey")]
    [InlineData("http://dashif.org/guidelines/ClearKey")]
    [InlineData("https://dashif.org/guidelines/clearkey")]
    [InlineData("urn:microsoft")]
    [InlineData("urn:microsoft:playready")]
    [InlineData("urn:Microsoft:PlayReady")]
    public void Every_spelling_of_a_licence_address_s_namespace_is_read(string space)
    {
        Manifest manifest = Mpd.Read(Mpd.Around($"""<Period><AdaptationSet><ContentProtection schemeIdUri="urn:uuid:e2719d58-a985-b3c9-781a-b030af78d30e"><x:Laurl xmlns:x="{space}">https://ck.example/</x:Laurl></ContentProtection></AdaptationSet></Period>"""));
        manifest.ContentProtections[0].LicenseUrls.Should().ContainSingle().Which.Url.Should().Be(new Uri("https://ck.example/"));
    }

    [Theory]
    [InlineData("https://dashif.org.evil.example/")]
    [InlineData("https://evil.example/dashif.org")]
    [InlineData("urn:other")]
    public void A_licence_address_of_somebody_else_is_none(string space) =>
        Mpd.Read(Mpd.Around($"""<Period><AdaptationSet><ContentProtection schemeIdUri="urn:uuid:e2719d58-a985-b3c9-781a-b030af78d30e"><x:Laurl xmlns:x="{space}">https://ck.example/</x:Laurl></ContentProtection></AdaptationSet></Period>"""))
            .ContentProtections[0].LicenseUrls.Should().BeEmpty();

    [Theory]
    [InlineData("urn:mpeg:cenc:2013", "urn:microsoft:playready")]
    [InlineData("urn:mpeg:CENC:2013", "urn:microsoft:PlayReady")]
    [InlineData("urn:mpeg:cenc:2011", "urn:microsoft")]
    public void Every_spelling_of_the_namespaces_of_headers_is_read(string cenc, string playReady)
    {
        ContentProtection read = Mpd.Read(Mpd.Around($"""<Period><AdaptationSet><ContentProtection xmlns:c="{cenc}" xmlns:m="{playReady}" schemeIdUri="urn:uuid:9a04f079-9840-4286-ab92-e65be0885f95" c:default_KID="{Kid1}"><c:pssh>AAAAIHBzc2gAAAAAmgTweZhAQoarkuZb4IhflQAAAAA=</c:pssh><m:pro>AAECAw==</m:pro></ContentProtection></AdaptationSet></Period>""")).ContentProtections[0];
        (read.DefaultKeyIds.Count, read.Pssh.Count, read.Pro.Count).Should().Be((1, 1, 1));
    }

    [Theory]
    [InlineData("AAAAIHBzc2gAAAAA7e+LqXnWSs6jyCfc1R0h7QAAAAA=")]
    [InlineData("AAAAIHBzc2gAAAAA7e+LqXnWSs6jyCfc1R0h7QAAAAA")]
    [InlineData("AAAAIHBzc2gAAAAA7e-LqXnWSs6jyCfc1R0h7QAAAAA")]
    [InlineData("AAAAIHBzc2gAAAAA7e+L\n    qXnWSs6jyCfc1R0h\t7QAAAAA")]
    [InlineData("AAAAIHBzc2gAAAAA7e+LqXnWSs6jyCfc1R0h7QAAAAA==")]
    public void Base64_is_read_as_packagers_write_it(string text)
    {
        ContentProtection read = Mpd.Read(Mpd.Around($"""<Period><AdaptationSet><ContentProtection schemeIdUri="urn:uuid:edef8ba9-79d6-4ace-a3c8-27dcd51d21ed"><cenc:pssh>{text}</cenc:pssh><mspr:pro xmlns:mspr="urn:microsoft:playready">{text}</mspr:pro></ContentProtection></AdaptationSet></Period>""")).ContentProtections[0];
        read.Pssh[0].Boxes.Should().ContainSingle().Which.System.Should().Be(SystemIds.Widevine);
        read.Pro[0].Content.Length.Should().Be(32);
    }

    [Theory]
    [InlineData("AAAA=BBBB")]
    [InlineData("AAAAA")]
    [InlineData("AA*A")]
    public void What_is_not_base64_is_not_read(string text) =>
        Mpd.Read(Mpd.Around($"""<Period><AdaptationSet><ContentProtection><cenc:pssh>{text}</cenc:pssh></ContentProtection></AdaptationSet></Period>""")).ContentProtections[0].Pssh[0].Error.Should().NotBeNull();

    [Theory]
    [InlineData("""<!DOCTYPE MPD><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"/>""", "document type definition (DTD)")]
    [InlineData("""<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"/><MPD/>""", "not well-formed")]
    public void A_refusal_is_for_people_and_not_for_programmers(string content, string reason)
    {
        Action read = () => Mpd.Read(content);
        read.Should().Throw<ManifestException>().Which.Message.Should().Contain(reason).And.NotContain("Settings").And.NotContain("Property").And.NotContain("property");
    }

    [Fact]
    public void A_header_that_cannot_be_read_is_reported_and_the_rest_is_read()
    {
        Manifest manifest = Mpd.Read(Mpd.Around("""
            <Period><AdaptationSet><ContentProtection schemeIdUri="urn:uuid:edef8ba9-79d6-4ace-a3c8-27dcd51d21ed">
              <cenc:pssh>***</cenc:pssh><cenc:pssh>AAAAIHBzc2gAAAAA7e+LqXnWSs6jyCfc1R0h7Q==</cenc:pssh><cenc:pssh/><cenc:pssh>
                AAAA
                IHBzc2gAAAAA7e+LqXnWSs6jyCfc1R0h7QAAAAA= </cenc:pssh>
            </ContentProtection></AdaptationSet></Period>
            """));
        IReadOnlyList<PsshElement> pssh = manifest.ContentProtections[0].Pssh;
        pssh.Select(static each => each.Error is not null).Should().Equal(true, true, false, false);
        pssh[2].IsBare.Should().BeTrue("nothing is not a box");
        pssh[3].Boxes.Should().ContainSingle().Which.System.Should().Be(SystemIds.Widevine);
        manifest.Notes.Should().HaveCount(3);
    }

    [Fact]
    public void Too_many_elements_in_one_place_are_refused_and_remarks_are_bounded()
    {
        Action many = () => Mpd.Read(Mpd.Around($"<Period><AdaptationSet>{string.Concat(Enumerable.Repeat("<ContentProtection/>", 65))}</AdaptationSet></Period>"));
        many.Should().Throw<ManifestException>().Which.Error.Path.Should().Be("/MPD/Period[0]/AdaptationSet[0]/ContentProtection[64]");
        string sets = string.Concat(Enumerable.Repeat("""<AdaptationSet><ContentProtection cenc:default_KID="x"/></AdaptationSet>""", 5000));
        Mpd.Read(Mpd.Around($"<Period>{sets}</Period>")).Notes.Should().HaveCountLessThan(300);
    }

    [Fact]
    public void Random_damage_is_read_or_refused_with_its_own_exception()
    {
        byte[] good = Encoding.UTF8.GetBytes(Mpd.Around($"""<BaseURL>a/</BaseURL><Period duration="PT4S"><AdaptationSet mimeType="video/mp4"><ContentProtection schemeIdUri="{ContentProtection.Mp4Protection}" value="cenc" cenc:default_KID="{Kid1}"/><SegmentTemplate timescale="10" media="$Number%03d$.m4s"><SegmentTimeline><S t="0" d="10" r="-1"/></SegmentTimeline></SegmentTemplate><Representation id="1" bandwidth="5"/></AdaptationSet></Period>"""));
        Random random = new(7);
        for (int i = 0; i < 3000; i++)
        {
            byte[] bad = [.. good];
            for (int n = random.Next(1, 4); n > 0; n--) bad[random.Next(bad.Length)] = (byte)random.Next(32, 127);
            try
            {
                Manifest manifest = ManifestReader.Read(bad, Mpd.Location);
                foreach (Representation each in manifest.Periods.SelectMany(static period => period.AdaptationSets).SelectMany(static set => set.Representations)) each.Addresses().Should().NotBeNull();
            }
            catch (ManifestException)
            {
            }
        }
    }
}
