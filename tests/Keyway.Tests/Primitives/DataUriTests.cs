using Keyway.Decryption;

namespace Keyway;

public sealed class DataUriTests
{
    private static readonly byte[] Key = Bytes.Hex("000102030405060708090a0b0cfbffef");

    [Theory]
    [InlineData("data:text/plain;base64,AAECAwQFBgcICQoLDPv/7w==")]
    [InlineData("data:;base64,AAECAwQFBgcICQoLDPv/7w==")]
    [InlineData("data:;base64,AAECAwQFBgcICQoLDPv/7w")]
    [InlineData("data:;base64,AAECAwQFBgcICQoLDPv_7w")]
    [InlineData("data:application/octet-stream;charset=x;BASE64,AAECAwQFBgcICQoLDPv%2F7w%3D%3D")]
    [InlineData("data:;base64,AAECAwQFBgcI%0ACQoLDPv/7w==")]
    [InlineData("data:;base64,AAECAwQFBgcI CQoLDPv/7w==")]
    [InlineData("data:,%00%01%02%03%04%05%06%07%08%09%0a%0b%0C%fb%FF%ef")]
    [InlineData("DATA:,%00%01%02%03%04%05%06%07%08%09%0a%0b%0C%fb%FF%ef")]
    public void What_is_in_it_is_read_in_every_spelling(string uri)
    {
        DataUri.TryRead(uri, out byte[] content, out string problem).Should().BeTrue();
        content.Should().Equal(Key);
        problem.Should().BeEmpty();
    }

    [Theory]
    [InlineData("https://a.example/,", "it is no data: URI")]
    [InlineData("data:text/plain;base64", "it has no comma, behind which its content would stand")]
    [InlineData("data:;base64,AAEC*wQF", "it says that it is base64, and is none")]
    [InlineData("data:;base64,A", "it says that it is base64, and is none")]
    public void What_is_none_says_why_and_not_what(string uri, string reason)
    {
        DataUri.TryRead(uri, out _, out string problem).Should().BeFalse();
        problem.Should().Be(reason);
    }

    [Theory]
    [InlineData("data:,", 0)]
    [InlineData("data:,100%", 4)]
    [InlineData("data:,%zz", 3)]
    [InlineData("data:,ä", 2)]
    [InlineData("data:,a%C3%A4%", 4)]
    [InlineData("data:,%%41", 2)]
    public void What_is_no_escape_stands_for_itself(string uri, int length)
    {
        DataUri.TryRead(uri, out byte[] content, out _).Should().BeTrue();
        content.Should().HaveCount(length);
    }
}
