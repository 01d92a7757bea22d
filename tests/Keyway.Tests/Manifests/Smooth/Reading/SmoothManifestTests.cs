using System.Globalization;
using System.Text;
using Keyway.Manifests.Smooth.Model;
using Keyway.Sources;
using Keyway.Timeline;

namespace Keyway.Manifests.Smooth.Reading;

/// <summary>What a manifest says, element by element ([MS-SSTR], 2.2.2).</summary>
public sealed class SmoothManifestTests
{
    /// <summary>Chunks, and the fragments that they are: time+duration, those of a run together as <c>time+duration*count</c>.</summary>
    public static TheoryData<string, string> Lists => new()
    {
        { "<c d='4'/><c d='5'/>", "0+4 4+5" },
        { "<c t='7' d='4'/><c d='4'/><c d='4'/>", "7+4*3" },
        { "<c t='7' d='4' r='3'/>", "7+4*3" },
        { "<c t='7' d='4' r='1'/><c d='5' r='2'/>", "7+4 11+5*2" },
        { "<c d='4' r='0'/>", "0+4" },
        { "<c t='0'/><c t='6'/><c t='7' d='1'/>", "0+6 6+1*2" },
        { "<c t='0' d='0'/><c t='6' d='2'/>", "0+6 6+2" },
        { "<c t='10' d='5'/><c/>", "10+5 15+985" },
        { "<c t='0' d='100' r='-1'/>", "0+100*10" },
        { "<c t='0' d='4' r='-1'/><c t='12' d='2'/>", "0+4*3 12+2" },
        { "<c t='0' d='4'/><c t='10' d='4'/>", "0+4 10+4" },
        { "<c t='18446744073709551600' d='10'/>", "18446744073709551600+10" },
        { "<c t='9007199254740993' d='1'/>", "9007199254740993+1" },
        { "<c t='0' d='10'/><c t='9' d='10'/><c d='10'/>", "0+10 9+10*2" },
        { "<c t='0' d='10'/><c t='2' d='10'/><c t='20' d='10'/>", "0+10 20+10" },
        { "<c t='0' d='10' r='3'/><c t='10' d='10' r='4'/>", "0+10*5" },
        { "<c T='5' D='3' R='2'/>", "5+3*2" },
        { "<c d='4'><f i='0'>AAAA</f></c><c d='4'/>", "0+4*2" },
        { "", "" },
    };

    /// <summary>Chunks that say nothing that can be followed, and why.</summary>
    public static TheoryData<string, string> Broken => new()
    {
        { "<c t='18446744073709551600' d='10' r='3'/>", "larger than 64 bits" },
        { "<c d='18446744073709551615' r='2'/>", "larger than 64 bits" },
        { "<c r='5'/>", "does not say how long" },
        { "<c t='5'/><c d='4'/>", "neither @d nor a next fragment with @t" },
        { "<c d='4' r='-1'/><c d='4'/>", "repeats until the next one, which has no @t" },
        { "<c t='6'/><c t='6' d='4'/>", "not behind it" },
        { "<c d='4' r='x'/>", "@r is not a number" },
        { "<c d='1' r='4294967296'/>", "4294967296 fragments; 5000000 are read" },
        { "<c d='1' r='9223372036854775807'/>", "fragments; 5000000 are read" },
    };

    [Theory]
    [MemberData(nameof(Lists))]
    public void Fragments_are_those_that_chunks_name(string chunks, string expected)
    {
        SmoothStream stream = Read(chunks).Streams.Single();
        stream.Problem.Should().BeNull();
        string.Join(' ', stream.Chunks.Runs.Select(static run => run.Count == 1 ? $"{run.Time}+{run.Duration}" : $"{run.Time}+{run.Duration}*{run.Count}")).Should().Be(expected);
        string.Join(' ', stream.Chunks.From(0).Select(static chunk => chunk.Time)).Should().Be(string.Join(' ', stream.Chunks.Runs.SelectMany(static run => Enumerable.Range(0, (int)run.Count).Select(i => run.Time + (run.Duration * (ulong)i)))));
    }

    [Theory]
    [MemberData(nameof(Broken))]
    public void A_list_that_makes_no_sense_is_its_streams_alone(string chunks, string reason)
    {
        SmoothManifest manifest = Manifest($"<StreamIndex Type='video' Url='{{bitrate}}/{{start time}}'>{chunks}</StreamIndex><StreamIndex Type='audio' Url='u'><c d='4'/></StreamIndex>");
        manifest.Streams[0].Problem!.Value.Reason.Should().Contain(reason);
        manifest.Streams[0].Problem!.Value.Path.Should().StartWith("/SmoothStreamingMedia/StreamIndex[0]");
        manifest.Streams[1].Problem.Should().BeNull();
    }

    [Fact]
    public void A_last_fragment_without_length_needs_an_end_unless_more_will_come()
    {
        Manifest("<StreamIndex Type='video'><c t='5'/></StreamIndex>", "").Streams[0].Problem!.Value.Reason.Should().Contain("no Duration");
        SmoothStream live = Manifest("<StreamIndex Type='video'><c t='5' d='3'/><c/></StreamIndex>", "IsLive='TRUE'").Streams[0];
        live.Problem.Should().BeNull();
        live.Chunks.Count.Should().Be(1, "the next copy says how long the last one is");
    }

    [Theory]
    [InlineData("IsLive='TRUE' LookaheadCount='2' DVRWindowLength='600'", true, 2, 600)]
    [InlineData("IsLive='true' LookAheadFragmentCount='3' DVRWindowLength='0'", true, 3, null)]
    [InlineData("islive='1' Duration='5' lookaheadfragmentcount='1'", true, 1, null)]
    [InlineData("IsLive='FALSE' DVRWindowLength='600'", false, 0, null)]
    [InlineData("", false, 0, null)]
    public void Live_presentations_say_so(string attributes, bool isLive, int lookAhead, int? window)
    {
        SmoothManifest manifest = Manifest("<StreamIndex Type='video'><c d='1'/></StreamIndex>", attributes);
        manifest.IsLive.Should().Be(isLive);
        manifest.LookAhead.Should().Be((ulong)lookAhead);
        manifest.Window.Should().Be(window is { } units ? (ulong)units : null);
    }

    [Fact]
    public void Time_scales_are_the_streams_own_or_the_roots_in_any_case()
    {
        SmoothManifest manifest = Manifest("<StreamIndex Type='video'/><StreamIndex Type='audio' Timescale='48000'/><StreamIndex Type='text' TIMESCALE='90000'/>", "Timescale='1000' Duration='2000'");
        manifest.Streams.Select(static stream => stream.Timescale).Should().Equal(1000, 48000, 90000);
        Manifest("<StreamIndex Type='video'/>", "").Streams[0].Timescale.Should().Be(10_000_000);
        Manifest("<StreamIndex Type='video' TimeScale='0'/><StreamIndex Type='audio' TimeScale='4294967296'/><StreamIndex Type='text'/>").Streams.Should().ContainSingle("a second has units, and not more than boxes can say");
        ((Action)(() => Manifest("", "TimeScale='0'"))).Should().Throw<ManifestException>().WithMessage("*TimeScale*");
    }

    [Fact]
    public void A_quality_has_what_is_written_or_what_its_stream_has()
    {
        SmoothStream stream = Manifest("""
            <StreamIndex Type='audio' Name='a' Language='eng' Subtype='DESC' FourCC='AACL' Url='u' ParentStreamIndex=''>
              <QualityLevel Index='0' Bitrate='96000' SamplingRate='48000' Channels='2' AudioTag='255' NALUnitLengthField='2' CodecPrivateData=' 1190 '>
                <CustomAttributes><Attribute Name='a' Value='1'/><Other/><Attribute Name='b' Value='2'/></CustomAttributes>
              </QualityLevel>
              <QualityLevel Bitrate='1' FourCC='EC-3' MaxWidth='3' MaxHeight='x'/>
              <QualityLevel Index='7'/>
              <QualityLevel Bitrate='1'/>
            </StreamIndex>
            """).Streams.Single();
        stream.Should().BeEquivalentTo(new { Kind = MediaKind.Audio, Name = "a", Language = "eng", Subtype = "DESC", IsSparse = false });
        stream.Qualities.Should().HaveCount(2, "one has no bit rate, and one the addresses of another");
        stream.Qualities[0].Should().BeEquivalentTo(new { Bitrate = 96000UL, FourCC = "AACL", SamplingRate = 48000, Channels = 2, AudioTag = 255, NalLengthSize = 2, CodecPrivateData = "1190", CustomAttributes = "a=1,b=2" });
        stream.Qualities[1].Should().BeEquivalentTo(new { Bitrate = 1UL, FourCC = "EC-3", MaxWidth = 3, MaxHeight = (int?)null });
    }

    [Theory]
    [InlineData("utf-8", false)]
    [InlineData("utf-8", true)]
    [InlineData("utf-16", true)]
    [InlineData("utf-16BE", true)]
    public void Every_coding_is_read_by_its_mark(string name, bool mark)
    {
        Encoding encoding = Encoding.GetEncoding(name);
        string text = "<?xml version=\"1.0\"?><!-- ä --><SmoothStreamingMedia MajorVersion='2' Duration='1'><StreamIndex Type='text' Name='Ünter'/></SmoothStreamingMedia>";
        byte[] bytes = [.. mark ? encoding.GetPreamble() : [], .. encoding.GetBytes(text)];
        Read(bytes).Streams.Single().Name.Should().Be("Ünter");
        new SmoothReader().Begins(bytes).Should().BeTrue();
    }

    [Fact]
    public void Unknown_elements_are_passed_over_and_named()
    {
        SmoothManifest manifest = Manifest("<Strange><StreamIndex/></Strange><Protection><Other/></Protection><StreamIndex Type='video'><What/></StreamIndex>");
        manifest.Streams.Should().ContainSingle();
        manifest.Notes.Should().Contain(static note => note.Contains("/Strange[0]")).And.Contain(static note => note.Contains("/Protection[0]/Other[0]")).And.Contain(static note => note.Contains("/StreamIndex[0]/What[0]"));
    }

    [Fact]
    public void What_is_promised_and_not_listed_is_said()
    {
        Manifest("<StreamIndex Type='video' Chunks='9' TimeScale='10'><c d='10' r='3'/></StreamIndex>", "TimeScale='10' Duration='900'").Notes.Should()
            .Contain(static note => note.Contains("promises 9 fragments, and 3 are listed")).And.Contain(static note => note.Contains("3 s long, and the presentation 90 s"));
        Manifest("<StreamIndex Type='video' Chunks='3' TimeScale='10'><c d='300' r='3'/></StreamIndex>", "TimeScale='10' Duration='901'").Notes.Should().BeEmpty();
    }

    public static TheoryData<string, string> Hostile => new()
    {
        { "<!DOCTYPE x [<!ENTITY a 'b'>]><SmoothStreamingMedia/>", "DTD" },
        { "<MPD/>", "not a SmoothStreamingMedia element" },
        { "<SmoothStreamingMedia MajorVersion='3'/>", "version 3" },
        { "<SmoothStreamingMedia", "not well-formed" },
        { "", "not well-formed" },
        { "<SmoothStreamingMedia/><SmoothStreamingMedia/>", "not well-formed" },
        { string.Concat(Enumerable.Repeat("<SmoothStreamingMedia>", 100)), "nested" },
        { $"<SmoothStreamingMedia>{string.Concat(Enumerable.Repeat("<StreamIndex/>", 1025))}</SmoothStreamingMedia>", "more than 1024 streams" },
        { $"<SmoothStreamingMedia><Protection>{string.Concat(Enumerable.Repeat("<ProtectionHeader/>", 65))}</Protection></SmoothStreamingMedia>", "more than 64 protection headers" },
        { $"<SmoothStreamingMedia><StreamIndex>{string.Concat(Enumerable.Range(0, 16_385).Select(static i => $"<QualityLevel Bitrate='{i}'/>"))}</StreamIndex></SmoothStreamingMedia>", "quality levels" },
    };

    [Theory]
    [MemberData(nameof(Hostile))]
    public void Hostile_documents_are_refused_with_their_place(string text, string reason) =>
        ((Action)(() => Read(Encoding.UTF8.GetBytes(text)))).Should().Throw<ManifestException>().WithMessage($"https://cdn.example/film.ism/Manifest: *{reason}*");

    [Theory]
    [InlineData("<?xml version=\"1.0\"?><!-- x --><SmoothStreamingMedia ", true)]
    [InlineData("\uFEFF  <SmoothStreamingMedia>", true)]
    [InlineData("<ssm:SmoothStreamingMedia>", true)]
    [InlineData("<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\">", false)]
    [InlineData("<SmoothStreamingMediaX>", false)]
    [InlineData("#EXTM3U", false)]
    [InlineData("<!-- <SmoothStreamingMedia> -->", false)]
    [InlineData("", false)]
    public void The_root_tells_what_it_is(string beginning, bool isSmooth) => new SmoothReader().Begins(Encoding.UTF8.GetBytes(beginning)).Should().Be(isSmooth);

    [Theory]
    [InlineData("https://x/film.ism/Manifest", "<!-- long", true)]
    [InlineData("https://x/film.isml/manifest(format=mss)", "<?xml version='1.0'?>", true)]
    [InlineData("https://x/film.ism/Manifest", "<MPD>", false)]
    [InlineData("https://x/film.ism/Manifest", "#EXTM3U", false)]
    [InlineData("https://x/film/Manifest", "<!-- long", false)]
    [InlineData("https://x/film.ism/ManifestX", "<!-- long", false)]
    public void An_address_tells_what_it_is_where_its_beginning_does_not(string address, string beginning, bool isSmooth) =>
        new SmoothReader().IsLikely(new Uri(address), Encoding.UTF8.GetBytes(beginning)).Should().Be(isSmooth);

    private static SmoothManifest Read(string chunks) => Manifest($"<StreamIndex Type='video' Url='{{bitrate}}/{{start time}}'>{chunks}</StreamIndex>");

    private static SmoothManifest Manifest(string content, string attributes = "TimeScale='10' Duration='1000'") =>
        Read(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"<SmoothStreamingMedia MajorVersion='2' {attributes}>{content}</SmoothStreamingMedia>")));

    private static SmoothManifest Read(byte[] content) => SmoothManifestReader.Read(new SourceDocument { Content = content, Origin = ContentOrigin.Of(new Uri("https://cdn.example/film.ism/Manifest?token=x")) });
}
