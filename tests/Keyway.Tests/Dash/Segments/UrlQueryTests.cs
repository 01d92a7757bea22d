namespace Keyway.Dash.Segments;

/// <summary>What is added to the query of segments' addresses (ISO/IEC 23009-1, Annex I).</summary>
public sealed class UrlQueryTests
{
    private const string Template = """<SegmentTemplate duration="1" initialization="init.mp4" media="$Number$.m4s"/>""";
    private static readonly Uri Location = new("https://content.example/one/manifest.mpd?token=s3cret&user=7");

    private static string Property(string attributes, string year = "2014", string name = "UrlQueryInfo") =>
        $"""<EssentialProperty schemeIdUri="urn:mpeg:dash:urlparam:{year}"><up:{name} xmlns:up="urn:mpeg:dash:schema:urlparam:{year}" {attributes}/></EssentialProperty>""";

    private static string First(string inSet, string template = Template) =>
        Mpd.One(inSet + template, period: """duration="PT1S" """, location: Location).Addresses().Single();

    [Theory]
    [InlineData("""queryTemplate="$querypart$" useMPDUrlQuery="true" """, "1.m4s?token=s3cret&user=7")]
    [InlineData("""queryTemplate="$querypart$" useMPDUrlQuery="1" """, "1.m4s?token=s3cret&user=7")]
    [InlineData("""queryTemplate="$querypart$" useMPDUrlQuery="false" """, "1.m4s")]
    [InlineData("""queryTemplate="$querypart$" """, "1.m4s")]
    [InlineData("""queryTemplate="$querypart$" queryString="a=1&amp;b=2" """, "1.m4s?a=1&b=2")]
    [InlineData("""queryTemplate="$querypart$" queryString="a=1" useMPDUrlQuery="true" """, "1.m4s?token=s3cret&user=7&a=1")]
    [InlineData("""queryTemplate="t=$query:token$&amp;x=$$" useMPDUrlQuery="true" """, "1.m4s?t=s3cret&x=$")]
    [InlineData("""queryTemplate="u=$query:user$" useMPDUrlQuery="true" """, "1.m4s?u=7")]
    [InlineData("""queryTemplate="u=$query:nobody$" useMPDUrlQuery="true" """, "1.m4s?u=")]
    public void Template_is_filled_from_the_manifest_s_own_address_and_what_it_spells_out(string attributes, string expected)
    {
        First(Property(attributes)).Should().Be($"https://content.example/one/{expected}");
        First(Property(attributes, "2016", "ExtUrlQueryInfo")).Should().Be($"https://content.example/one/{expected}");
    }

    [Fact]
    public void An_address_with_a_query_keeps_it() =>
        First(Property("""queryTemplate="$querypart$" queryString="a=1" """), """<SegmentTemplate duration="1" media="$Number$.m4s?x=0"/>""").Should().EndWith("/1.m4s?x=0&a=1");

    [Fact]
    public void Initialisation_and_single_files_get_it_too()
    {
        string property = Property("""queryTemplate="$querypart$" useMPDUrlQuery="true" """);
        Mpd.One(property + Template, period: """duration="PT1S" """, location: Location).Segments.Initialization!.Value.Address.Query.Should().Be("?token=s3cret&user=7");
        Mpd.One("", $"""<Representation id="1">{property}<BaseURL>film.mp4</BaseURL></Representation>""", location: Location).Segments.BaseAddress.OriginalString.Should().EndWith("film.mp4?token=s3cret&user=7");
    }

    [Fact]
    public void The_inner_one_counts_and_its_place_may_be_anywhere()
    {
        string outer = Property("""queryTemplate="o=1" """), inner = Property("""queryTemplate="i=1" """);
        string Read(string mpd, string period, string set) => Mpd.Read(
            Mpd.Around($"""{mpd}<Period duration="PT1S">{period}<AdaptationSet mimeType="video/mp4">{set}{Template}<Representation id="1"/></AdaptationSet></Period>"""), Location)
            .Periods[0].AdaptationSets[0].Representations[0].Addresses().Single();
        Read(outer, "", "").Should().EndWith("1.m4s?o=1");
        Read("", outer, "").Should().EndWith("1.m4s?o=1");
        Read(outer, "", inner).Should().EndWith("1.m4s?i=1");
    }

    [Theory]
    [InlineData("https://other.example/")]
    [InlineData("http://content.example/one/")]
    [InlineData("https://content.example:8443/one/")]
    public void What_a_viewer_s_address_says_goes_to_no_other_origin(string elsewhere)
    {
        string property = Property("""queryTemplate="$querypart$" useMPDUrlQuery="true" queryString="a=1" """);
        First($"{property}<BaseURL>{elsewhere}</BaseURL>").Should().Be($"{elsewhere}1.m4s?a=1");
        First($"{Property("""queryTemplate="a=1" sameOriginOnly="true" """, "2016", "ExtUrlQueryInfo")}<BaseURL>{elsewhere}</BaseURL>").Should().Be($"{elsewhere}1.m4s");
    }

    [Fact]
    public void What_is_meant_for_other_requests_is_not_added_to_segments()
    {
        First(Property("""queryTemplate="a=1" includeInRequests="mpd callback" """, "2016", "ExtUrlQueryInfo")).Should().EndWith("/1.m4s");
        First(Property("""queryTemplate="a=1" includeInRequests="segment mpd" """, "2016", "ExtUrlQueryInfo")).Should().EndWith("/1.m4s?a=1");
    }

    [Fact]
    public void A_query_that_grows_too_long_is_refused()
    {
        string own = new('a', 2000);
        string many = string.Concat(Enumerable.Repeat("$querypart$", 100));
        Action read = () => First(Property($"""queryTemplate="{many}" queryString="{own}" """));
        read.Should().Throw<ManifestException>().WithMessage("*longer than 8192 characters*");
    }

    [Fact]
    public void Files_have_no_query() =>
        Mpd.One(Property("""queryTemplate="a=1" """) + Template, period: """duration="PT1S" """, location: new Uri("file:///tmp/x/manifest.mpd")).Addresses().Single().Should().EndWith("/tmp/x/1.m4s");
}
