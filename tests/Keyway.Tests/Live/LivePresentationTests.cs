using System.Net;
using Keyway.Timeline;

namespace Keyway.Live;

/// <summary>Live presentations: the edge, the end, what is missing, and whom the manifest may send where.</summary>
public sealed class LivePresentationTests
{
    [Theory]
    [InlineData("", 2)]
    [InlineData("suggestedPresentationDelay=\"PT5S\"", 1)]
    [InlineData("suggestedPresentationDelay=\"PT1H\"", 1)]
    public async Task It_is_read_from_the_live_edge_to_its_end(string delay, int first)
    {
        await using LiveScene scene = new();
        scene.Attributes += " " + delay;
        await using Presentation presentation = await scene.OpenAsync();
        byte[] file = (await scene.RecordAsync(presentation)).Single().File;
        (await PresentationBench.SamplesAsync(file)).Should().Equal(LiveScene.Rows("video-180", [.. Enumerable.Range(first, 6 - first)]));
        (await LiveScene.TimesAsync(file)).Should().Equal(Enumerable.Range(0, 6 - first).Select(i => i * 4.0));
        presentation.Gaps.Should().BeEmpty();
        presentation.Notes.Should().BeEmpty();
    }

    [Fact]
    public async Task A_length_that_was_asked_for_ends_it()
    {
        await using LiveScene scene = new();
        await using Presentation presentation = await scene.OpenAsync(new PresentationOptions { Duration = TimeSpan.FromSeconds(7) });
        byte[] file = (await scene.RecordAsync(presentation, () => scene.Due(12) - 1)).Single().File;
        (await PresentationBench.SamplesAsync(file)).Should().Equal(LiveScene.Rows("video-180", 2, 3));
        scene.Asked("4.m4s").Should().BeEmpty();
    }

    [Fact]
    public async Task Stopping_leaves_a_whole_file()
    {
        await using LiveScene scene = new();
        await using Presentation presentation = await scene.OpenAsync();
        byte[] file = (await scene.RecordAsync(presentation, every: () =>
        {
            if (scene.Read(0) == 3) presentation.Stop();
        })).Single().File;
        (await PresentationBench.SamplesAsync(file)).Should().Equal(LiveScene.Rows("video-180", 2, 3, 4));
    }

    [Fact]
    public async Task Stopped_before_there_is_anything_it_has_no_part()
    {
        await using LiveScene scene = new();
        await using Presentation presentation = await scene.OpenAsync();
        presentation.Stop();
        (await LiveScene.WriteAsync(presentation)).Should().BeEmpty();
    }

    [Fact]
    public async Task A_segment_that_comes_late_is_waited_for()
    {
        await using LiveScene scene = new();
        scene.Answers["https://cdn.example/live/video-180/3.m4s"] = _ => scene.Now < TimeSpan.FromSeconds(15) ? new HttpResponseMessage(HttpStatusCode.NotFound) : null;
        await using Presentation presentation = await scene.OpenAsync();
        byte[] file = (await scene.RecordAsync(presentation, () => 0, settled: () => scene.Asked("/3.m4s").Count() > Tries(scene, upTo: 15) && (scene.Now < TimeSpan.FromSeconds(13) || scene.Asked("/3.m4s").Any()))).Single().File;
        (await PresentationBench.SamplesAsync(file)).Should().Equal(LiveScene.Rows("video-180", 2, 3, 4, 5));
        presentation.Gaps.Should().BeEmpty();
        scene.Asked("/3.m4s").Should().HaveCountGreaterThan(1);
    }

    [Fact]
    public async Task A_segment_that_never_comes_is_a_gap_once_its_time_is_over()
    {
        await using LiveScene scene = new();
        scene.Answers["https://cdn.example/live/video-180/3.m4s"] = _ => new HttpResponseMessage(HttpStatusCode.NotFound);
        await using Presentation presentation = await scene.OpenAsync();
        byte[] file = (await scene.RecordAsync(presentation, () => 0, settled: () => scene.Asked("/3.m4s").Count() > Tries(scene, upTo: 26))).Single().File;
        (await PresentationBench.SamplesAsync(file)).Should().Equal(LiveScene.Rows("video-180", 2, 4, 5));
        (await LiveScene.TimesAsync(file)).Should().Equal([0, 8, 12], "what follows keeps its time");
        PresentationGap gap = presentation.Gaps.Should().ContainSingle().Subject;
        gap.Should().BeEquivalentTo(new { Track = 0, Start = TimeSpan.FromSeconds(8), Duration = TimeSpan.FromSeconds(4), Segments = 1 });
        gap.Reason.Should().Contain("3.m4s").And.Contain("404");
        // Available from 12 s on, four seconds long, kept for twelve.
        scene.Requests.Where(each => each.Url.EndsWith("/3.m4s", StringComparison.Ordinal)).Should().OnlyContain(each => each.At >= TimeSpan.FromSeconds(12) && each.At <= TimeSpan.FromSeconds(28)).And.HaveCountGreaterThan(5);
    }

    [Fact]
    public async Task A_segment_that_is_broken_is_asked_for_again_and_then_a_gap()
    {
        await using LiveScene scene = new();
        scene.Answers["https://cdn.example/live/video-180/3.m4s"] = _ => LiveScene.Bytes(new byte[8]);
        scene.Answers["https://cdn.example/live/video-180/4.m4s"] = _ => scene.Now < TimeSpan.FromSeconds(29) ? LiveScene.Bytes("<html></html>"u8.ToArray()) : null;
        await using Presentation presentation = await scene.OpenAsync();
        byte[] file = (await scene.RecordAsync(presentation, () => 0, settled: () => scene.Asked("/3.m4s").Count() > Tries(scene, upTo: 26))).Single().File;
        (await PresentationBench.SamplesAsync(file)).Should().Equal(LiveScene.Rows("video-180", 2, 4, 5));
        (await LiveScene.TimesAsync(file)).Should().Equal([0, 8, 12], "what follows keeps its time");
        presentation.Gaps.Should().ContainSingle().Which.Reason.Should().Contain("3.m4s").And.Contain("8 zero bytes");
    }

    [Fact]
    public async Task A_service_without_segments_is_no_service()
    {
        await using LiveScene scene = new();
        foreach (int number in Enumerable.Range(1, 5)) scene.Answers[$"https://cdn.example/live/video-180/{number}.m4s"] = _ => new HttpResponseMessage(HttpStatusCode.NotFound);
        await using Presentation presentation = await scene.OpenAsync();
        await FluentActions.Awaiting(() => scene.RecordAsync(presentation, () => 0)).Should().ThrowAsync<SourceException>().WithMessage("*2.m4s*404*");
    }

    [Fact]
    public async Task A_manifest_that_goes_away_ends_it_and_the_file_is_whole()
    {
        await using LiveScene scene = new();
        scene.Answers[LiveScene.Address] = _ => scene.Now > TimeSpan.FromSeconds(13) ? new HttpResponseMessage(HttpStatusCode.Gone) : null;
        scene.End = TimeSpan.FromHours(1);
        await using Presentation presentation = await scene.OpenAsync();
        scene.Periods = () => $"<Period id=\"1\" start=\"PT0S\" duration=\"PT20S\">{LiveScene.Set("video-180")}</Period>";
        byte[] file = (await scene.RecordAsync(presentation, () => scene.Due(20) - 1)).Single().File;
        (await PresentationBench.SamplesAsync(file)).Should().Equal(LiveScene.Rows("video-180", 2, 3, 4, 5));
        presentation.Notes.Should().Contain(note => note.Contains("taken for over", StringComparison.Ordinal) && note.Contains("410", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_manifest_that_is_broken_for_a_while_changes_nothing()
    {
        await using LiveScene scene = new();
        scene.Answers[LiveScene.Address] = _ => scene.Now.TotalSeconds is > 11 and < 16 ? LiveScene.Bytes("<MPD"u8.ToArray()) : null;
        await using Presentation presentation = await scene.OpenAsync();
        byte[] file = (await scene.RecordAsync(presentation)).Single().File;
        (await PresentationBench.SamplesAsync(file)).Should().Equal(LiveScene.Rows("video-180", 2, 3, 4, 5));
        presentation.Notes.Should().ContainSingle().Which.Should().Contain("passed over");
    }

    // Clocks are compared by a second manifest, a second after the first; nothing is read before.
    private static Func<int> AfterASecond(LiveScene scene) => () => scene.Now.TotalSeconds < 11 ? 0 : scene.Due(20) - 1;

    // How often the third segment, due at 12 s, has been asked for at least: two seconds lie between the tries at most.
    private static int Tries(LiveScene scene, double upTo) => (int)Math.Floor((Math.Min(scene.Now.TotalSeconds, upTo) - 14) / 3);

    // ---- where a manifest may send us

    [Fact]
    public async Task Location_is_followed_and_content_headers_stay_where_they_belong()
    {
        await using LiveScene scene = new() { Head = "<Location>https://other.example/moved/manifest.mpd</Location>" };
        scene.Answers["https://other.example/moved/manifest.mpd"] = _ => LiveScene.Bytes(System.Text.Encoding.UTF8.GetBytes(scene.Manifest()));
        foreach (string file in (string[])["init.mp4", "1.m4s", "2.m4s", "3.m4s", "4.m4s", "5.m4s"])
            scene.Answers[$"https://other.example/moved/video-180/{file}"] = _ => LiveScene.Bytes(File.ReadAllBytes(Path.Combine(Testing.Corpus.Root, "samples", "cenc", "video-180", file)));
        await using Presentation presentation = await scene.OpenAsync(new PresentationOptions { ContentHeaders = [new("X-Token", "s3cret")] });
        byte[] file2 = (await scene.RecordAsync(presentation)).Single().File;
        (await PresentationBench.SamplesAsync(file2)).Should().Equal(LiveScene.Rows("video-180", 2, 3, 4, 5));
        scene.Asked("cdn.example/live/manifest.mpd").Should().ContainSingle("from then on it is fetched from where it has moved to");
        scene.Asked("other.example/moved/manifest.mpd").Should().HaveCountGreaterThan(2);
        scene.Asked("other.example/moved/video-180/5.m4s").Should().ContainSingle("relative addresses follow it");
        scene.Requests.Should().OnlyContain(each => each.Token == null || each.Url.StartsWith("https://cdn.example/", StringComparison.Ordinal));
        scene.Requests.Should().Contain(each => each.Token == "s3cret");
    }

    [Theory]
    [InlineData("http://other.example/manifest.mpd", "other.example")]
    [InlineData("file:///etc/passwd", "passwd")]
    [InlineData("ftp://other.example/manifest.mpd", "other.example")]
    public async Task Location_is_not_followed_where_content_may_not_lead(string location, string never)
    {
        await using LiveScene scene = new() { Head = $"<Location>{location}</Location>" };
        await using Presentation presentation = await scene.OpenAsync();
        byte[] file = (await scene.RecordAsync(presentation)).Single().File;
        (await PresentationBench.SamplesAsync(file)).Should().Equal(LiveScene.Rows("video-180", 2, 3, 4, 5));
        scene.Asked(never).Should().BeEmpty();
        scene.Asked("cdn.example/live/manifest.mpd").Should().HaveCountGreaterThan(2);
        presentation.Notes.Should().ContainSingle().Which.Should().StartWith("Location: ");
    }

    [Theory]
    [InlineData("direct", "")]
    [InlineData("http-head", "https://cdn.example/time")]
    [InlineData("http-iso", "/time")]
    [InlineData("http-xsdate", "https://cdn.example/time")]
    public async Task Time_is_told_by_the_manifest_or_its_own_server(string scheme, string value)
    {
        // The service is an hour ahead of this machine.
        await using LiveScene scene = new();
        DateTimeOffset Told() => scene.Clock.GetUtcNow() + TimeSpan.FromHours(1);
        scene.Answers["https://cdn.example/time"] = request =>
        {
            HttpResponseMessage answer = LiveScene.Bytes(request.Method == HttpMethod.Head ? [] : System.Text.Encoding.ASCII.GetBytes(Told().ToString("O")));
            answer.Headers.Date = Told();
            return answer;
        };
        string at = scheme == "direct" ? Told().ToString("O") : value;
        scene.Head = $"<UTCTiming schemeIdUri=\"urn:mpeg:dash:utc:{scheme}:2014\" value=\"{at}\"/>";
        scene.Answers[LiveScene.Address] = _ => LiveScene.Bytes(System.Text.Encoding.UTF8.GetBytes(
            scene.Manifest().Replace($"{scene.Start.UtcDateTime:O}", $"{scene.Start.UtcDateTime.AddHours(1):O}", StringComparison.Ordinal)));
        await using Presentation presentation = await scene.OpenAsync();
        byte[] file = (await scene.RecordAsync(presentation)).Single().File;
        (await PresentationBench.SamplesAsync(file)).Should().Equal(LiveScene.Rows("video-180", 2, 3, 4, 5));
        scene.Requests.Count(each => each.Url.EndsWith("/time", StringComparison.Ordinal)).Should().Be(scheme == "direct" ? 0 : 1);
        scene.Requests.Count(each => each.Method == "HEAD").Should().Be(scheme == "http-head" ? 1 : 0);
    }

    [Theory]
    [InlineData("urn:mpeg:dash:utc:direct:2012")]
    [InlineData("urn:mpeg:dash:utc:http-head:2012")]
    [InlineData("urn:mpeg:dash:utc:http-xsdate:2012")]
    [InlineData("urn:mpeg:dash:utc:http-iso:2012")]
    [InlineData("date")]
    [InlineData("date, old by an age")]
    [InlineData("publishTime")]
    [InlineData("list")]
    public async Task A_clock_that_is_off_is_found(string by)
    {
        // The service is an hour ahead of this machine, and tells it in one way.
        TimeSpan hour = TimeSpan.FromHours(1);
        await using LiveScene scene = new();
        DateTimeOffset Told() => scene.Clock.GetUtcNow() + hour;
        scene.Answers["https://cdn.example/time"] = request =>
        {
            HttpResponseMessage answer = LiveScene.Bytes(request.Method == HttpMethod.Head ? [] : System.Text.Encoding.ASCII.GetBytes(Told().ToString("O")));
            answer.Headers.Date = Told();
            return answer;
        };
        if (by.StartsWith("urn:", StringComparison.Ordinal)) scene.Head = $"<UTCTiming schemeIdUri=\"{by}\" value=\"{(by.Contains("direct", StringComparison.Ordinal) ? Told().ToString("O") : "/time")}\"/>";
        if (by == "list")
            scene.Periods = () => $"""
                <Period id="1" start="PT0S"><AdaptationSet contentType="video" mimeType="video/mp4"><Representation id="video-180" bandwidth="1" codecs="avc1" width="16" height="16">
                  <SegmentTemplate timescale="12800" initialization="video-180/init.mp4" media="video-180/$Number$.m4s"><SegmentTimeline><S t="0" d="51200" r="{(int)Math.Min(5, scene.Now.TotalSeconds / 4) - 1}"/></SegmentTimeline></SegmentTemplate>
                </Representation></AdaptationSet></Period>
                """;
        scene.Answers[LiveScene.Address] = _ =>
        {
            string manifest = scene.Manifest().Replace($"{scene.Start.UtcDateTime:O}", $"{scene.Start.UtcDateTime + hour:O}", StringComparison.Ordinal);
            if (by == "publishTime") manifest = manifest.Replace("<MPD ", $"<MPD publishTime=\"{Told().UtcDateTime:O}\" ", StringComparison.Ordinal);
            HttpResponseMessage answer = LiveScene.Bytes(System.Text.Encoding.UTF8.GetBytes(manifest));
            if (by.StartsWith("date", StringComparison.Ordinal)) answer.Headers.Date = Told();
            if (by.EndsWith("age", StringComparison.Ordinal)) (answer.Headers.Date, answer.Headers.Age) = (Told() - TimeSpan.FromMinutes(3), TimeSpan.FromMinutes(3));
            return answer;
        };
        await using Presentation presentation = await scene.OpenAsync();
        byte[] file = (await scene.RecordAsync(presentation, by == "list" ? () => 0 : null)).Single().File;
        (await PresentationBench.SamplesAsync(file)).Should().EndWith(LiveScene.Rows("video-180", 3, 4, 5));
        if (!by.StartsWith("urn:", StringComparison.Ordinal)) presentation.Notes.Should().ContainSingle().Which.Should().MatchRegex("3[56][0-9]{2} s ahead of this machine's clock");
        else presentation.Notes.Should().BeEmpty();
    }

    [Theory]
    [InlineData("date")]
    [InlineData("publishTime")]
    public async Task A_machine_that_is_ahead_of_the_service_waits_as_the_service_does(string by)
    {
        TimeSpan hour = TimeSpan.FromHours(1);
        await using LiveScene scene = new();
        scene.Answers[LiveScene.Address] = _ =>
        {
            string manifest = scene.Manifest().Replace($"{scene.Start.UtcDateTime:O}", $"{scene.Start.UtcDateTime - hour:O}", StringComparison.Ordinal);
            if (by == "publishTime") manifest = manifest.Replace("<MPD ", $"<MPD publishTime=\"{scene.Clock.GetUtcNow().UtcDateTime - hour:O}\" ", StringComparison.Ordinal);
            HttpResponseMessage answer = LiveScene.Bytes(System.Text.Encoding.UTF8.GetBytes(manifest));
            if (by == "date") answer.Headers.Date = scene.Clock.GetUtcNow() - hour;
            return answer;
        };
        await using Presentation presentation = await scene.OpenAsync();
        byte[] file = (await scene.RecordAsync(presentation, AfterASecond(scene))).Single().File;
        (await PresentationBench.SamplesAsync(file)).Should().EndWith(LiveScene.Rows("video-180", 3, 4, 5));
        presentation.Notes.Should().ContainSingle().Which.Should().Contain("s behind this machine's clock");
    }

    [Fact]
    public async Task A_manifest_that_was_published_long_ago_says_nothing_about_clocks()
    {
        await using LiveScene scene = new();
        scene.Attributes += $" publishTime=\"{scene.Start.UtcDateTime.AddDays(-3):O}\"";
        await using Presentation presentation = await scene.OpenAsync();
        byte[] file = (await scene.RecordAsync(presentation, AfterASecond(scene))).Single().File;
        (await PresentationBench.SamplesAsync(file)).Should().EndWith(LiveScene.Rows("video-180", 3, 4, 5));
        presentation.Notes.Should().BeEmpty();
    }

    [Fact]
    public async Task A_date_that_is_off_by_a_moment_changes_nothing()
    {
        await using LiveScene scene = new();
        scene.Answers[LiveScene.Address] = _ =>
        {
            HttpResponseMessage answer = LiveScene.Bytes(System.Text.Encoding.UTF8.GetBytes(scene.Manifest()));
            answer.Headers.Date = scene.Clock.GetUtcNow() - TimeSpan.FromSeconds(2);
            return answer;
        };
        await using Presentation presentation = await scene.OpenAsync();
        await scene.RecordAsync(presentation);
        presentation.Notes.Should().BeEmpty();
    }

    [Fact]
    public async Task A_manifest_that_becomes_static_without_a_length_keeps_what_is_there()
    {
        await using LiveScene scene = new();
        scene.Answers[LiveScene.Address] = _ => scene.Now < scene.End ? null : LiveScene.Bytes(System.Text.Encoding.UTF8.GetBytes(
            $"<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" xmlns:cenc=\"urn:mpeg:cenc:2013\" type=\"static\"><Period id=\"1\" start=\"PT0S\">{LiveScene.Set("video-180")}</Period></MPD>"));
        await using Presentation presentation = await scene.OpenAsync();
        byte[] file = (await scene.RecordAsync(presentation)).Single().File;
        (await PresentationBench.SamplesAsync(file)).Should().Equal(LiveScene.Rows("video-180", 2, 3, 4, 5));
        presentation.Gaps.Should().BeEmpty();
        presentation.Notes.Should().ContainSingle().Which.Should().Contain("became static");
    }

    [Fact]
    public async Task What_was_still_on_its_way_when_a_limited_reading_ended_is_reported()
    {
        // Each answer begins, and goes no further: the request has its time, and then another try.
        await using LiveScene scene = new();
        scene.End = TimeSpan.FromHours(1);
        scene.Answers["https://cdn.example/live/video-180/3.m4s"] = _ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new Sources.BrokenContent(new byte[1000], 1, hang: true) };
        scene.Attributes = "minimumUpdatePeriod=\"PT2S\"";
        await using Presentation presentation = await scene.OpenAsync(new PresentationOptions { Duration = TimeSpan.FromSeconds(12) });
        // What has not been asked for is no loss: the clock waits until the third segment has been.
        byte[] file = (await scene.RecordAsync(presentation, () => 0, settled: () => scene.Now < TimeSpan.FromSeconds(13) || scene.Asked("video-180/3.m4s").Any())).Single().File;
        (await PresentationBench.SamplesAsync(file)).Should().Equal(LiveScene.Rows("video-180", 2));
        PresentationGap gap = presentation.Gaps.Should().ContainSingle().Subject;
        (gap.Start, gap.Duration, gap.Segments).Should().Be((TimeSpan.FromSeconds(8), TimeSpan.FromSeconds(8), 2));
        gap.Reason.Should().MatchRegex("3.m4s: it did not come whole within 12 s|had not come when the reading was stopped");
    }

    [Theory]
    [InlineData("http-iso", "https://time.example/now")]
    [InlineData("http-head", "https://time.example/now")]
    [InlineData("http-head", "http://cdn.example/now")]
    [InlineData("http-head", "https://cdn.example:8443/now")]
    [InlineData("ntp", "time.example")]
    public async Task Nobody_else_is_asked_for_the_time(string scheme, string value)
    {
        await using LiveScene scene = new() { Head = $"<UTCTiming schemeIdUri=\"urn:mpeg:dash:utc:{scheme}:2014\" value=\"{value}\"/>" };
        await using Presentation presentation = await scene.OpenAsync();
        await scene.RecordAsync(presentation);
        scene.Asked("/now").Should().BeEmpty();
        scene.Asked("time.example").Should().BeEmpty();
    }

    [Fact]
    public async Task A_time_that_is_redirected_elsewhere_is_not_believed()
    {
        await using LiveScene scene = new() { Head = "<UTCTiming schemeIdUri=\"urn:mpeg:dash:utc:http-head:2014\" value=\"/time\"/>" };
        scene.Answers["https://cdn.example/time"] = _ =>
        {
            HttpResponseMessage answer = new(HttpStatusCode.Found);
            answer.Headers.Location = new Uri("https://time.example/now");
            return answer;
        };
        await using Presentation presentation = await scene.OpenAsync();
        await scene.RecordAsync(presentation);
        scene.Asked("time.example").Should().BeEmpty();
        presentation.Notes.Should().ContainSingle().Which.Should().StartWith("UTCTiming: ");
    }

    // ---- other servers for the same content

    [Fact]
    public async Task A_segment_that_one_server_lacks_comes_from_another()
    {
        await using LiveScene scene = new();
        scene.Periods = () => $"<Period id=\"1\" start=\"PT0S\">{LiveScene.Set("video-180", "<BaseURL>https://down.example/live/</BaseURL><BaseURL>file:///etc/</BaseURL><BaseURL>https://cdn.example/live/</BaseURL>")}</Period>";
        await using Presentation presentation = await scene.OpenAsync();
        byte[] file = (await scene.RecordAsync(presentation)).Single().File;
        (await PresentationBench.SamplesAsync(file)).Should().Equal(LiveScene.Rows("video-180", 2, 3, 4, 5));
        presentation.Gaps.Should().BeEmpty();
        scene.Asked("down.example").Should().HaveCountLessThan(8, "what worked last is tried first");
    }
}
