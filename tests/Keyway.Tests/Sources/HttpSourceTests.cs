using System.IO.Compression;
using System.Net;
using System.Security.Cryptography;

namespace Keyway.Sources;

public sealed class HttpSourceTests : IDisposable
{
    private static readonly byte[] Content = RandomNumberGenerator.GetBytes(100_000);
    private static readonly CancellationToken None = TestContext.Current.CancellationToken;
    private readonly FakeServer _server = new();
    private readonly EagerClock _clock = new(TimeSpan.FromSeconds(10));

    public void Dispose() => _server.Dispose();

    private MediaSources Sources(SourceOptions? options = null) => new(new HttpMessageInvoker(_server), _clock, options);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Content_is_read_and_seekable_where_the_server_does_ranges(bool ranges)
    {
        _server.Page("https://a.example/x", Content, ranges);
        await using Stream stream = await Sources().OpenAsync(new Uri("https://a.example/x"), None);
        stream.CanSeek.Should().Be(ranges);
        (await AllOf(stream)).Should().Equal(Content);
        if (!ranges) return;
        stream.Length.Should().Be(Content.Length);
        stream.Position = 77_777;
        byte[] part = new byte[100];
        await stream.ReadExactlyAsync(part, None);
        part.Should().Equal(Content[77_777..77_877]);
        stream.Seek(-5, SeekOrigin.End);
        (await AllOf(stream)).Should().Equal(Content[^5..]);
        _server.Requests.Should().HaveCount(3);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_range_is_read_also_from_a_server_without_ranges(bool ranges)
    {
        _server.Page("https://a.example/x", Content, ranges);
        ReadOnlyMemory<byte> part = await Sources().ReadAsync(ContentOrigin.Of(new Uri("https://a.example/m")), new Uri("https://a.example/x"), new ByteRange(500, 599), 1000, None);
        part.ToArray().Should().Equal(Content[500..600]);
        _server.Requests[0].Range.Should().Be("bytes=500-599");
    }

    [Fact]
    public async Task A_range_that_passes_the_end_stops_there_and_one_beyond_it_is_refused()
    {
        // RFC 9110, 14.1.2.
        _server.Page("https://a.example/x", Content);
        ReadOnlyMemory<byte> end = await Sources().ReadAsync(ContentOrigin.Of(new Uri("https://a.example/m")), new Uri("https://a.example/x"), new ByteRange(99_000, 100_000), 10_000, None);
        end.ToArray().Should().Equal(Content[99_000..]);
        Func<Task> beyond = async () => await Sources().ReadAsync(ContentOrigin.Of(new Uri("https://a.example/m")), new Uri("https://a.example/x"), new ByteRange(200_000, 200_001), 10_000, None);
        await beyond.Should().ThrowAsync<SourceException>();
    }

    [Fact]
    public async Task An_empty_resource_is_empty()
    {
        _server.Page("https://a.example/x", []);
        await using Stream stream = await Sources().OpenAsync(new Uri("https://a.example/x"), None);
        (await AllOf(stream)).Should().BeEmpty();
    }

    [Theory]
    [InlineData(HttpStatusCode.ServiceUnavailable)]
    [InlineData(HttpStatusCode.TooManyRequests)]
    [InlineData(HttpStatusCode.GatewayTimeout)]
    public async Task A_passing_failure_is_tried_three_times_with_growing_waits(HttpStatusCode status)
    {
        _server.On("https://a.example/x", _ => new HttpResponseMessage(status));
        Func<Task> open = async () => await Sources().OpenAsync(new Uri("https://a.example/x?token=secret"), None);
        _server.On("https://a.example/x?token=secret", _ => new HttpResponseMessage(status));
        (await open.Should().ThrowAsync<SourceException>()).Which.Message.Should().Be($"https://a.example/x: the server answered {(int)status} (3 tries)");
        _server.Requests.Should().HaveCount(3);
        _clock.Waits.Should().Equal(TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task A_server_may_ask_for_a_longer_wait_but_not_for_ever()
    {
        int asked = 0;
        _server.On("https://a.example/x", request =>
        {
            if (asked++ == 2) return FakeServer.Serve(request, Content, true, null);
            HttpResponseMessage busy = new(HttpStatusCode.ServiceUnavailable);
            busy.Headers.TryAddWithoutValidation("Retry-After", asked == 1 ? "3" : "86400");
            return busy;
        });
        await using Stream stream = await Sources().OpenAsync(new Uri("https://a.example/x"), None);
        _clock.Waits.Should().Equal(TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(10));
    }

    [Theory]
    [InlineData(HttpStatusCode.NotFound)]
    [InlineData(HttpStatusCode.Forbidden)]
    [InlineData(HttpStatusCode.NoContent)]
    public async Task A_lasting_failure_is_tried_once(HttpStatusCode status)
    {
        _server.On("https://a.example/x", _ => new HttpResponseMessage(status));
        Func<Task> open = async () => await Sources().OpenAsync(new Uri("https://a.example/x"), None);
        await open.Should().ThrowAsync<SourceException>();
        _server.Requests.Should().ContainSingle();
    }

    [Fact]
    public async Task A_broken_connection_is_taken_up_where_it_broke()
    {
        int asked = 0;
        _server.On("https://a.example/x", request => asked++ == 0
            ? new HttpResponseMessage(HttpStatusCode.OK) { Content = new BrokenContent(Content, 30_000, hang: false) }
            : FakeServer.Serve(request, Content, true, null));
        ReadOnlyMemory<byte> all = await Sources().ReadAsync(ContentOrigin.Of(new Uri("https://a.example/m")), new Uri("https://a.example/x"), null, 200_000, None);
        all.ToArray().Should().Equal(Content);
        _server.Requests.Select(static request => request.Range).Should().Equal(null, "bytes=30000-");
    }

    [Fact]
    public async Task A_connection_that_breaks_at_the_same_place_again_and_again_is_given_up()
    {
        _server.On("https://a.example/x", _ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new BrokenContent(Content, 0, hang: false) });
        await using Stream stream = await Sources().OpenAsync(ContentOrigin.Of(new Uri("https://a.example/m")), new Uri("https://a.example/x"), null, cancellationToken: None);
        Func<Task> read = async () => await AllOf(stream);
        await read.Should().ThrowAsync<SourceException>().WithMessage("*the connection broke (3 tries)");
    }

    [Fact]
    public async Task A_body_that_stands_still_times_out()
    {
        _server.On("https://a.example/x", _ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new BrokenContent(Content, 5, hang: true) });
        await using Stream stream = await Sources().OpenAsync(ContentOrigin.Of(new Uri("https://a.example/m")), new Uri("https://a.example/x"), null, cancellationToken: None);
        (await stream.ReadAsync(new byte[10], None)).Should().Be(5);
        _clock.FireAll = true;
        Func<Task> read = async () => await stream.ReadExactlyAsync(new byte[10], None);
        await read.Should().ThrowAsync<SourceException>();
    }

    [Fact]
    public async Task A_caller_who_cancels_hears_of_his_own_cancellation()
    {
        _server.On("https://a.example/x", _ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new BrokenContent(Content, 0, hang: true) });
        await using Stream stream = await Sources().OpenAsync(ContentOrigin.Of(new Uri("https://a.example/m")), new Uri("https://a.example/x"), null, cancellationToken: None);
        using CancellationTokenSource cancel = new();
        ValueTask<int> read = stream.ReadAsync(new byte[10], cancel.Token);
        await cancel.CancelAsync();
        Func<Task> wait = async () => await read;
        await wait.Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task Content_that_changes_between_tries_is_refused()
    {
        int asked = 0;
        _server.On("https://a.example/x", request =>
        {
            if (asked++ > 0) return FakeServer.Serve(request, Content, true, "two");
            HttpResponseMessage first = new(HttpStatusCode.OK) { Content = new BrokenContent(Content, 10, hang: false) };
            first.Headers.ETag = new("\"one\"");
            return first;
        });
        Func<Task> read = async () => await Sources().ReadAsync(ContentOrigin.Of(new Uri("https://a.example/m")), new Uri("https://a.example/x"), null, 200_000, None);
        await read.Should().ThrowAsync<SourceException>().WithMessage("*changed while it was read*");
    }

    [Fact]
    public async Task A_short_body_is_not_the_end()
    {
        _server.On("https://a.example/x", static _ =>
        {
            HttpResponseMessage answer = new(HttpStatusCode.OK) { Content = new ByteArrayContent(Content, 0, 10) };
            answer.Content.Headers.ContentLength = 20;
            return answer;
        });
        Func<Task> read = async () => await Sources().ReadAsync(ContentOrigin.Of(new Uri("https://a.example/m")), new Uri("https://a.example/x"), null, 200_000, None);
        await read.Should().ThrowAsync<SourceException>().WithMessage("*ended after 10 of 20 bytes*");
    }

    [Fact]
    public async Task Redirects_are_followed_and_relative_addresses_resolve_where_the_manifest_was_found()
    {
        _server.Redirect("https://a.example/m", "/b/c").Redirect("https://a.example/b/c", "https://cdn.example/d/manifest.mpd", HttpStatusCode.PermanentRedirect).Page("https://cdn.example/d/manifest.mpd", Content[..50]);
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
        _server.Redirect("https://a.example/m", to).Page("http://a.example/x", Content);
        Func<Task> open = async () => await Sources().OpenAsync(new Uri("https://a.example/m"), None);
        await open.Should().ThrowAsync<SourceException>();
        _server.Requests.Count.Should().BeLessThanOrEqualTo(6);
    }

    [Fact]
    public async Task Content_headers_go_to_the_origin_that_the_caller_named_and_to_no_other()
    {
        _server.Redirect("https://a.example/m", "https://cdn.example/m").Page("https://cdn.example/m", Content[..5])
            .Page("https://a.example/1", Content).Page("https://cdn.example/2", Content).Page("https://a.example:8443/3", Content).Page("http://a.example/4", Content);
        MediaSources sources = Sources(new SourceOptions { Headers = [new("X-Token", "t")] });
        SourceDocument document = await sources.ReadManifestAsync(new Uri("https://a.example/m"), None);
        foreach (string url in new[] { "https://a.example/1", "https://cdn.example/2", "https://a.example:8443/3", "http://a.example/4" })
            await (await sources.OpenAsync(document.Origin, new Uri(url), null, cancellationToken: None)).DisposeAsync();
        _server.Requests.Select(static request => (request.Url, request.Token)).Should().Equal(
            ("https://a.example/m", "t"), ("https://cdn.example/m", null), ("https://a.example/1", "t"), ("https://cdn.example/2", null), ("https://a.example:8443/3", null), ("http://a.example/4", null));
    }

    [Fact]
    public async Task A_manifest_that_is_too_large_is_refused_by_what_it_says_and_by_what_it_is()
    {
        byte[] large = new byte[(16 << 20) + 1];
        _server.Page("https://a.example/said", large).On("https://a.example/unsaid", _ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(new Unseekable(large)) });
        foreach (string url in new[] { "https://a.example/said", "https://a.example/unsaid" })
        {
            Func<Task> read = async () => await Sources().ReadManifestAsync(new Uri(url), None);
            await read.Should().ThrowAsync<ManifestException>().WithMessage("*larger than 16 MiB*");
        }
    }

    [Theory]
    [InlineData("zstd")]
    [InlineData("gzip, br")]
    public async Task A_content_encoding_that_nobody_knows_is_refused_by_its_name(string coding)
    {
        _server.On("https://a.example/x", _ => Coded(Content, coding));
        Func<Task> open = async () => await Sources().OpenAsync(new Uri("https://a.example/x"), None);
        (await open.Should().ThrowAsync<SourceException>()).Which.Message.Should().Contain($"'{coding}'");
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("x-gzip")]
    [InlineData("GZIP")]
    [InlineData("br")]
    [InlineData("deflate")]
    [InlineData("deflate", true)]
    public async Task A_compressed_manifest_is_read(string coding, bool bare = false)
    {
        _server.On("https://a.example/m", _ => Coded(Pack(Content, coding, bare), coding));
        (await Sources().ReadManifestAsync(new Uri("https://a.example/m"), None)).Content.ToArray().Should().Equal(Content);
        _server.Headers[0]["Accept-Encoding"].Should().ContainAll("gzip", "deflate", "br");
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    public async Task What_is_unpacked_is_bounded(string coding)
    {
        // 64 MiB of spaces in some 64 KiB, or much less.
        byte[] bomb = Pack([.. Enumerable.Repeat((byte)' ', 64 << 20)], coding, bare: false);
        bomb.Length.Should().BeLessThan(1 << 20);
        _server.On("https://a.example/m", _ => Coded(bomb, coding));
        Func<Task> read = async () => await Sources().ReadManifestAsync(new Uri("https://a.example/m"), None);
        await read.Should().ThrowAsync<ManifestException>().WithMessage("*larger than 16 MiB*");
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData(0L, null)]
    [InlineData(500L, 599L)]
    [InlineData(99_000L, null)]
    public async Task A_segment_that_is_compressed_unasked_gives_the_bytes_that_were_wanted(long? first, long? last)
    {
        // Ranges are of what the server coded, so that a part of it says nothing.
        byte[] packed = Pack(Content, "gzip", bare: false);
        _server.On("https://a.example/x", request =>
        {
            HttpResponseMessage answer = FakeServer.Serve(request, packed, true, "tag");
            answer.Content.Headers.ContentEncoding.Add("gzip");
            return answer;
        });
        ByteRange? range = first is { } from ? new ByteRange(from, last) : null;
        byte[] expected = Content[(int)(first ?? 0)..(int)((last ?? Content.Length - 1) + 1)];
        (await Sources().ReadAsync(ContentOrigin.Of(new Uri("https://a.example/m")), new Uri("https://a.example/x"), range, 200_000, None)).ToArray().Should().Equal(expected);
        _server.Headers[0]["Accept-Encoding"].Should().Be("identity");
    }

    [Fact]
    public async Task A_compressed_answer_that_breaks_off_is_read_again()
    {
        byte[] packed = Pack(Content, "gzip", bare: false);
        int asked = 0;
        _server.On("https://a.example/m", _ =>
        {
            if (asked++ > 0) return Coded(packed, "gzip");
            HttpResponseMessage broken = new(HttpStatusCode.OK) { Content = new BrokenContent(packed, 50_000, hang: false) };
            broken.Content.Headers.ContentEncoding.Add("gzip");
            return broken;
        });
        (await Sources().ReadManifestAsync(new Uri("https://a.example/m"), None)).Content.ToArray().Should().Equal(Content);
    }

    [Fact]
    public async Task Damage_to_what_is_compressed_is_no_content()
    {
        byte[] packed = Pack(Content, "gzip", bare: false);
        packed[5000] ^= 0xFF;
        packed[^6] ^= 0xFF;
        _server.On("https://a.example/m", _ => Coded(packed, "gzip"));
        Func<Task> read = async () => await Sources().ReadManifestAsync(new Uri("https://a.example/m"), None);
        await read.Should().ThrowAsync<SourceException>().WithMessage("*damaged*");
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(100, true)]
    [InlineData(3000, true)]
    [InlineData(5000, false)]
    public async Task A_server_that_drips_is_given_up_by_the_size_of_what_it_sent(int bytesPerSecond, bool refused)
    {
        // Each piece comes a second after the one before: no read ever stalls.
        TickingClock clock = new();
        _server.On("https://a.example/x", _ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new DrippingContent(new byte[1_000_000], bytesPerSecond, clock) });
        MediaSources sources = new(new HttpMessageInvoker(_server), clock);
        Func<Task> read = async () => await sources.ReadAsync(ContentOrigin.Of(new Uri("https://a.example/m")), new Uri("https://a.example/x"), null, 2_000_000, None);
        if (!refused)
        {
            await read();
            return;
        }

        await read.Should().ThrowAsync<SourceException>().WithMessage("https://a.example/x: it comes too slowly*");
        // The grace, and what the bytes that came have earned at the least rate.
        clock.Seconds.Should().BeInRange(30, 32 + 30.0 * bytesPerSecond / (SourceLimits.LeastBytesPerSecond - bytesPerSecond));
    }

    [Fact]
    public async Task A_reader_that_takes_its_time_costs_the_server_none()
    {
        TickingClock clock = new();
        _server.On("https://a.example/x", _ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new DrippingContent(new byte[100_000], 50_000, clock) });
        await using Stream stream = await new MediaSources(new HttpMessageInvoker(_server), clock).OpenAsync(new Uri("https://a.example/x"), None);
        int whole = 0;
        for (int read; (read = await stream.ReadAsync(new byte[10_000], None)) > 0; whole += read) clock.Seconds += 1000;
        whole.Should().Be(100_000);
    }

    [Fact]
    public async Task A_whole_request_has_a_deadline_where_it_is_given_one()
    {
        _server.On("https://a.example/x", _ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new BrokenContent(Content, 5, hang: true) });
        MediaSources sources = Sources();
        Uri address = new("https://a.example/x");
        Func<Task> read = async () => await sources.WithinAsync(
            address, TimeSpan.FromSeconds(6), token => sources.ReadAsync(ContentOrigin.Of(new Uri("https://a.example/m")), address, null, 200_000, token), None);
        await read.Should().ThrowAsync<SourceException>().WithMessage("*did not come whole within 6 s*");
    }

    [Fact]
    public async Task Cookies_of_the_manifest_s_origins_go_back_to_each_of_them_and_nowhere_else()
    {
        _server.On("https://a.example/m", _ => WithCookie(FakeServer.Redirection("https://cdn.example/d/m"), "a=1; Path=/; Domain=a.example"))
            .On("https://cdn.example/d/m", _ => WithCookie(new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent(Content[..50]) }, "b=2; Path=/; Secure; HttpOnly", "c=3; Path=/other"))
            .On("https://other.example/1", request => WithCookie(FakeServer.Serve(request, Content, true, null), "d=4"))
            .Page("https://cdn.example/2", Content).Page("https://a.example/3", Content).Page("https://cdn.example:8443/4", Content);
        MediaSources sources = Sources();
        SourceDocument document = await sources.ReadManifestAsync(new Uri("https://a.example/m"), None);
        foreach (string url in new[] { "https://other.example/1", "https://other.example/1", "https://cdn.example/2", "https://a.example/3", "https://cdn.example:8443/4" })
            await (await sources.OpenAsync(document.Origin, new Uri(url), null, cancellationToken: None)).DisposeAsync();
        _server.Headers.Select(static headers => headers.GetValueOrDefault("Cookie")).Should().Equal(null, null, null, null, "b=2", "a=1", null);

        // For one presentation only.
        await Sources().ReadManifestAsync(new Uri("https://a.example/m"), None);
        _server.Headers[7].Should().NotContainKey("Cookie");
    }

    [Fact]
    public async Task Every_request_says_who_asks_unless_the_caller_does()
    {
        _server.Page("https://a.example/m", Content[..5]);
        await Sources().ReadManifestAsync(new Uri("https://a.example/m"), None);
        await Sources(new SourceOptions { Headers = [new("User-Agent", "mine/2")] }).ReadManifestAsync(new Uri("https://a.example/m"), None);
        _server.Headers.Select(static headers => headers["User-Agent"]).Should().SatisfyRespectively(static first => first.Should().StartWith("Keyway/"), static second => second.Should().Be("mine/2"));
    }

    [Fact]
    public async Task Headers_for_another_origin_go_there_and_nowhere_else_not_even_by_a_redirect()
    {
        _server.Page("https://a.example/m", Content[..5]).Redirect("https://cdn.example/1", "https://evil.example/1").Page("https://evil.example/1", Content).Page("https://cdn.example:8443/2", Content);
        MediaSources sources = Sources(new SourceOptions { HeadersFor = [new OriginHeader(new Uri("https://cdn.example"), "X-Token", "t")] });
        SourceDocument document = await sources.ReadManifestAsync(new Uri("https://a.example/m"), None);
        foreach (string url in new[] { "https://cdn.example/1", "https://cdn.example:8443/2" })
            await (await sources.OpenAsync(document.Origin, new Uri(url), null, cancellationToken: None)).DisposeAsync();
        _server.Requests.Select(static request => (request.Url, request.Token)).Should().Equal(
            ("https://a.example/m", null), ("https://cdn.example/1", "t"), ("https://evil.example/1", null), ("https://cdn.example:8443/2", null));
        new OriginHeader(new Uri("https://cdn.example"), "X-Token", "s3cret").ToString().Should().Contain("X-Token").And.NotContain("s3cret");
    }

    [Fact]
    public async Task What_content_names_is_marked_and_what_the_caller_names_is_not()
    {
        foreach (string url in new[] { "https://a.example/m", "https://a.example/1", "http://10.0.0.1/2", "http://10.0.0.2/3" }) _server.Page(url, Content[..5]);
        _server.Redirect("https://a.example/4", "http://127.0.0.1/5");
        MediaSources sources = Sources(new SourceOptions { AllowedOrigins = [new Uri("http://10.0.0.1")] });
        SourceDocument document = await sources.ReadManifestAsync(new Uri("https://a.example/m"), None);
        foreach (string url in new[] { "https://a.example/1", "http://10.0.0.1/2", "http://10.0.0.2/3" })
            await (await sources.OpenAsync(document.Origin, new Uri(url), null, cancellationToken: None)).DisposeAsync();
        _server.NamedBy.Should().Equal(null, "a.example", null, "a.example");
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

    private static async Task<byte[]> AllOf(Stream stream)
    {
        using MemoryStream copy = new();
        await stream.CopyToAsync(copy, None);
        return copy.ToArray();
    }

    private sealed class Unseekable(byte[] content) : MemoryStream(content)
    {
        public override bool CanSeek => false;
    }

    private static HttpResponseMessage Coded(byte[] content, string coding)
    {
        HttpResponseMessage answer = new(HttpStatusCode.OK) { Content = new ByteArrayContent(content) };
        answer.Content.Headers.TryAddWithoutValidation("Content-Encoding", coding);
        return answer;
    }

    private static HttpResponseMessage WithCookie(HttpResponseMessage answer, params string[] cookies)
    {
        foreach (string cookie in cookies) answer.Headers.TryAddWithoutValidation("Set-Cookie", cookie);
        return answer;
    }

    private static byte[] Pack(byte[] content, string coding, bool bare)
    {
        using MemoryStream packed = new();
        using (Stream packer = coding.ToLowerInvariant() switch
        {
            "br" => new BrotliStream(packed, CompressionLevel.Fastest, leaveOpen: true),
            "deflate" when bare => new DeflateStream(packed, CompressionLevel.Fastest, leaveOpen: true),
            "deflate" => new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true),
            _ => new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true),
        })
            packer.Write(content);
        return packed.ToArray();
    }
}
