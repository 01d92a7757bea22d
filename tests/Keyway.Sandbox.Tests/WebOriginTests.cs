namespace Keyway.Sandbox;

public sealed class WebOriginTests
{
    [Theory]
    [InlineData("http://localhost", true)]
    [InlineData("http://localhost:5173", true)]
    [InlineData("https://localhost:8443", true)]
    [InlineData("http://LOCALHOST:1", true)]
    [InlineData("http://app.localhost:3000", true)]
    [InlineData("http://127.0.0.1:8080", true)]
    [InlineData("http://127.8.9.10", true)]
    [InlineData("http://[::1]:8080", true)]
    [InlineData("http://loopback", false)]
    [InlineData("http://loopback:3000", false)]
    [InlineData("http://localhost.evil.example", false)]
    [InlineData("http://evillocalhost", false)]
    [InlineData("http://127.0.0.1.evil.example", false)]
    [InlineData("http://127.1", false)]
    [InlineData("http://0.0.0.0", false)]
    [InlineData("http://10.0.0.1", false)]
    [InlineData("http://[::]", false)]
    [InlineData("http://[2001:db8::1]", false)]
    [InlineData("https://app.example", false)]
    [InlineData("null", false)]
    public void Page_of_this_machine_is_known_by_its_host(string text, bool expected)
    {
        WebOrigin.TryParse(text, out WebOrigin? origin).Should().BeTrue();
        origin!.IsLoopback.Should().Be(expected);
        origin.ToString().Should().Be(text.ToLowerInvariant());
    }

    [Theory]
    [InlineData("https://app.example:443", "https://app.example")]
    [InlineData("http://app.example:80", "http://app.example")]
    public void Port_of_the_scheme_is_no_difference(string text, string same)
    {
        WebOrigin.TryParse(text, out WebOrigin? one).Should().BeTrue();
        WebOrigin.TryParse(same, out WebOrigin? other).Should().BeTrue();
        one.Should().Be(other);
    }

    [Theory]
    [InlineData("")]
    [InlineData("*")]
    [InlineData("app.example")]
    [InlineData("https://")]
    [InlineData("https://app.example/")]
    [InlineData("https://user@app.example")]
    [InlineData("https://app.example:0")]
    [InlineData("https://app.example:65536")]
    [InlineData("https://app.example:+1")]
    [InlineData("https://app.example https://b.example")]
    [InlineData("chrome-extension://abcdef")]
    [InlineData("http://[127.0.0.1]")]
    [InlineData("http://[::1")]
    public void Other_texts_are_no_origin(string text) => WebOrigin.TryParse(text, out _).Should().BeFalse();
}
