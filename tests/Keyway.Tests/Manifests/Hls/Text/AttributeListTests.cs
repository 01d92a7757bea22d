
namespace Keyway.Manifests.Hls.Text;

/// <summary>Attribute lists (RFC 8216bis, 4.2).</summary>
public sealed class AttributeListTests
{
    [Theory]
    [InlineData("A=1,B-2=\"x\"", "A:1|B-2:x")]
    [InlineData("A=\"x,y=z\",B=1", "A:x,y=z|B:1")]
    [InlineData("A=\"\",B=", "A:|B:")]
    [InlineData(" A = 1 , B=\"x\" ,", "A:1|B:x")]
    [InlineData("URI=a?b=c&d=e", "URI:a?b=c&d=e")]
    [InlineData("A=0xAB", "A:0xAB")]
    [InlineData("", "")]
    public void Attributes_have_names_and_values(string text, string expected) =>
        string.Join('|', Read(text).Items.Select(static item => $"{item.Key}:{item.Value}")).Should().Be(expected);

    [Theory]
    [InlineData("A=1,A=2", "the attribute A stands there twice")]
    [InlineData("A", "this is not a list of attributes: a name has no value")]
    [InlineData("A,B=1", "this is not a list of attributes: a name has no value")]
    [InlineData("=1", "this is not a list of attributes: a name has no value")]
    [InlineData("A=\"x", "the value of A has no closing quote")]
    [InlineData("A=\"x\"y,B=1", "something follows the closing quote of A")]
    [InlineData("A\"B=1", "this is not a list of attributes: what stands before '=' is no name")]
    public void What_is_no_list_says_why(string text, string reason) =>
        ((Action)(() => Read(text))).Should().Throw<ManifestException>().Which.Error.Should().Be(new FormatError(reason, "line 7, EXT-X-KEY", -1));

    [Fact]
    public void A_tag_has_as_many_attributes_as_are_read()
    {
        string[] items = [.. Enumerable.Range(0, HlsLimits.Attributes + 1).Select(static i => $"A{i}=1")];
        Read(string.Join(',', items[1..])).Items.Should().HaveCount(HlsLimits.Attributes);
        ((Action)(() => Read(string.Join(',', items)))).Should().Throw<ManifestException>().WithMessage("*more than 128 attributes*");
        ((Action)(() => Read(new string('A', HlsLimits.AttributeName + 1) + "=1"))).Should().Throw<ManifestException>().WithMessage("*no name*");
    }

    private static AttributeList Read(string text) => AttributeList.Read(new PlaylistText(Playlists.Document("#EXTM3U\n")), new PlaylistLine(7, PlaylistTags.Key), text);
}
