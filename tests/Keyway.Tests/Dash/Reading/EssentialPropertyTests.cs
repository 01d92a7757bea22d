using Keyway.Testing;
using Keyway.Timeline;

namespace Keyway.Dash.Reading;

/// <summary>Who does not understand an EssentialProperty ignores the element that it stands in (ISO/IEC 23009-1, 5.8.4.8).</summary>
public sealed class EssentialPropertyTests
{
    private const string Unknown = """<EssentialProperty schemeIdUri="urn:mpeg:dash:srd:2014" value="1,0,0,2,2,4,4"/>""";
    private const string Plain = """<AdaptationSet mimeType="video/mp4"><Representation id="plain" height="100" bandwidth="1"/></AdaptationSet>""";

    private static string Set(string inSet, string inRepresentation = "") =>
        $"""<AdaptationSet id="s" mimeType="video/mp4">{inSet}<Representation id="best" height="2160" bandwidth="9">{inRepresentation}</Representation></AdaptationSet>""";

    [Theory]
    [InlineData(Unknown, "plain")]
    [InlineData("""<EssentialProperty schemeIdUri="urn:mpeg:dash:preselection:2016"/>""", "plain")]
    [InlineData("""<EssentialProperty schemeIdUri=""/>""", "plain")]
    [InlineData("""<SupplementalProperty schemeIdUri="urn:mpeg:dash:srd:2014" value="1"/>""", "best")]
    [InlineData("""<EssentialProperty schemeIdUri="urn:mpeg:mpegB:cicp:TransferCharacteristics" value="16"/>""", "best")]
    [InlineData("""<EssentialProperty schemeIdUri="urn:mpeg:mpegB:cicp:TransferCharacteristics" value="16"/>""" + Unknown, "plain")]
    [InlineData("""<EssentialProperty id="1" schemeIdUri="urn:mpeg:dash:srd:2014"/><EssentialProperty id="1" schemeIdUri="urn:mpeg:mpegB:cicp:ColourPrimaries"/>""", "best")]
    [InlineData("""<EssentialProperty id="1" schemeIdUri="urn:mpeg:dash:srd:2014"/><EssentialProperty id="2" schemeIdUri="urn:mpeg:mpegB:cicp:ColourPrimaries"/>""", "plain")]
    [InlineData("""<EssentialProperty schemeIdUri="urn:mpeg:dash:urlparam:2014"/>""", "plain")]
    [InlineData("""<EssentialProperty schemeIdUri="urn:mpeg:dash:urlparam:2014"><up:UrlQueryInfo xmlns:up="urn:mpeg:dash:schema:urlparam:2014" queryTemplate="$querypart$"/></EssentialProperty>""", "best")]
    [InlineData("""<EssentialProperty schemeIdUri="urn:mpeg:dash:urlparam:2016"><up:ExtUrlQueryInfo xmlns:up="urn:mpeg:dash:schema:urlparam:2016" queryTemplate="$header:X-Token$"/></EssentialProperty>""", "plain")]
    [InlineData("""<EssentialProperty schemeIdUri="urn:mpeg:dash:urlparam:2016"><up:ExtHttpHeaderInfo xmlns:up="urn:mpeg:dash:schema:urlparam:2016" headerName="X"/></EssentialProperty>""", "plain")]
    public void Set_or_representation_is_ignored_where_it_is_not_understood(string property, string chosen)
    {
        foreach (string set in new[] { Set(property), Set("", property) })
        {
            Manifest manifest = Mpd.Read(Mpd.Around($"<Period>{set}{Plain}</Period>"));
            TrackSelection selection = TrackSelection.Choose(DashTimeline.Of(manifest));
            selection.Tracks.Single().Renditions.Single().Id.Should().Be(chosen);
            manifest.Notes.Any(static note => note.Text.Contains("is ignored", StringComparison.Ordinal)).Should().Be(chosen == "plain");
        }
    }

    [Fact]
    public void Not_even_its_name_brings_it_back_and_what_is_left_out_is_said()
    {
        Manifest manifest = Mpd.Read(Mpd.Around($"<Period>{Set(Unknown)}{Plain}</Period>"));
        Action choose = () => TrackSelection.Choose(DashTimeline.Of(manifest), new TrackQuery("best"));
        choose.Should().Throw<TrackNotFoundException>().WithMessage("*no video 'best'; there is: *plain*; left out: *'urn:mpeg:dash:srd:2014'*AdaptationSet[0]*")
            .Which.Available.Should().NotContain(static each => each.Contains("best", StringComparison.Ordinal));
        TrackSelection.Choose(DashTimeline.Of(manifest)).Others.Single().Reason.Should().Contain("urn:mpeg:dash:srd:2014");
    }

    [Fact]
    public void A_period_is_as_if_it_were_not_there_and_a_manifest_is_refused()
    {
        Manifest manifest = Mpd.Read(Mpd.Around($"""<Period id="ad" duration="PT4S">{Unknown}{Plain}</Period><Period id="main" duration="PT12S">{Plain}</Period>"""));
        manifest.Periods.Select(static period => (period.Id, period.Start)).Should().Equal(("main", TimeSpan.Zero));
        manifest.Notes.Should().ContainSingle().Which.Path.Should().Be("/MPD/Period[0]");
        Action read = () => Mpd.Read(Mpd.Around($"{Unknown}<Period>{Plain}</Period>"));
        read.Should().Throw<ManifestException>().WithMessage("*asks for 'urn:mpeg:dash:srd:2014'*");
    }

    [Fact]
    public void Trick_mode_stays_what_it_was()
    {
        Manifest manifest = Mpd.Read(Mpd.Around($"""<Period>{Set("<EssentialProperty schemeIdUri=\"http://dashif.org/guidelines/trickmode\" value=\"1\"/>")}{Plain}</Period>"""));
        TrackSelection.Choose(DashTimeline.Of(manifest)).Others.Single().Reason.Should().Be("for trick mode only");
        TrackSelection.Choose(DashTimeline.Of(manifest), new TrackQuery("best")).Tracks.Single().Renditions.Single().Id.Should().Be("best");
    }

    [Fact]
    public void The_case_from_the_field_chooses_the_set_that_is_understood()
    {
        string path = Path.Combine(Corpus.Shared ?? "", "cases", "dash", "E1.mpd");
        if (!File.Exists(path)) Assert.Skip(Corpus.Absent);
        Manifest manifest = ManifestReader.Read(File.ReadAllBytes(path), new Uri(path));
        TrackSelection.Choose(DashTimeline.Of(manifest)).Tracks.Select(static track => track.Renditions.Single().Id).Should().Equal("v", "a");
    }
}
