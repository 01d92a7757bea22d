using System.Text;
using Keyway.Sources;
using Keyway.Timeline;

namespace Keyway.Dash.Reading;

/// <summary>Parts of a manifest in documents of their own (xlink; ISO/IEC 23009-1, 5.5).</summary>
public sealed class ManifestLoaderTests : IDisposable
{
    private const string XLink = """xmlns:xlink="http://www.w3.org/1999/xlink" """;
    private static readonly CancellationToken None = TestContext.Current.CancellationToken;
    private readonly FakeServer _server = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("keyway-xlink-").FullName;

    public void Dispose()
    {
        _server.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static string Period(string id, string attributes = "", string content = "") =>
        $"""<Period id="{id}" duration="PT4S" {attributes}><AdaptationSet mimeType="video/mp4"><SegmentTemplate duration="4" media="{id}/$Number$.m4s"/><Representation id="{id}"/></AdaptationSet>{content}</Period>""";

    private static string Link(string href, string id = "own", string actuate = "onLoad") => Period(id, $"""xlink:href="{href}" xlink:actuate="{actuate}" """);

    private FakeServer Page(string path, string content) => _server.Page($"https://a.example/{path}", Encoding.UTF8.GetBytes(content));

    private async Task<Manifest> LoadAsync(string periods)
    {
        Page("m/manifest.mpd", Mpd.Around(periods, XLink));
        MediaSources sources = new(new HttpMessageInvoker(_server), new EagerClock(TimeSpan.FromSeconds(10)));
        return await ManifestLoader.LoadAsync(sources, await sources.ReadManifestAsync(new Uri("https://a.example/m/manifest.mpd"), None), elapsed: null, None);
    }

    private static string[] Ids(Manifest manifest) => [.. manifest.Periods.Select(static period => period.Id!)];

    [Theory]
    [InlineData("onLoad")]
    [InlineData("onRequest")]
    public async Task What_is_linked_takes_the_place_of_the_link(string actuate)
    {
        Page("m/remote.xml", $"<?xml version=\"1.0\"?>{Period("r1")}{Period("r2")}");
        Manifest manifest = await LoadAsync(Period("a") + Link("remote.xml", actuate: actuate) + Period("b"));
        Ids(manifest).Should().Equal("a", "r1", "r2", "b");
        manifest.Periods.Select(static period => period.Start!.Value.TotalSeconds).Should().Equal(0, 4, 8, 12);
        manifest.Periods[1].AdaptationSets[0].Representations[0].Addresses().Should().Equal("https://a.example/m/r1/1.m4s");
        manifest.Notes.Should().BeEmpty();
    }

    [Fact]
    public async Task A_link_to_nothing_removes_its_element()
    {
        Manifest manifest = await LoadAsync(Link("urn:mpeg:dash:resolve-to-zero:2013", "ad") + Period("main"));
        Ids(manifest).Should().Equal("main");
        manifest.Periods[0].Start.Should().Be(TimeSpan.Zero);
        manifest.Notes.Should().BeEmpty();
        _server.Requests.Should().ContainSingle();

        // As part of what was fetched, and as all of it.
        Page("m/remote.xml", Link("urn:mpeg:dash:resolve-to-zero:2013", "inner").Replace("<Period", $"<Period {XLink}", StringComparison.Ordinal));
        Page("m/empty.xml", "");
        Ids(await LoadAsync(Link("remote.xml") + Link("empty.xml") + Period("main"))).Should().Equal("main");
    }

    [Fact]
    public async Task Sets_and_lists_are_linked_too_and_keep_their_namespaces()
    {
        Page("m/set.xml", """<d:AdaptationSet xmlns:d="urn:mpeg:dash:schema:mpd:2011" mimeType="audio/mp4"><d:ContentProtection schemeIdUri="urn:mpeg:dash:mp4protection:2011" cenc:default_KID="00112233-4455-6677-8899-aabbccddeeff"/><d:SegmentList xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="list.xml"/><d:Representation id="x"/></d:AdaptationSet>""");
        Page("m/list.xml", """<SegmentList xmlns="urn:mpeg:dash:schema:mpd:2011"><SegmentURL media="one.m4s"/></SegmentList>""");
        Manifest manifest = await LoadAsync("""<Period><AdaptationSet xlink:href="set.xml"/></Period>""");
        Representation one = manifest.Periods[0].AdaptationSets.Single().Representations.Single();
        one.Addresses().Should().Equal("https://a.example/m/one.m4s");
        one.ContentProtections.Single().DefaultKeyIds.Single().ToString().Should().Be("00112233445566778899aabbccddeeff");
    }

    [Theory]
    [InlineData("https://other.example/x.xml", "nowhere else")]
    [InlineData("http://a.example/m/x.xml", "nowhere else")]
    [InlineData("https://a.example:8443/x.xml", "nowhere else")]
    [InlineData("file:///etc/passwd", "nowhere else")]
    [InlineData("leads-away.xml", "another server")]
    [InlineData("missing.xml", "404")]
    [InlineData("set.xml", "another element than Period")]
    [InlineData("broken.xml", "not well-formed")]
    [InlineData("dtd.xml", "DTD")]
    [InlineData("text.xml", "not")]
    public async Task What_may_not_be_or_cannot_be_had_leaves_the_element_as_it_is(string href, string reason)
    {
        _server.Page("https://other.example/x.xml", Encoding.UTF8.GetBytes(Period("evil"))).Page("http://a.example/m/x.xml", Encoding.UTF8.GetBytes(Period("evil")))
            .Page("https://a.example:8443/x.xml", Encoding.UTF8.GetBytes(Period("evil"))).Redirect("https://a.example/m/leads-away.xml", "https://other.example/x.xml");
        Page("m/set.xml", "<AdaptationSet/>");
        Page("m/broken.xml", "<Period><AdaptationSet></Period>");
        Page("m/dtd.xml", """<!DOCTYPE Period [<!ENTITY a SYSTEM "file:///etc/passwd">]><Period>&a;</Period>""");
        Page("m/text.xml", "not found");
        Manifest manifest = await LoadAsync(Link(href) + Period("b"));
        Ids(manifest).Should().Equal("own", "b");
        ManifestNote note = manifest.Notes.Should().ContainSingle().Subject;
        note.Path.Should().Be("/MPD/Period[0]");
        note.Text.Should().Contain(reason).And.NotContain("XmlReaderSettings");
    }

    [Fact]
    public async Task What_was_left_out_is_said_where_nothing_else_is_there()
    {
        Manifest manifest = await LoadAsync("""<Period xlink:href="remote.xml" xlink:actuate="onLoad"/>""");
        Action choose = () => TrackSelection.Choose(DashTimeline.Of(manifest));
        choose.Should().Throw<TrackNotFoundException>().WithMessage("*there is: nothing; left out: *remote.xml: the server answered 404*");
    }

    [Fact]
    public async Task Links_in_a_circle_and_too_many_of_them_end()
    {
        Page("m/circle.xml", Link("circle.xml", "own").Replace("<Period", $"<Period {XLink}", StringComparison.Ordinal));
        Manifest manifest = await LoadAsync(Link("circle.xml"));
        manifest.Notes.Should().ContainSingle().Which.Text.Should().Contain("documents deep");
        _server.Requests.Count(static request => request.Url.EndsWith("circle.xml", StringComparison.Ordinal)).Should().Be(4);

        Page("m/one.xml", Period("r"));
        manifest = await LoadAsync(string.Concat(Enumerable.Repeat(Link("one.xml"), 100)));
        manifest.Periods.Should().HaveCount(100);
        _server.Requests.Count(static request => request.Url.EndsWith("one.xml", StringComparison.Ordinal)).Should().Be(64);
    }

    [Fact]
    public async Task Together_they_are_no_larger_than_a_manifest()
    {
        Page("m/large.xml", $"<Period><!--{new string('x', 1000)}-->{string.Concat(Enumerable.Repeat("<AdaptationSet id=\"" + new string('a', 1000) + "\"/>", 6000))}</Period>");
        Func<Task> load = () => LoadAsync(string.Concat(Enumerable.Repeat(Link("large.xml"), 4)));
        await load.Should().ThrowAsync<ManifestException>().WithMessage("*larger than 16 MiB*");
    }

    [Fact]
    public async Task A_manifest_in_a_file_links_to_files_below_its_folder()
    {
        string folder = Directory.CreateDirectory(Path.Combine(_folder, "m")).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "manifest.mpd"), Mpd.Around(Link("in.xml") + Link("../out.xml") + Link("https://a.example/m/x.xml"), XLink), None);
        await File.WriteAllTextAsync(Path.Combine(folder, "in.xml"), Period("in"), None);
        await File.WriteAllTextAsync(Path.Combine(_folder, "out.xml"), Period("out"), None);
        Page("m/x.xml", Period("web"));
        MediaSources sources = new(new HttpMessageInvoker(_server), TimeProvider.System);
        Manifest manifest = await ManifestLoader.LoadAsync(sources, await sources.ReadManifestAsync(new Uri(Path.Combine(folder, "manifest.mpd")), None), elapsed: null, None);
        Ids(manifest).Should().Equal("in", "own", "own");
        manifest.Notes.Should().HaveCount(2);
        _server.Requests.Should().BeEmpty();
    }
}
