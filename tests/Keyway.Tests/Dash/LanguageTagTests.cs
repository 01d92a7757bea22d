using System.Xml.Linq;
using Keyway.Timeline;

namespace Keyway.Dash;

public sealed class LanguageTagTests
{
    [Theory]
    [InlineData("en", "eng")]
    [InlineData("eng", "en")]
    [InlineData("de", "ger")]
    [InlineData("deu", "ger")]
    [InlineData("ger", "de-AT")]
    [InlineData("DE", "deu-CH")]
    [InlineData("fre", "fr-CA")]
    [InlineData("de-AT", "ger-at")]
    [InlineData("zh-Hans", "chi-Hans-CN")]
    [InlineData("pt_BR", "pt-br")]
    [InlineData("he", "iw")]
    [InlineData("fil", "fil-PH")]
    [InlineData("gsw", "gsw")]
    public void Range_fits_what_equals_it_or_goes_on_after_a_hyphen(string range, string tag) => LanguageTag.Fits(range, tag).Should().BeTrue();

    [Theory]
    [InlineData("en", "es")]
    [InlineData("de-AT", "de")]
    [InlineData("de-AT", "de-CH")]
    [InlineData("de", "den")]
    [InlineData("e", "en")]
    [InlineData("", "en")]
    [InlineData("en", "")]
    [InlineData("und", "en")]
    public void Range_fits_nothing_else(string range, string tag) => LanguageTag.Fits(range, tag).Should().BeFalse();

    // ISO 639-2 has two codes for these.
    [Theory]
    [InlineData("sq alb sqi")]
    [InlineData("hy arm hye")]
    [InlineData("eu baq eus")]
    [InlineData("bo tib bod")]
    [InlineData("my bur mya")]
    [InlineData("cs cze ces")]
    [InlineData("zh chi zho")]
    [InlineData("cy wel cym")]
    [InlineData("nl dut nld")]
    [InlineData("el gre ell")]
    [InlineData("fa per fas")]
    [InlineData("ka geo kat")]
    [InlineData("is ice isl")]
    [InlineData("mk mac mkd")]
    [InlineData("mi mao mri")]
    [InlineData("ms may msa")]
    [InlineData("ro rum ron")]
    [InlineData("sk slo slk")]
    public void All_codes_of_a_language_are_one(string codes)
    {
        string[] each = codes.Split(' ');
        foreach (string one in each)
            foreach (string other in each) LanguageTag.Fits(one, other).Should().BeTrue("{0} is {1}", one, other);
    }

    [Fact]
    public void The_table_is_that_of_the_standard()
    {
        const string path = "/usr/share/xml/iso-codes/iso_639-2.xml";
        if (!File.Exists(path)) Assert.Skip("the package iso-codes is not there");
        XElement[] all = [.. XDocument.Load(path).Descendants("iso_639_entry")];
        XElement[] two = [.. all.Where(static entry => entry.Attribute("iso_639_1_code") is not null)];
        two.Should().HaveCountGreaterThan(180);
        foreach (XElement entry in two)
        {
            string code = entry.Attribute("iso_639_1_code")!.Value;
            LanguageTag.Fits(code, entry.Attribute("iso_639_2B_code")!.Value).Should().BeTrue("{0}", entry);
            LanguageTag.Fits(entry.Attribute("iso_639_2T_code")!.Value, code).Should().BeTrue("{0}", entry);
        }

        // The others are the same as nothing but themselves.
        foreach (XElement entry in all.Except(two))
            two.Where(other => LanguageTag.Fits(entry.Attribute("iso_639_2T_code")!.Value, other.Attribute("iso_639_1_code")!.Value)).Should().BeEmpty();
    }
}
