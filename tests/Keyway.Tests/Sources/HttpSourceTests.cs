using System.Net;

namespace Keyway.Sources;

/// <summary>Content over HTTP: ranges, what breaks off or stands still, and how often it is asked for.</summary>
public sealed class HttpSourceTests : HttpSourceBench
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Content_is_read_and_seekable_where_the_server_does_ranges(bool ranges)
    {
        Server.Page("https://a.example/x", Content, ranges);
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
        Server.Requests.Should().HaveCount(3);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_range_is_read_also_from_a_server_without_ranges(bool ranges)
    {
        Server.Page("https://a.example/x", Content, ranges);
        ReadOnlyMemory<byte> part = await Sources().ReadAsync(ContentOrigin.Of(new Uri("https://a.example/m")), new Uri("https://a.example/x"), new ByteRange(500, 599), 1000, None);
        part.ToArray().Should().Equal(Content[500..600]);
        Server.Requests[0].Range.Should().Be("bytes=500-599");
    }

    [Fact]
    public async Task A_range_that_passes_the_end_stops_there_and_one_beyond_it_is_refused()
    {
        // RFC 9110, 14.1.2.
        Server.Page("https://a.example/x", Content);
        ReadOnlyMemory<byte> end = await Sources().ReadAsync(ContentOrigin.Of(new Uri("https://a.example/m")), new Uri("https://a.example/x"), new ByteRange(99_000, 100_000), 10_000, None);
        end.ToArray().Should().Equal(Content[99_000..]);
        Func<Task> beyond = async () => await Sources().ReadAsync(ContentOrigin.Of(new Uri("https://a.example/m")), new Uri("https://a.example/x"), new ByteRange(200_000, 200_001), 10_000, None);
        await beyond.Should().ThrowAsync<SourceException>();
    }

    [Fact]
    public async Task An_empty_resource_is_empty()
    {
        Server.Page("https://a.example/x", []);
        await using Stream stream = await Sources().OpenAsync(new Uri("https://a.example/x"), None);
        (await AllOf(stream)).Should().BeEmpty();
    }

    [Theory]
    [InlineData(HttpStatusCode.ServiceUnavailable)]
    [InlineData(HttpStatusCode.TooManyRequests)]
    [InlineData(HttpStatusCode.GatewayTimeout)]
    public async Task A_passing_failure_is_tried_three_times_with_growing_waits(HttpStatusCode status)
    {
        Server.On("https://a.example/x", _ => new HttpResponseMessage(status));
        Func<Task> open = async () => await Sources().OpenAsync(new Uri("https://a.example/x?token=secret"), None);
        Server.On("https://a.example/x?token=secret", _ => new HttpResponseMessage(status));
        (await open.Should().ThrowAsync<SourceException>()).Which.Message.Should().Be($"https://a.example/x: the server answered {(int)status} (3 tries)");
        Server.Requests.Should().HaveCount(3);
        Clock.Waits.Should().Equal(TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task A_server_may_ask_for_a_longer_wait_but_not_for_ever()
    {
        int asked = 0;
        Server.On("https://a.example/x", request =>
        {
            if (asked++ == 2) return FakeServer.Serve(request, Content, true, null);
            HttpResponseMessage busy = new(HttpStatusCode.ServiceUnavailable);
            busy.Headers.TryAddWithoutValidation("Retry-After", asked == 1 ? "3" : "86400");
            return busy;
        });
        await using Stream stream = await Sources().OpenAsync(new Uri("https://a.example/x"), None);
        Clock.Waits.Should().Equal(TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(10));
    }

    [Theory]
    [InlineData(HttpStatusCode.NotFound)]
    [InlineData(HttpStatusCode.Forbidden)]
    [InlineData(HttpStatusCode.NoContent)]
    public async Task A_lasting_failure_is_tried_once(HttpStatusCode status)
    {
        Server.On("https://a.example/x", _ => new HttpResponseMessage(status));
        Func<Task> open = async () => await Sources().OpenAsync(new Uri("https://a.example/x"), None);
        await open.Should().ThrowAsync<SourceException>();
        Server.Requests.Should().ContainSingle();
    }

    [Fact]
    public async Task A_broken_connection_is_taken_up_where_it_broke()
    {
        int asked = 0;
        Server.On("https://a.example/x", request => asked++ == 0
            ? new HttpResponseMessage(HttpStatusCode.OK) { Content = new BrokenContent(Content, 30_000, hang: false) }
            : FakeServer.Serve(request, Content, true, null));
        ReadOnlyMemory<byte> all = await Sources().ReadAsync(ContentOrigin.Of(new Uri("https://a.example/m")), new Uri("https://a.example/x"), null, 200_000, None);
        all.ToArray().Should().Equal(Content);
        Server.Requests.Select(static request => request.Range).Should().Equal(null, "bytes=30000-");
    }

    [Fact]
    public async Task A_connection_that_breaks_at_the_same_place_again_and_again_is_given_up()
    {
        Server.On("https://a.example/x", _ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new BrokenContent(Content, 0, hang: false) });
        await using Stream stream = await Sources().OpenAsync(ContentOrigin.Of(new Uri("https://a.example/m")), new Uri("https://a.example/x"), null, cancellationToken: None);
        Func<Task> read = async () => await AllOf(stream);
        await read.Should().ThrowAsync<SourceException>().WithMessage("*the connection broke (3 tries)");
    }

    [Fact]
    public async Task A_body_that_stands_still_times_out()
    {
        Server.On("https://a.example/x", _ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new BrokenContent(Content, 5, hang: true) });
        await using Stream stream = await Sources().OpenAsync(ContentOrigin.Of(new Uri("https://a.example/m")), new Uri("https://a.example/x"), null, cancellationToken: None);
        (await stream.ReadAsync(new byte[10], None)).Should().Be(5);
        Clock.FireAll = true;
        Func<Task> read = async () => await stream.ReadExactlyAsync(new byte[10], None);
        await read.Should().ThrowAsync<SourceException>();
    }

    [Fact]
    public async Task A_caller_who_cancels_hears_of_his_own_cancellation()
    {
        Server.On("https://a.example/x", _ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new BrokenContent(Content, 0, hang: true) });
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
        Server.On("https://a.example/x", request =>
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
        Server.On("https://a.example/x", static _ =>
        {
            HttpResponseMessage answer = new(HttpStatusCode.OK) { Content = new ByteArrayContent(Content, 0, 10) };
            answer.Content.Headers.ContentLength = 20;
            return answer;
        });
        Func<Task> read = async () => await Sources().ReadAsync(ContentOrigin.Of(new Uri("https://a.example/m")), new Uri("https://a.example/x"), null, 200_000, None);
        await read.Should().ThrowAsync<SourceException>().WithMessage("*ended after 10 of 20 bytes*");
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
        Server.On("https://a.example/x", _ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new DrippingContent(new byte[1_000_000], bytesPerSecond, clock) });
        MediaSources sources = new(new HttpMessageInvoker(Server), clock);
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
        Server.On("https://a.example/x", _ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new DrippingContent(new byte[100_000], 50_000, clock) });
        await using Stream stream = await new MediaSources(new HttpMessageInvoker(Server), clock).OpenAsync(new Uri("https://a.example/x"), None);
        int whole = 0;
        for (int read; (read = await stream.ReadAsync(new byte[10_000], None)) > 0; whole += read) clock.Seconds += 1000;
        whole.Should().Be(100_000);
    }

    [Fact]
    public async Task A_whole_request_has_a_deadline_where_it_is_given_one()
    {
        Server.On("https://a.example/x", _ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new BrokenContent(Content, 5, hang: true) });
        MediaSources sources = Sources();
        Uri address = new("https://a.example/x");
        Func<Task> read = async () => await sources.WithinAsync(
            address, TimeSpan.FromSeconds(6), token => sources.ReadAsync(ContentOrigin.Of(new Uri("https://a.example/m")), address, null, 200_000, token), None);
        await read.Should().ThrowAsync<SourceException>().WithMessage("*did not come whole within 6 s*");
    }
}
