using Keyway.Timeline;
namespace Keyway.Dash;

public sealed class TrackSelectionTests
{
    private const string Sets = """
        <AdaptationSet id="trick" mimeType="video/mp4"><EssentialProperty schemeIdUri="http://dashif.org/guidelines/trickmode" value="1"/><Representation id="t" height="2160" bandwidth="9"/></AdaptationSet>
        <AdaptationSet id="other" mimeType="video/x-flv"><Representation id="w" height="2160" bandwidth="9"/></AdaptationSet>
        <AdaptationSet id="main" mimeType="video/mp4"><Representation id="v1" height="720" bandwidth="1000"/><Representation id="v2" height="1080" bandwidth="2000"/><Representation id="v3" height="1080" bandwidth="3000"/></AdaptationSet>
        <AdaptationSet mimeType="audio/mp4" lang="fr"><Role schemeIdUri="urn:mpeg:dash:role:2011" value="commentary"/><Representation id="a0" bandwidth="999"/></AdaptationSet>
        <AdaptationSet mimeType="audio/mp4" lang="en-GB"><Representation id="a1" bandwidth="64"/></AdaptationSet>
        <AdaptationSet mimeType="audio/mp4" lang="de"><Role schemeIdUri="urn:mpeg:dash:role:2011" value="main"/><Representation id="a2" bandwidth="64"/><Representation id="a3" bandwidth="128"/></AdaptationSet>
        <AdaptationSet mimeType="application/ttml+xml" lang="de"><Representation id="s"/></AdaptationSet>
        """;

    private static readonly Manifest Manifest = Mpd.Read(Mpd.Around($"<Period>{Sets}</Period>"));

    [Theory]
    [InlineData(null, null, "v3", "a3")]
    [InlineData("720", null, "v1", "a3")]
    [InlineData("720p", "en", "v1", "a1")]
    [InlineData("1080", "fr", "v3", "a0")]
    [InlineData("2000", "64", "v2", "a2")]
    [InlineData("v2", "a2", "v2", "a2")]
    [InlineData("main", "en-gb", "v3", "a1")]
    [InlineData("t", null, "t", "a3")]
    [InlineData("none", null, null, "a3")]
    [InlineData(null, "none", "v3", null)]
    public void Tracks_are_chosen_by_wish_or_by_rule(string? video, string? audio, string? expectedVideo, string? expectedAudio)
    {
        TrackSelection selection = TrackSelection.Choose(DashTimeline.Of(Manifest), video is null ? null : new TrackQuery(video), audio is null ? null : new TrackQuery(audio));
        selection.Tracks.Select(static track => track.Renditions.Single().Id).Should().Equal(new[] { expectedVideo, expectedAudio }.OfType<string>());
        selection.Tracks.Count.Should().Be(selection.Tracks.Select(static track => track.Kind).Distinct().Count());
        (selection.Tracks.Count + selection.Others.Count).Should().Be(10, "everything not chosen is listed");
        selection.Others.Should().OnlyContain(static other => other.Reason.Length > 0);
    }

    [Fact]
    public void The_reasons_say_why()
    {
        TrackSelection selection = TrackSelection.Choose(DashTimeline.Of(Manifest));
        selection.Others.ToDictionary(static other => other.Rendition.Id, static other => other.Reason).Should().BeEquivalentTo(new Dictionary<string, string>
        {
            ["t"] = "for trick mode only",
            ["w"] = "video/x-flv is not read",
            ["v1"] = "lower than the chosen one",
            ["v2"] = "lower bandwidth than the chosen one, or later in the manifest",
            ["a0"] = "not the main audio",
            ["a1"] = "not the main audio",
            ["a2"] = "lower bandwidth than the chosen one",
            ["s"] = "only video, audio and text in MP4 are played",
        });
    }

    [Fact]
    public void Where_there_is_both_MP4_comes_before_WebM_and_WebM_where_it_is_meant()
    {
        Manifest both = Mpd.Read(Mpd.Around("""
            <Period><AdaptationSet id="w" mimeType="video/webm"><Representation id="w1" height="2160" bandwidth="9"/></AdaptationSet><AdaptationSet mimeType="video/mp4"><Representation id="m1" height="720" bandwidth="1000"/></AdaptationSet>
            <AdaptationSet mimeType="audio/webm"><Representation id="w2" bandwidth="64"/></AdaptationSet></Period>
            """));
        TrackSelection selection = TrackSelection.Choose(DashTimeline.Of(both));
        selection.Tracks.Select(static track => track.Renditions.Single().Id).Should().Equal("m1", "w2");
        selection.Others.Should().ContainSingle().Which.Reason.Should().Be("video/webm, and there is video in MP4");
        TrackSelection.Choose(DashTimeline.Of(both), new TrackQuery("w1")).Tracks[0].Renditions.Single().Id.Should().Be("w1");
        TrackSelection.Choose(DashTimeline.Of(both), new TrackQuery("2160")).Tracks[0].Renditions.Single().Id.Should().Be("w1");
    }

    [Theory]
    [InlineData("480", null)]
    [InlineData(null, "es")]
    [InlineData("2160", null)]
    [InlineData("none", "none")]
    public void What_is_not_there_is_an_error_that_lists_what_is(string? video, string? audio)
    {
        Action choose = () => TrackSelection.Choose(DashTimeline.Of(Manifest), video is null ? null : new TrackQuery(video), audio is null ? null : new TrackQuery(audio));
        choose.Should().Throw<TrackNotFoundException>().Which.Available.Should().Contain("video id v1 720p 1000 bit/s").And.Contain("audio id a3 128 bit/s de");
    }

    [Fact]
    public void Every_period_is_chosen_by_the_same_rule()
    {
        Manifest two = Mpd.Read(Mpd.Around($"""<Period>{Sets}</Period><Period><AdaptationSet mimeType="video/mp4"><Representation id="ad" height="360"/></AdaptationSet></Period><Period>{Sets}</Period>"""));
        TrackSelection selection = TrackSelection.Choose(DashTimeline.Of(two), new TrackQuery("720"));
        selection.Tracks[0].Renditions.Select(static each => each.Id).Should().Equal("v1", "ad", "v1");
        selection.Tracks[1].Renditions.Select(static each => each.Id).Should().Equal("a3", "a3");
    }

    [Fact]
    public void An_empty_manifest_has_nothing_to_choose()
    {
        Action choose = () => TrackSelection.Choose(DashTimeline.Of(Mpd.Read(Mpd.Around(""))));
        choose.Should().Throw<TrackNotFoundException>().WithMessage("*there is: nothing");
    }
}
