using System.Net;

namespace Keyway.Sources;

/// <summary>Content over HTTP: redirects, headers and cookies, and which origin gets which.</summary>
public sealed class HttpOriginTests : HttpSourceBench
{
    [Fact]
    public async Task Redirects_are_followed_and_relative_addresses_resolve_where_the_manifest_was_found()
    {
        Server.Redirect("https://a.example/m", "/b/c").Redirect("https://a.example/b/c", "https://cdn.example/d/manifest.mpd", HttpStatusCode.PermanentRedirect).Page("https://cdn.example/d/manifest.mpd", Content[..50]);
        SourceDocument document = await Sources().ReadManifestAsync(new Uri("https://a.example/m"), None);
        document.Origin.Location.OriginalString.Should().Be("https://cdn.example/d/manifest.mpd");
        document.Origin.Given.OriginalString.Should().Be("https://a.example/m");
        document.Content.ToArray().Should().Equal(Content[..50]);
    }

    [Theory]
    [InlineData("http://a.example/x")]
    [InlineData("file:///etc/passwd")]
    [InlineData("ftp://a.example/x")]
    [InlineData("https://a.example/m")]
    public async Task Redirects_that_lose_the_encryption_leave_the_web_or_never_end_are_refused(string to)
    {
        Server.Redirect("https://a.example/m", to).Page("http://a.example/x", Content);
        Func<Task> open = async () => await Sources().OpenAsync(new Uri("https://a.example/m"), None);
        await open.Should().ThrowAsync<SourceException>();
        Server.Requests.Count.Should().BeLessThanOrEqualTo(6);
    }

    [Fact]
    public async Task Content_headers_go_to_the_origin_that_the_caller_named_and_to_no_other()
    {
        Server.Redirect("https://a.example/m", "https://cdn.example/m").Page("https://cdn.example/m", Content[..5])
            .Page("https://a.example/1", Content).Page("https://cdn.example/2", Content).Page("https://a.example:8443/3", Content).Page("http://a.example/4", Content);
        MediaSources sources = Sources(new SourceOptions { Headers = [new("X-Token", "t")] });
        SourceDocument document = await sources.ReadManifestAsync(new Uri("https://a.example/m"), None);
        foreach (string url in new[] { "https://a.example/1", "https://cdn.example/2", "https://a.example:8443/3", "http://a.example/4" })
            await (await sources.OpenAsync(document.Origin, new Uri(url), null, cancellationToken: None)).DisposeAsync();
        Server.Requests.Select(static request => (request.Url, request.Token)).Should().Equal(
            ("https://a.example/m", "t"), ("https://cdn.example/m", null), ("https://a.example/1", "t"), ("https://cdn.example/2", null), ("https://a.example:8443/3", null), ("http://a.example/4", null));
    }

    [Fact]
    public async Task Cookies_of_the_manifest_s_origins_go_back_to_each_of_them_and_nowhere_else()
    {
        Server.On("https://a.example/m", _ => WithCookie(FakeServer.Redirection("https://cdn.example/d/m"), "a=1; Path=/; Domain=a.example"))
            .On("https://cdn.example/d/m", _ => WithCookie(new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent(Content[..50]) }, "b=2; Path=/; Secure; HttpOnly", "c=3; Path=/other"))
            .On("https://other.example/1", request => WithCookie(FakeServer.Serve(request, Content, true, null), "d=4"))
            .Page("https://cdn.example/2", Content).Page("https://a.example/3", Content).Page("https://cdn.example:8443/4", Content);
        MediaSources sources = Sources();
        SourceDocument document = await sources.ReadManifestAsync(new Uri("https://a.example/m"), None);
        foreach (string url in new[] { "https://other.example/1", "https://other.example/1", "https://cdn.example/2", "https://a.example/3", "https://cdn.example:8443/4" })
            await (await sources.OpenAsync(document.Origin, new Uri(url), null, cancellationToken: None)).DisposeAsync();
        Server.Headers.Select(static headers => headers.GetValueOrDefault("Cookie")).Should().Equal(null, null, null, null, "b=2", "a=1", null);

        // For one presentation only.
        await Sources().ReadManifestAsync(new Uri("https://a.example/m"), None);
        Server.Headers[7].Should().NotContainKey("Cookie");
    }

    [Fact]
    public async Task Every_request_says_who_asks_unless_the_caller_does()
    {
        Server.Page("https://a.example/m", Content[..5]);
        await Sources().ReadManifestAsync(new Uri("https://a.example/m"), None);
        await Sources(new SourceOptions { Headers = [new("User-Agent", "mine/2")] }).ReadManifestAsync(new Uri("https://a.example/m"), None);
        Server.Headers.Select(static headers => headers["User-Agent"]).Should().SatisfyRespectively(static first => first.Should().StartWith("Keyway/"), static second => second.Should().Be("mine/2"));
    }

    [Fact]
    public async Task Headers_for_another_origin_go_there_and_nowhere_else_not_even_by_a_redirect()
    {
        Server.Page("https://a.example/m", Content[..5]).Redirect("https://cdn.example/1", "https://evil.example/1").Page("https://evil.example/1", Content).Page("https://cdn.example:8443/2", Content);
        MediaSources sources = Sources(new SourceOptions { HeadersFor = [new OriginHeader(new Uri("https://cdn.example"), "X-Token", "t")] });
        SourceDocument document = await sources.ReadManifestAsync(new Uri("https://a.example/m"), None);
        foreach (string url in new[] { "https://cdn.example/1", "https://cdn.example:8443/2" })
            await (await sources.OpenAsync(document.Origin, new Uri(url), null, cancellationToken: None)).DisposeAsync();
        Server.Requests.Select(static request => (request.Url, request.Token)).Should().Equal(
            ("https://a.example/m", null), ("https://cdn.example/1", "t"), ("https://evil.example/1", null), ("https://cdn.example:8443/2", null));
        new OriginHeader(new Uri("https://cdn.example"), "X-Token", "s3cret").ToString().Should().Contain("X-Token").And.NotContain("s3cret");
    }

    [Fact]
    public async Task What_content_names_is_marked_and_what_the_caller_names_is_not()
    {
        foreach (string url in new[] { "https://a.example/m", "https://a.example/1", "http://10.0.0.1/2", "http://10.0.0.2/3" }) Server.Page(url, Content[..5]);
        Server.Redirect("https://a.example/4", "http://127.0.0.1/5");
        MediaSources sources = Sources(new SourceOptions { AllowedOrigins = [new Uri("http://10.0.0.1")] });
        SourceDocument document = await sources.ReadManifestAsync(new Uri("https://a.example/m"), None);
        foreach (string url in new[] { "https://a.example/1", "http://10.0.0.1/2", "http://10.0.0.2/3" })
            await (await sources.OpenAsync(document.Origin, new Uri(url), null, cancellationToken: None)).DisposeAsync();
        Server.NamedBy.Should().Equal(null, "a.example", null, "a.example");
    }

    [Fact]
    public async Task What_comes_over_http_may_not_open_files()
    {
        Func<Task> open = async () => await Sources().OpenAsync(ContentOrigin.Of(new Uri("https://a.example/m")), new Uri("file:///etc/hostname"), null, cancellationToken: None);
        await open.Should().ThrowAsync<SourceException>().WithMessage("*may name only http and https");
    }

    [Fact]
    public void Header_values_are_one_line()
    {
        Action make = () => _ = new SourceOptions { Headers = [new("X-Token", "a\r\nHost: b")] };
        make.Should().Throw<ArgumentException>();
    }

    private static HttpResponseMessage WithCookie(HttpResponseMessage answer, params string[] cookies)
    {
        foreach (string cookie in cookies) answer.Headers.TryAddWithoutValidation("Set-Cookie", cookie);
        return answer;
    }
}
