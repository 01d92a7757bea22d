namespace Keyway.Licensing.Secrets;

public class RedactorTests
{
    private static readonly Redactor Redactor = new(["ExpressPlayToken", "X-Secret"]);

    [Theory]
    [InlineData("https://user:pass@a.example:8443/path?token=x#y", "https://a.example:8443/path")]
    [InlineData("https://a.example", "https://a.example/")]
    public void Url_loses_user_name_query_and_fragment(string url, string expected) => Redactor.Url(new Uri(url)).Should().Be(expected);

    [Theory]
    [InlineData("plain words stay", "plain words stay")]
    [InlineData("see https://u:p@a.example/x?t=1 now", "see https://a.example/x now")]
    [InlineData("key 00112233445566778899aabbccddeeff leaked", "key *** leaked")]
    [InlineData("token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc bad", "token *** bad")]
    [InlineData("see ftp://user:p@ss@a.example/x now", "see ftp://a.example/x now")]
    [InlineData("ExpressPlayToken=short", "ExpressPlayToken=***")]
    [InlineData("expressplaytoken: short, more", "expressplaytoken: ***, more")]
    [InlineData("Authorization: Bearer abc", "Authorization: ***")]
    [InlineData("code=7", "code=7")]
    [InlineData("two\r\nlines\u001b[31m", "two  lines [31m")]
    public void Text_of_others_loses_what_may_be_secret(string text, string expected) => Redactor.Text(text).Should().Be(expected);

    [Theory]
    [InlineData("http://user:pass@a.example/x: gone", "http://a.example/x: gone")]
    [InlineData("HTTPS://user@a.example", "HTTPS://a.example")]
    [InlineData("/home/me/ftp:/user:pass@a.example/x", "/home/me/ftp:/a.example/x")]
    [InlineData("'rtsp://us%40er:p@ss@[::1]:5/x'", "'rtsp://[::1]:5/x'")]
    [InlineData("http://user:pass@[bad: not a URL", "http://[bad: not a URL")]
    [InlineData("write to me@a.example", "write to me@a.example")]
    [InlineData("/home/me@work/film.mp4", "/home/me@work/film.mp4")]
    [InlineData("file:///home/me@work/film.mp4", "file:///home/me@work/film.mp4")]
    [InlineData("http://a.example/@me/film", "http://a.example/@me/film")]
    public void No_url_keeps_its_user_name(string text, string expected) => Redactor.WithoutUserInfo(text).Should().Be(expected);

    [Fact]
    public void Text_of_others_is_bounded() => Redactor.Text(string.Join(' ', Enumerable.Repeat("word", 10_000))).Length.Should().BeLessThan(500);

    [Fact]
    public void Request_is_described_with_exactly_the_secret_members_masked() => Redactor.Describe(new LicenseRequest
    {
        Url = new Uri("https://u:p@a.example/l?id=7&ExpressPlayToken=abc&flag"),
        Headers = new Dictionary<string, string> { ["x-secret"] = "abc", ["X-Open"] = "def" },
    }).Should().Be("POST https://a.example/l?id=7&ExpressPlayToken=***&flag x-secret: *** X-Open: def");
}
