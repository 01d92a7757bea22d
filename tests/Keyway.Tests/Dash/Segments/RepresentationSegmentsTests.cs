using System.Globalization;
using System.Text;
using CsCheck;
using Keyway.Timeline;

namespace Keyway.Dash.Segments;

public sealed class RepresentationSegmentsTests
{
    private const string Base = "https://content.example/shows/one/";

    [Theory]
    [InlineData("$Number$", "7")]
    [InlineData("$Number%05d$", "00007")]
    [InlineData("$Number%0d$", "7")]
    [InlineData("$RepresentationID$/$Bandwidth$/$Bandwidth%06d$-$Number$.m4s", "r1/1000/001000-7.m4s")]
    [InlineData("a$$b$Number$$$", "a$b7$")]
    public void A_template_is_filled_in(string media, string expected)
    {
        Representation one = Mpd.One($"""<SegmentTemplate media="{media}" startNumber="7" duration="2"/>""", period: """duration="PT2S" """);
        one.Addresses().Should().Equal(Base + expected);
    }

    [Theory]
    [InlineData("$Number")]
    [InlineData("$Nmber$")]
    [InlineData("$Number%5d$")]
    [InlineData("$Number%0x$")]
    [InlineData("$Number%099999999d$")]
    [InlineData("$RepresentationID%02d$")]
    public void A_template_that_is_none_is_refused_when_segments_are_wanted(string media)
    {
        Representation one = Mpd.One($"""<SegmentTemplate media="{media}" duration="2"/>""", period: """duration="PT2S" """);
        Action read = () => one.Addresses();
        read.Should().Throw<ManifestException>().Which.Error.Path.Should().Be("/MPD/Period[0]/AdaptationSet[0]/SegmentTemplate[0]");
    }

    [Theory]
    [InlineData("""<SegmentTemplate timescale="0" media="$Number$" duration="1"/>""")]
    [InlineData("""<SegmentTemplate media="$Number$" duration="0"/>""")]
    [InlineData("""<SegmentTemplate media="$Number$" duration="x"/>""")]
    [InlineData("""<SegmentTemplate media="$Number$" duration="-1"/>""")]
    [InlineData("""<SegmentTemplate duration="1"/>""")]
    [InlineData("""<SegmentTemplate media="$Number$"><SegmentTimeline><S t="1"/></SegmentTimeline></SegmentTemplate>""")]
    [InlineData("""<SegmentTemplate media="$Number$"><SegmentTimeline><S d="0" r="-1"/></SegmentTimeline></SegmentTemplate>""")]
    [InlineData("""<SegmentTemplate media="$Number$"><SegmentTimeline><S d="1" r="-1"/><S d="1"/></SegmentTimeline></SegmentTemplate>""")]
    [InlineData("""<SegmentTemplate media="$Time$"><SegmentTimeline><S t="18446744073709551615" d="2"/></SegmentTimeline></SegmentTemplate>""")]
    [InlineData("""<SegmentTemplate media="$Number$"><SegmentTimeline><S d="1" r="99999999999999999999"/></SegmentTimeline></SegmentTemplate>""")]
    [InlineData("""<SegmentTemplate media="$Number$" initialization="$Number$.mp4" duration="1" />""")]
    [InlineData("""<SegmentList duration="1"/>""")]
    [InlineData("""<SegmentBase indexRange="9-5"/>""")]
    public void What_cannot_be_understood_is_refused_when_segments_are_wanted_and_protection_is_read_all_the_same(string segments)
    {
        Representation one = Mpd.One($"""<ContentProtection schemeIdUri="x"/>{segments}""", period: """duration="PT4S" """);
        one.ContentProtections.Should().ContainSingle();
        Action read = () => { _ = one.Segments.Initialization; one.Addresses(); };
        read.Should().Throw<ManifestException>().Which.Error.Path.Should().StartWith("/MPD/Period[0]/AdaptationSet[0]/Segment");
    }

    [Fact]
    public void A_template_with_a_million_segments_a_second_costs_nothing_and_is_refused()
    {
        Representation one = Mpd.One("""<SegmentTemplate timescale="1000000" duration="1" media="$Number$"/>""", period: """duration="PT100H" """);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Func<TimelineSegment> read = () => one.Segments.Enumerate().First();
        read.Should().Throw<ManifestException>().WithMessage("*more than 5000000 segments*");
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(1 << 20);

        Representation few = Mpd.One("""<SegmentTemplate timescale="1000000" duration="1" media="$Number$"/>""", period: """duration="PT2S" """);
        few.Segments.Count().Should().Be(2_000_000);
        few.Segments.Enumerate().Take(2).Select(static segment => segment.Number).Should().Equal(1, 2);
    }

    [Theory]
    [InlineData("2147483648")]
    [InlineData("9223372036854775807")]
    public void A_run_of_billions_costs_nothing_and_is_refused(string repeat)
    {
        Representation one = Mpd.One($"""<SegmentTemplate media="$Time$"><SegmentTimeline><S t="0" d="1" r="{repeat}"/></SegmentTimeline></SegmentTemplate>""");
        Func<TimelineSegment> read = () => one.Segments.Enumerate().First();
        read.Should().Throw<ManifestException>();
    }

    [Fact]
    public void An_open_run_goes_on_to_the_next_entry_or_the_end_of_the_period()
    {
        Representation one = Mpd.One("""<SegmentTemplate timescale="10" presentationTimeOffset="100" startNumber="3" media="$Number$-$Time$"><SegmentTimeline><S t="100" d="20" r="-1"/><S t="150" d="30"/><S d="15" r="-1"/></SegmentTimeline></SegmentTemplate>""", period: """duration="PT12S" """);
        one.Addresses().Should().Equal(new[] { "3-100", "4-120", "5-140", "6-150", "7-180", "8-195", "9-210" }.Select(static name => Base + name));
    }

    [Fact]
    public void An_entry_may_name_its_number()
    {
        Representation one = Mpd.One("""<SegmentTemplate media="$Number$"><SegmentTimeline><S d="2" r="1"/><S d="2" n="10" r="1"/><S d="2"/></SegmentTimeline></SegmentTemplate>""");
        one.Addresses().Should().Equal(new[] { "1", "2", "10", "11", "12" }.Select(static name => Base + name));
    }

    [Fact]
    public void A_rest_of_less_than_a_millisecond_is_a_rounding_and_no_segment()
    {
        // 3 segments of 2.002 s; a packager wrote the duration rounded up.
        const string Template = """<SegmentTemplate timescale="30000" duration="60060" media="$Number$"/>""";
        Mpd.One(Template, period: """duration="PT6.0064S" """).Segments.Count().Should().Be(3);
        Mpd.One(Template, period: """duration="PT6.006S" """).Segments.Count().Should().Be(3);
        Mpd.One(Template, period: """duration="PT6.016S" """).Segments.Count().Should().Be(4);
    }

    [Fact]
    public void A_template_without_a_length_or_a_duration_has_an_end_number_or_one_segment_or_is_refused()
    {
        Mpd.One("""<SegmentTemplate media="$Number$" duration="1" startNumber="4" endNumber="6"/>""").Addresses().Should().Equal(Base + "4", Base + "5", Base + "6");
        Mpd.One("""<SegmentTemplate media="all.mp4" initialization="init.mp4"/>""").Addresses().Should().Equal(Base + "all.mp4");
        Action endless = () => Mpd.One("""<SegmentTemplate media="$Number$" duration="1"/>""").Addresses();
        endless.Should().Throw<ManifestException>().WithMessage("*has no end*");
    }

    [Fact]
    public void A_dynamic_template_has_what_is_over_and_not_yet_forgotten()
    {
        const string Attributes = """type="dynamic" availabilityStartTime="2026-01-01T00:00:00Z" timeShiftBufferDepth="PT10S" """;
        Representation one = Mpd.One("""<SegmentTemplate media="$Number$" duration="4"/>""", period: """start="PT20S" """, attributes: Attributes);
        DateTimeOffset start = new(2026, 1, 1, 0, 0, 20, TimeSpan.Zero);
        one.Addresses(start.AddSeconds(-5)).Should().BeEmpty();
        one.Addresses(start.AddSeconds(9)).Should().Equal(Base + "1", Base + "2");
        one.Addresses(start.AddSeconds(21)).Should().Equal(Base + "3", Base + "4", Base + "5");
        Action timeless = () => one.Addresses();
        timeless.Should().Throw<ManifestException>().WithMessage("*depends on the time*");
    }

    [Fact]
    public void Addresses_are_resolved_through_every_level()
    {
        Manifest manifest = Mpd.Read(Mpd.Around("""
            <BaseURL>https://cdn.example/root/</BaseURL><BaseURL>https://other.example/</BaseURL>
            <Period><BaseURL>p1/</BaseURL><AdaptationSet mimeType="video/mp4"><BaseURL>../p2/</BaseURL>
              <SegmentTemplate media="$RepresentationID$.m4s" initialization="/init/$RepresentationID$.mp4"/>
              <Representation id="a"><BaseURL>x/y/</BaseURL></Representation><Representation id="b"/><Representation id="c"><BaseURL>//third.example/z</BaseURL></Representation>
            </AdaptationSet></Period>
            """));
        IReadOnlyList<Representation> all = manifest.Periods[0].AdaptationSets[0].Representations;
        all.Select(static each => each.Addresses()[0]).Should().Equal("https://cdn.example/root/p2/x/y/a.m4s", "https://cdn.example/root/p2/b.m4s", "https://third.example/c.m4s");
        all[0].Segments.Initialization!.Value.Address.OriginalString.Should().Be("https://cdn.example/init/a.mp4");
    }

    [Fact]
    public void Segment_information_is_inherited_attribute_by_attribute()
    {
        Manifest manifest = Mpd.Read(Mpd.Around("""
            <Period duration="PT4S"><SegmentTemplate timescale="10" startNumber="5"/>
              <AdaptationSet mimeType="video/mp4"><SegmentTemplate duration="20" initialization="i-$RepresentationID$"/>
                <Representation id="a"><SegmentTemplate media="a-$Number$"/></Representation>
                <Representation id="b"><SegmentTemplate media="b-$Time$" startNumber="1"><SegmentTimeline><S t="3" d="40"/></SegmentTimeline></SegmentTemplate></Representation>
                <Representation id="c"><SegmentList><SegmentURL media="c1"/><SegmentURL mediaRange="5-9"/></SegmentList></Representation>
              </AdaptationSet></Period>
            """));
        IReadOnlyList<Representation> all = manifest.Periods[0].AdaptationSets[0].Representations;
        all[0].Addresses().Should().Equal(Base + "a-5", Base + "a-6");
        all[0].Segments.Initialization!.Value.Address.OriginalString.Should().Be(Base + "i-a");
        all[1].Addresses().Should().Equal(Base + "b-3");
        all[2].Segments.Initialization.Should().BeNull();
        all[2].Segments.Enumerate().Select(static each => (each.Address.OriginalString, each.Range?.ToString())).Should().Equal((Base + "c1", null), (Mpd.Location.OriginalString, "5-9"));
    }

    [Theory]
    [InlineData("https://content.example/a.mpd", "file:///etc/passwd")]
    [InlineData("https://content.example/a.mpd", "ftp://x/y")]
    [InlineData("https://content.example/a.mpd", "data:text/plain,x")]
    [InlineData("file:///shows/one/a.mpd", "../two/b.mp4")]
    [InlineData("file:///shows/one/a.mpd", "%2e%2e%2ftwo/b.mp4")]
    [InlineData("file:///shows/one/a.mpd", "x/../../two/b.mp4")]
    [InlineData("file:///shows/one/a.mpd", "..%2f..%2fetc/passwd")]
    [InlineData("file:///shows/one/a.mpd", "/etc/passwd")]
    [InlineData("file:///shows/one/a.mpd", "//server/share/b.mp4")]
    [InlineData("file:///shows/one/a.mpd", @"\\server\share\b.mp4")]
    [InlineData("file:///shows/one/a.mpd", "file://server/share/b.mp4")]
    [InlineData("file:///shows/one/a.mpd", "/shows/onetwo/b.mp4")]
    [InlineData("file:///shows/one/a.mpd", "b%00.mp4")]
    public void A_manifest_may_not_name_what_is_not_its_own(string manifest, string address)
    {
        Action read = () => Mpd.One("", $"""<Representation id="1"><BaseURL>{address}</BaseURL></Representation>""", location: new Uri(manifest)).Addresses();
        read.Should().Throw<ManifestException>().Which.Error.Path.Should().Be("/MPD/Period[0]/AdaptationSet[0]/Representation[0]");
    }

    [Theory]
    [InlineData("https://content.example/a.mpd", "/etc/passwd", "https://content.example/etc/passwd")]
    [InlineData("https://content.example/a.mpd", "http://x/y", "http://x/y")]
    [InlineData("file:///shows/one/a.mpd", "b.mp4", "file:///shows/one/b.mp4")]
    [InlineData("file:///shows/one/a.mpd", "../one/b.mp4", "file:///shows/one/b.mp4")]
    [InlineData("file:///shows/one/a.mpd", "https://x/y", "https://x/y")]
    public void A_manifest_may_name_what_is_its_own(string manifest, string address, string expected) =>
        Mpd.One("", $"""<Representation id="1"><BaseURL>{address}</BaseURL></Representation>""", location: new Uri(manifest)).Segments.Enumerate().Single().Address.AbsoluteUri.Should().Be(expected);

    [Fact]
    public void Intermediate_folders_need_not_be_inside()
    {
        Manifest manifest = Mpd.Read(Mpd.Around("""<BaseURL>..</BaseURL><Period><BaseURL>./</BaseURL><AdaptationSet mimeType="video/mp4"><Representation><BaseURL>one/b.mp4</BaseURL></Representation></AdaptationSet></Period>"""), new Uri("file:///shows/one/a.mpd"));
        manifest.Periods[0].AdaptationSets[0].Representations[0].Segments.BaseAddress.AbsoluteUri.Should().Be("file:///shows/one/b.mp4");
    }

    [Fact]
    public void Long_addresses_are_refused()
    {
        string text = new('a', 9000);
        Action read = () => Mpd.One("", $"""<Representation id="{text}"><SegmentTemplate media="$RepresentationID$"/></Representation>""").Addresses();
        read.Should().Throw<ManifestException>();
    }

    private static readonly int[] Scales = [1, 2, 4, 5, 8, 10, 20, 25, 40, 50, 100, 125, 200, 250, 500, 1000];

    private sealed record Entry(long? Gap, long Duration, int Repeat, bool Open);

    [Fact]
    public void Generated_timelines_expand_as_a_naive_expansion_does()
    {
        Gen<Entry> entries = Gen.Select(Gen.Int[0, 3], Gen.Long[0, 50], Gen.Long[1, 400], Gen.Int[0, 6], Gen.Int[0, 4])
            .Select(static (gapped, gap, duration, repeat, open) => new Entry(gapped == 0 ? gap : null, duration, repeat, open == 0));
        Gen.Select(entries.Array[1, 8], Gen.Int[1, 90], Gen.Int[0, 5000], Gen.Int[0, 40], Gen.Int[1, 9]).Sample((list, scale, offset, number, width) =>
        {
            // Independent of the reader: one step at a time, with decimal arithmetic on a flat list.
            StringBuilder xml = new();
            List<string> naive = [];
            decimal time = offset;
            int next = number;
            for (int i = 0; i < list.Length; i++)
            {
                Entry entry = list[i];
                bool open = entry.Open && i + 1 < list.Length;
                decimal start = time;
                string t = i == 0 || entry.Gap is not null ? Invariant($""" t="{(start += entry.Gap ?? 0)}" """) : "";
                time = start;
                for (int n = 0; n <= entry.Repeat; n++)
                {
                    naive.Add(Invariant($"{next.ToString(CultureInfo.InvariantCulture).PadLeft(width, '0')}_{time}"));
                    next++;
                    time += entry.Duration;
                }

                // An open run ends at the next @t, so that the next entry must have one.
                xml.Append(Invariant($"""<S{t} d="{entry.Duration}" r="{(open ? -1 : entry.Repeat)}"/>"""));
                if (open) list[i + 1] = list[i + 1] with { Gap = 0 };
            }

            Representation one = Mpd.One(Invariant($"""<SegmentTemplate timescale="{scale}" startNumber="{number}" presentationTimeOffset="{offset}" media="$Number%0{width}d$_$Time$"><SegmentTimeline>{xml}</SegmentTimeline></SegmentTemplate>"""));
            one.Addresses().Should().Equal(naive.Select(static name => Base + name));
            one.Segments.Count().Should().Be(naive.Count);
        }, iter: 300);
    }

    [Fact]
    public void Generated_templates_expand_as_a_naive_expansion_does()
    {
        // Time scales that divide 1000: what is left over is a whole number of milliseconds, never a rounding.
        Gen.Select(Gen.Int[0, 15].Select(static i => Scales[i]), Gen.Int[1, 2000], Gen.Int[1, 20_000], Gen.Int[0, 1000], Gen.Int[0, 500]).Sample((scale, duration, milliseconds, number, offset) =>
        {
            // Walk in steps of one segment until the period is over; times are exact fractions.
            List<string> naive = [];
            for (long begin = 0; begin * 1000 < (long)milliseconds * scale; begin += duration) naive.Add(Invariant($"{number + naive.Count}_{offset + begin}"));
            if (naive.Count > 2000) return;
            Representation one = Mpd.One(
                Invariant($"""<SegmentTemplate timescale="{scale}" duration="{duration}" startNumber="{number}" presentationTimeOffset="{offset}" media="$Number$_$Time$"/>"""),
                period: Invariant($"""duration="PT{milliseconds / 1000}.{milliseconds % 1000:000}S" """));
            one.Addresses().Should().Equal(naive.Select(static name => Base + name));
        }, iter: 300);
    }

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);

    [Theory]
    [InlineData("$Number%08x$", "'$Number%08x$'", "%0[width]d")]
    [InlineData("$Number%5d$", "'$Number%5d$'", "%0[width]d")]
    [InlineData("$Time%0d5$", "'$Time%0d5$'", "%0[width]d")]
    [InlineData("$Number%099d$", "'$Number%099d$'", "64 digits")]
    [InlineData("$RepresentationID%04d$", "'$RepresentationID%04d$'", "no format")]
    [InlineData("$number$", "'$number$'", "no such identifier")]
    [InlineData("$SubNumber$", "'$SubNumber$'", "in parts")]
    [InlineData("a-$Number.m4s", "'Number.m4s'", "counterpart")]
    public void A_template_that_is_refused_is_named(string template, string named, string reason)
    {
        Action read = () => Mpd.One($"""<SegmentTemplate duration="1" media="{template}"/>""", period: """duration="PT1S" """).Addresses();
        read.Should().Throw<ManifestException>().Which.Message.Should().Contain(named).And.Contain(reason);
    }
}
