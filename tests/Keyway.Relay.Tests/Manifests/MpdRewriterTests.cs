using System.Xml.Linq;
using Keyway.Content;
using Keyway.Dash;
using Keyway.Relay.Serving;
using Keyway.Sources;
using Keyway.Timeline;

namespace Keyway.Relay.Manifests;

/// <summary>Manifests made clear: read again by the engine they name the same segments, below the relay, and nothing of protection; what is none of ours is there as it was.</summary>
public sealed class MpdRewriterTests
{
    private static readonly Uri Served = new("http://127.0.0.1:40000/0123456789abcdef0123456789abcdef/manifest.mpd");
    private static readonly Uri Now = new(Served, "now");

    public static TheoryData<string> Manifests()
    {
        TheoryData<string> found = [];
        foreach (string file in Directory.EnumerateFiles(Path.Combine(RelayBench.Root, "samples"), "*.mpd", SearchOption.AllDirectories)) found.Add(Path.GetRelativePath(RelayBench.Root, file));
        if (Corpus() is not { } corpus) return found;
        foreach (string file in Directory.EnumerateFiles(corpus, "*.mpd", SearchOption.AllDirectories)) found.Add(file);
        return found;
    }

    [Theory]
    [MemberData(nameof(Manifests))]
    public void Every_manifest_is_the_same_and_clear(string path)
    {
        byte[] document = File.ReadAllBytes(Path.Combine(RelayBench.Root, path));
        Uri address = new("https://origin.test/film/manifest.mpd");
        Manifest manifest;
        try
        {
            manifest = Read(document, address);
        }
        catch (ManifestException)
        {
            // What the engine refuses is never served.
            return;
        }

        PresentationTimeline timeline = DashTimeline.Of(manifest with { Document = document });
        MapSnapshot map = Map(timeline);
        byte[] clear = MpdRewriter.Write(map, new Dictionary<ServedRendition, IReadOnlyList<TimelineSegment>>(), Now).ToArray();
        Manifest again = Read(clear, Served);
        again.ContentProtections.Should().BeEmpty();
        XDocument xml = XDocument.Parse(System.Text.Encoding.UTF8.GetString(clear));
        xml.Descendants().Select(static element => element.Name.NamespaceName).Should().NotContain(static name => name.Contains("cenc", StringComparison.OrdinalIgnoreCase) || name.Contains("microsoft", StringComparison.OrdinalIgnoreCase));
        xml.Descendants().Select(static element => element.Name.LocalName).Should().NotContain(["ContentProtection", "Location", "PatchLocation", "ContentSteering"]);
        xml.Descendants().Attributes().Where(static attribute => attribute.Name.LocalName == "href").Should().BeEmpty();

        PresentationTimeline served = DashTimeline.Of(again);
        ServedRendition[] before = [.. map.Renditions.Where(static rendition => rendition.Refusal is null)];
        Rendition[] after = [.. served.Periods.SelectMany(static period => period.Renditions)];
        after.Should().HaveSameCount(before);
        served.Periods.Select(static period => (period.Start, period.Duration)).Should().Equal(timeline.Periods.Select(static period => (period.Start, period.Duration)));
        DateTimeOffset now = (manifest.PublishTime ?? manifest.AvailabilityStart ?? DateTimeOffset.UnixEpoch) + TimeSpan.FromSeconds(30);
        for (int i = 0; i < before.Length; i++)
        {
            Rendition original = before[i].Rendition;
            after[i].Should().BeEquivalentTo(original, static options => options.Including(static each => each.Id).Including(static each => each.Bandwidth).Including(static each => each.Width)
                .Including(static each => each.Height).Including(static each => each.Codecs).Including(static each => each.Language).Including(static each => each.Roles).Including(static each => each.Label).Including(static each => each.Kind));
            IReadOnlyList<(ulong Number, ulong Time, ulong Duration)>? own = Segments(original, now);
            if (own is null) continue;
            Segments(after[i], now).Should().Equal(own, "{0} of {1}", original.Path, path);
            after[i].Segments.MediaOffset.Should().Be(original.Segments.MediaOffset);
            foreach (TimelineSegment segment in after[i].Segments.Played(now).Take(50))
            {
                segment.Address.AbsoluteUri.Should().StartWith(new Uri(Served, before[i].Folder + "/").AbsoluteUri);
                segment.Alternatives.Should().BeNull();
                if (!after[i].Segments.IsWholeFile && !after[i].Segments.IsIndexed) SegmentName.TryParse(segment.Address.Segments[^1], out _).Should().BeTrue();
            }

            if (after[i].Segments.Initialization is { } init) init.Address.AbsoluteUri.Should().StartWith(new Uri(Served, before[i].Folder + "/").AbsoluteUri);
        }
    }

    [Fact]
    public void What_is_none_of_ours_stays_as_it_was()
    {
        const string text = """
            <?xml version="1.0"?>
            <MPD xmlns="urn:mpeg:dash:schema:mpd:2011" xmlns:x="urn:example:own" xmlns:cenc="urn:mpeg:cenc:2013" type="static" mediaPresentationDuration="PT10S" minBufferTime="PT2S" x:own="kept" profiles="urn:mpeg:dash:profile:isoff-live:2011">
              <ProgramInformation moreInformationURL="https://elsewhere.example/"><Title>A film</Title></ProgramInformation>
              <BaseURL>https://cdn.example/a/</BaseURL>
              <Location>https://cdn.example/moved.mpd</Location>
              <Period id="one"><EventStream schemeIdUri="urn:example:events" timescale="1"><Event presentationTime="3" duration="1"><x:thing a="1">in<x:inner/></x:thing></Event></EventStream>
                <EventStream schemeIdUri="urn:mpeg:dash:event:callback:2015"><Event messageData="https://spy.example/"/></EventStream>
                <AdaptationSet mimeType="video/mp4" codecs="avc1.64001e">
                  <ContentProtection schemeIdUri="urn:mpeg:dash:mp4protection:2011" value="cenc" cenc:default_KID="d2aca193-19b8-ca2f-a031-5b7842893e3a"/>
                  <Role schemeIdUri="urn:mpeg:dash:role:2011" value="main"/><Label>Große Fassung</Label><SupplementalProperty schemeIdUri="urn:example:p" value="v"/>
                  <SegmentTemplate timescale="1" duration="2" media="$RepresentationID$/$Number%05d$.m4s?token=secret" initialization="$RepresentationID$/init.mp4?token=secret" startNumber="5"/>
                  <Representation id="../../x" bandwidth="1000"><BaseURL>sub/</BaseURL></Representation>
                </AdaptationSet>
              </Period>
            </MPD>
            """;
        byte[] document = System.Text.Encoding.UTF8.GetBytes(text);
        Manifest manifest = Read(document, new Uri("https://origin.test/manifest.mpd"));
        string clear = System.Text.Encoding.UTF8.GetString(MpdRewriter.Write(Map(DashTimeline.Of(manifest with { Document = document })), new Dictionary<ServedRendition, IReadOnlyList<TimelineSegment>>(), Now).Span);
        XDocument xml = XDocument.Parse(clear);
        XNamespace dash = "urn:mpeg:dash:schema:mpd:2011", own = "urn:example:own";
        xml.Root!.Attribute(own + "own")!.Value.Should().Be("kept");
        xml.Descendants(own + "thing").Single().ToString(SaveOptions.DisableFormatting).Should().Contain(">in<x:inner /></x:thing>").And.Contain("a=\"1\"");
        xml.Descendants(dash + "Label").Single().Value.Should().Be("Große Fassung");
        xml.Descendants(dash + "SupplementalProperty").Single().Attribute("value")!.Value.Should().Be("v");
        xml.Descendants(dash + "Title").Single().Value.Should().Be("A film");
        xml.Descendants(dash + "BaseURL").Select(static element => element.Value).Should().Equal("p0/r0/");
        xml.Descendants(dash + "SegmentTemplate").Single().Attribute("media")!.Value.Should().Be("n$Number$.m4s");
        clear.Should().NotContain("secret").And.NotContain("elsewhere.example").And.NotContain("spy.example").And.NotContain("cdn.example").And.NotContain("origin.test");
    }

    [Fact]
    public void A_live_manifest_has_the_clock_of_the_relay_and_whole_segments()
    {
        const string text = """
            <MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="dynamic" availabilityStartTime="2026-01-01T00:00:00Z" minimumUpdatePeriod="PT2S" minBufferTime="PT2S" timeShiftBufferDepth="PT60S">
              <Period id="a" start="PT0S"><AdaptationSet mimeType="video/mp4"><SegmentTemplate timescale="1" duration="2" media="$Number$.m4s" initialization="i.mp4" availabilityTimeOffset="1.5" availabilityTimeComplete="false"/>
              <Representation id="v" bandwidth="1"/></AdaptationSet></Period>
              <UTCTiming schemeIdUri="urn:mpeg:dash:utc:http-iso:2014" value="https://time.example/"/>
            </MPD>
            """;
        byte[] document = System.Text.Encoding.UTF8.GetBytes(text);
        PresentationTimeline timeline = DashTimeline.Of(Read(document, new Uri("https://origin.test/manifest.mpd")) with { Document = document });
        string clear = System.Text.Encoding.UTF8.GetString(MpdRewriter.Write(Map(timeline, isLive: true), new Dictionary<ServedRendition, IReadOnlyList<TimelineSegment>>(), Now).Span);
        clear.Should().Contain($"value=\"{Now}\"").And.NotContain("time.example").And.NotContain("availabilityTime").And.Contain("timeShiftBufferDepth=\"PT60S\"").And.Contain("minimumUpdatePeriod=\"PT2S\"");

        // A recording of it does not change any more.
        string still = System.Text.Encoding.UTF8.GetString(MpdRewriter.Write(Map(timeline, isLive: false), new Dictionary<ServedRendition, IReadOnlyList<TimelineSegment>>(), Now).Span);
        still.Should().Contain("type=\"static\"").And.NotContain("minimumUpdatePeriod").And.NotContain("UTCTiming");
    }

    private static IReadOnlyList<(ulong, ulong, ulong)>? Segments(Rendition rendition, DateTimeOffset now)
    {
        try
        {
            return rendition.Segments.IsIndexed || rendition.Segments.IsWholeFile ? [] : [.. rendition.Segments.Played(now).Take(20_000).Select(static segment => (segment.Number, segment.Time, segment.Duration))];
        }
        catch (ManifestException)
        {
            return null;
        }
    }

    private static MapSnapshot Map(PresentationTimeline timeline, bool? isLive = null) =>
        new RelayMap(new ContentFacts { Source = timeline.Origin.Given, Kind = ContentKind.Dash, Timeline = timeline, Tracks = [], Protection = Protection.ProtectionMap.Empty, KeySystem = new Protection.KeySystemSelection() }, isLive ?? timeline.Live is not null)
            .Read(timeline, new Dictionary<string, Refusal>());

    private static Manifest Read(byte[] document, Uri address) => ManifestReader.Read(new SourceDocument { Content = document, Origin = ContentOrigin.Of(address) }, elapsed: null);

    private static string? Corpus()
    {
        string shared = Environment.GetEnvironmentVariable("KEYWAY_SHARED") is { Length: > 0 } named ? named : Path.Combine(RelayBench.Root, "..", "shared");
        string corpus = Path.Combine(shared, "corpus");
        return Directory.Exists(corpus) ? corpus : null;
    }
}
