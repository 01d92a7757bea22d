using Keyway.Timeline;
using static Keyway.Cpix.CpixBench;

namespace Keyway.Cpix;

/// <summary>Which key is for which track and time (CPIX 2.4: ContentKeyUsageRule, ContentKeyPeriod).</summary>
public sealed class CpixRulesTests
{
    private static readonly CpixContext Video = new() { Kind = MediaKind.Video, Pixels = 640 * 360, FrameRate = 25, IsHighDynamicRange = false, IsWideColorGamut = false, Bitrate = 500_000, Labels = ["main"] };
    private static readonly CpixContext Audio = new() { Kind = MediaKind.Audio, Channels = 2, Bitrate = 128_000, Labels = [] };

    [Fact]
    public void A_rule_without_filters_is_for_everything()
    {
        Find(Rule(1, ""), new CpixContext()).Should().Be(1);
        Find(Rule(1, ""), Audio).Should().Be(1);
    }

    [Fact]
    public void Without_rules_the_only_key_is_for_everything_and_of_several_none_is()
    {
        Find("", Video, keys: 1).Should().Be(1);
        Find("", Video, keys: 0).Should().BeNull();
        Asking("", Video, keys: 2).Should().Throw<CpixException>().Where(static e => e.Kind == CpixErrorKind.Undecided).WithMessage("*2 keys and no usage rules*");
    }

    [Fact]
    public void Kinds_of_track_tell_rules_apart()
    {
        string rules = Rule(1, "<VideoFilter/>") + Rule(2, "<AudioFilter/>");
        Find(rules, Video).Should().Be(1);
        Find(rules, Audio).Should().Be(2);
        Find(rules, new CpixContext { Kind = MediaKind.Text }).Should().BeNull();
        Undecided(rules, new CpixContext(), "the kind of track");
    }

    [Theory]
    [InlineData("minPixels=\"230400\"", true)]
    [InlineData("minPixels=\"230401\"", false)]
    [InlineData("maxPixels=\"230400\"", true)]
    [InlineData("maxPixels=\"230399\"", false)]
    [InlineData("minPixels=\"1\" maxPixels=\"921600\"", true)]
    [InlineData("minPixels=\"921600\" maxPixels=\"1\"", false)]
    [InlineData("minFps=\"25\"", false)]
    [InlineData("minFps=\"24\"", true)]
    [InlineData("maxFps=\"25\"", true)]
    [InlineData("maxFps=\"24\"", false)]
    [InlineData("minFps=\"24\" maxFps=\"30\"", true)]
    [InlineData("minFps=\"25\" maxFps=\"25\"", false)]
    [InlineData("hdr=\"true\"", false)]
    [InlineData("hdr=\"0\"", true)]
    [InlineData("wcg=\"1\"", false)]
    [InlineData("wcg=\"false\"", true)]
    public void Video_is_compared_with_its_bounds(string attributes, bool matches) => Find(Rule(1, $"<VideoFilter {attributes}/>"), Video).Should().Be(matches ? 1 : null);

    [Theory]
    [InlineData("<AudioFilter minChannels=\"2\"/>", true)]
    [InlineData("<AudioFilter minChannels=\"3\"/>", false)]
    [InlineData("<AudioFilter maxChannels=\"2\"/>", true)]
    [InlineData("<AudioFilter maxChannels=\"1\"/>", false)]
    [InlineData("<BitrateFilter minBitrate=\"128000\"/>", true)]
    [InlineData("<BitrateFilter minBitrate=\"128001\"/>", false)]
    [InlineData("<BitrateFilter maxBitrate=\"128000\"/>", true)]
    [InlineData("<BitrateFilter maxBitrate=\"127999\"/>", false)]
    [InlineData("<BitrateFilter/>", true)]
    public void Audio_and_bit_rates_are_compared_with_their_bounds(string filter, bool matches) => Find(Rule(1, filter), Audio).Should().Be(matches ? 1 : null);

    [Fact]
    public void Filters_of_one_kind_are_alternatives_and_kinds_must_all_match()
    {
        string two = "<VideoFilter maxPixels=\"100\"/><VideoFilter minPixels=\"200000\"/>";
        Find(Rule(1, two), Video).Should().Be(1);
        Find(Rule(1, two + "<BitrateFilter maxBitrate=\"500000\"/><LabelFilter label=\"main\"/>"), Video).Should().Be(1);
        Find(Rule(1, two + "<BitrateFilter maxBitrate=\"499999\"/>"), Video).Should().BeNull();
        Find(Rule(1, two + "<LabelFilter label=\"other\"/>"), Video).Should().BeNull();
        Find(Rule(1, "<VideoFilter/><AudioFilter/>"), Video).Should().BeNull("nothing is both");
        Find(Rule(1, "<LabelFilter label=\"other\"/><LabelFilter label=\"main\"/>"), Video).Should().Be(1);
    }

    [Theory]
    [InlineData("<VideoFilter minPixels=\"1\"/>", "the size of pictures")]
    [InlineData("<VideoFilter minFps=\"1\"/>", "the frame rate")]
    [InlineData("<VideoFilter hdr=\"true\"/>", "the dynamic range")]
    [InlineData("<VideoFilter wcg=\"true\"/>", "the colour gamut")]
    [InlineData("<BitrateFilter minBitrate=\"1\"/>", "the bit rate")]
    [InlineData("<LabelFilter label=\"x\"/>", "the label")]
    [InlineData("<KeyPeriodFilter periodId=\"p\"/>", "the key period")]
    public void What_is_not_known_decides_nothing(string filter, string missing)
    {
        CpixContext known = new() { Kind = MediaKind.Video };
        string period = Periods("<ContentKeyPeriod id=\"p\" index=\"1\"/>");
        Undecided(period + Rules(Rule(1, filter)), known, missing);
        Undecided(period + Rules(Rule(1, filter) + Rule(2, "")), known, missing, "it might be the other key");
        Find(period + Rules(Rule(1, filter) + Rule(1, "")), known).Should().Be(1, "it is this key either way");
        Find(period + Rules(Rule(1, filter + "<AudioFilter/>") + Rule(2, "")), known).Should().Be(2, "the rule cannot match, whatever is not known");
    }

    [Fact]
    public void Channels_that_are_not_known_decide_nothing() => Undecided(Rule(1, "<AudioFilter minChannels=\"3\"/>"), new CpixContext { Kind = MediaKind.Audio }, "the number of channels");

    [Theory]
    [InlineData("<NewFilter/>", "the filter NewFilter is not known")]
    [InlineData("<VideoFilter minPixels=\"many\"/>", "VideoFilter/@minPixels is not a number")]
    [InlineData("<VideoFilter minPixels=\"-1\"/>", "VideoFilter/@minPixels is not a number")]
    [InlineData("<VideoFilter minPixels=\"99999999999999999999\"/>", "VideoFilter/@minPixels is not a number")]
    [InlineData("<VideoFilter maxFps=\"NaN\"/>", "VideoFilter/@maxFps is not a number")]
    [InlineData("<VideoFilter hdr=\"maybe\"/>", "VideoFilter/@hdr is neither true nor false")]
    [InlineData("<LabelFilter/>", "LabelFilter/@label is missing")]
    [InlineData("<KeyPeriodFilter/>", "KeyPeriodFilter/@periodId is missing")]
    [InlineData("<KeyPeriodFilter periodId=\"nosuch\"/>", "there is no key period 'nosuch'")]
    [InlineData("<VideoFilter xmlns=\"urn:other\"/>", "the filter VideoFilter is not known")]
    public void A_rule_that_is_not_understood_is_not_used_and_said(string filter, string problem)
    {
        string rules = Rule(1, filter) + Rule(2, "<VideoFilter/>");
        Find(rules, Video).Should().Be(2, "its key is not mapped");
        using CpixDocument document = Of(rules);
        document.UsageRules[0].Problem.Should().Be(problem);
        document.Notes.Should().Contain(note => note.Contains(problem));
        document.ShouldGive((Id(1), Key(1)), (Id(2), Key(2)), (Id(3), Key(3)));
    }

    [Fact]
    public void A_rule_for_a_key_that_is_not_there_is_not_used()
    {
        using CpixDocument document = Of(Rule(9, ""));
        document.UsageRules[0].Problem.Should().Contain("not in the document");
        document.FindKey(Video).Should().BeNull();
    }

    [Fact]
    public void Two_keys_for_one_track_are_an_error_where_they_meet()
    {
        string rules = Rule(1, "<VideoFilter maxPixels=\"300000\"/>") + Rule(2, "<VideoFilter minPixels=\"200000\"/>");
        Asking(rules, Video).Should().Throw<CpixException>().Where(static e => e.Kind == CpixErrorKind.Conflict).WithMessage($"*{Id(1)} (at /CPIX/ContentKeyUsageRuleList[0]/ContentKeyUsageRule[0]) and {Id(2)}*");
        Find(rules, Video with { Pixels = 100 }).Should().Be(1);
        Find(rules, Video with { Pixels = 400_000 }).Should().Be(2);
        using CpixDocument document = Of(rules);
        document.Notes.Should().ContainSingle().Which.Should().StartWith("two keys are for some tracks and times");
        document.ShouldGive((Id(1), Key(1)), (Id(2), Key(2)), (Id(3), Key(3)));
    }

    [Theory]
    [InlineData("", "", true)]
    [InlineData("", "<AudioFilter/>", true)]
    [InlineData("<VideoFilter/>", "<AudioFilter/>", false)]
    [InlineData("<VideoFilter/><AudioFilter/>", "", false)]
    [InlineData("<VideoFilter maxPixels=\"100\"/>", "<VideoFilter minPixels=\"100\"/>", true)]
    [InlineData("<VideoFilter maxPixels=\"99\"/>", "<VideoFilter minPixels=\"100\"/>", false)]
    [InlineData("<VideoFilter maxFps=\"30\"/>", "<VideoFilter minFps=\"30\"/>", false)]
    [InlineData("<VideoFilter maxFps=\"31\"/>", "<VideoFilter minFps=\"30\"/>", true)]
    [InlineData("<VideoFilter hdr=\"true\"/>", "<VideoFilter hdr=\"false\"/>", false)]
    [InlineData("<VideoFilter hdr=\"true\"/>", "<VideoFilter wcg=\"false\"/>", true)]
    [InlineData("<VideoFilter minPixels=\"9\" maxPixels=\"1\"/>", "", false)]
    [InlineData("<LabelFilter label=\"a\"/>", "<LabelFilter label=\"b\"/>", false)]
    [InlineData("<LabelFilter label=\"a\"/>", "<LabelFilter label=\"b\"/><LabelFilter label=\"a\"/>", true)]
    [InlineData("<BitrateFilter maxBitrate=\"5\"/>", "<BitrateFilter minBitrate=\"6\"/>", false)]
    [InlineData("<BitrateFilter maxBitrate=\"5\"/>", "<VideoFilter/>", true)]
    [InlineData("<KeyPeriodFilter periodId=\"one\"/>", "<KeyPeriodFilter periodId=\"two\"/>", false)]
    [InlineData("<KeyPeriodFilter periodId=\"one\"/>", "<KeyPeriodFilter periodId=\"both\"/>", true)]
    [InlineData("<KeyPeriodFilter periodId=\"one\"/>", "<KeyPeriodFilter periodId=\"first\"/>", false)]
    public void Two_keys_for_some_track_are_a_note(string one, string other, bool conflict)
    {
        using CpixDocument document = Of(Periods("""
            <ContentKeyPeriod id="one" start="2026-01-01T00:00:00Z" end="2026-01-01T01:00:00Z"/><ContentKeyPeriod id="two" start="2026-01-01T01:00:00Z" end="2026-01-01T02:00:00Z"/>
            <ContentKeyPeriod id="both" start="2026-01-01T00:30:00Z" end="2026-01-01T01:30:00Z"/><ContentKeyPeriod id="first" index="1"/>
            """) + Rules(Rule(1, one) + Rule(2, other)));
        document.Notes.Should().HaveCount(conflict ? 1 : 0);
    }

    [Fact]
    public void Comparing_rules_with_each_other_ends()
    {
        using CpixDocument many = Of(string.Concat(Enumerable.Range(0, 9000).Select(static number => Rule(1 + (number % 2), ""))));
        many.Notes.Should().HaveCount(100);
        string filters = string.Concat(Enumerable.Repeat("<LabelFilter label=\"a\"/>", 15_000));
        using CpixDocument deep = Of(Rule(1, filters) + Rule(2, filters + "<VideoFilter/>"));
        deep.UsageRules.Should().HaveCount(2);
    }

    [Theory]
    [InlineData("2026-01-01T00:00:00Z", 1)]
    [InlineData("2026-01-01T00:59:59.999Z", 1)]
    [InlineData("2026-01-01T01:00:00Z", 2)]
    [InlineData("2026-01-01T03:00:00+02:00", 2)]
    [InlineData("2026-01-01T02:00:00Z", null)]
    [InlineData("2025-12-31T23:59:59Z", null)]
    public void Periods_of_the_day_end_where_the_next_begins(string time, int? key)
    {
        string content = Periods("<ContentKeyPeriod id=\"a\" start=\"2026-01-01T00:00:00Z\" end=\"2026-01-01T01:00:00Z\"/><ContentKeyPeriod id=\"b\" start=\"2026-01-01T01:00:00\" duration=\"PT1H\"/>")
            + Rules(Rule(1, "<KeyPeriodFilter periodId=\"a\"/>") + Rule(2, "<KeyPeriodFilter periodId=\"b\"/>"));
        Find(content, new CpixContext { Time = DateTimeOffset.Parse(time, System.Globalization.CultureInfo.InvariantCulture) }).Should().Be(key);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(9.9, 1)]
    [InlineData(10, 2)]
    [InlineData(1000, 2)]
    public void Periods_of_the_presentation_end_where_the_next_begins(double seconds, int key)
    {
        string content = Periods("<ContentKeyPeriod id=\"a\" startOffset=\"PT0S\" endOffset=\"PT10S\"/><ContentKeyPeriod id=\"b\" startOffset=\"PT10S\"/>")
            + Rules(Rule(1, "<KeyPeriodFilter periodId=\"a\"/>") + Rule(2, "<KeyPeriodFilter periodId=\"b\"/>"));
        Find(content, new CpixContext { Offset = TimeSpan.FromSeconds(seconds) }).Should().Be(key);
    }

    [Fact]
    public void Periods_have_numbers_labels_and_names()
    {
        string content = Periods("<ContentKeyPeriod id=\"a\" index=\"7\"/><ContentKeyPeriod id=\"b\" label=\"evening\"/>") + Rules(Rule(1, "<KeyPeriodFilter periodId=\"a\"/>") + Rule(2, "<KeyPeriodFilter periodId=\"b\"/>"));
        Find(content, new CpixContext { PeriodIndex = 7, PeriodLabel = "" }).Should().Be(1);
        Find(content, new CpixContext { PeriodIndex = 8, PeriodLabel = "evening" }).Should().Be(2);
        Find(content, new CpixContext { PeriodIndex = 8, PeriodLabel = "" }).Should().BeNull();
        Find(content, new CpixContext { PeriodId = "b" }).Should().Be(2);
        Undecided(content, new CpixContext { PeriodIndex = 7 }, "the key period");
    }

    private static string Rule(int key, string filters) => $"<ContentKeyUsageRule kid=\"{Kid(key)}\">{filters}</ContentKeyUsageRule>";

    private static string Rules(string rules) => $"<ContentKeyUsageRuleList>{rules}</ContentKeyUsageRuleList>";

    private static string Periods(string periods) => $"<ContentKeyPeriodList>{periods}</ContentKeyPeriodList>";

    private static CpixDocument Of(string content, int keys = 3) =>
        Read(Document(List([.. Enumerable.Range(1, keys).Select(static number => Plain(number))]) + (content.StartsWith("<ContentKeyUsageRule ", StringComparison.Ordinal) ? Rules(content) : content)));

    private static int? Find(string content, CpixContext context, int keys = 3)
    {
        using CpixDocument document = Of(content, keys);
        return document.FindKey(context) is { } id ? (int)id.Value : null;
    }

    private static Action Asking(string content, CpixContext context, int keys = 3) => () => Find(content, context, keys);

    private static void Undecided(string content, CpixContext context, string missing, string because = "") =>
        Asking(content, context).Should().Throw<CpixException>(because).Where(e => e.Kind == CpixErrorKind.Undecided && e.Error.Reason.Contains(missing), because);
}
