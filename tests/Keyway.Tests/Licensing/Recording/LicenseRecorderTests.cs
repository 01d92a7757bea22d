using System.Net;
using System.Text;
using System.Text.Json;
using Keyway.Licensing.Transport;
using Keyway.Sessions;
using Keyway.Testing;

namespace Keyway.Licensing.Recording;

/// <summary>A record has everything that helps to find a fault, and no secret; it is an archive that other programs read; and it can be played back.</summary>
public sealed class LicenseRecorderTests
{
    private const string Ticket = "ticket-4f0c9a1e77d2";
    private const string Cookie = "cookie-91b3d0fe2a66";
    private const string Query = "query-0c88e1b7f3d9";
    private const string Unnamed = "unnamed-5d1aa0c3e9f7";
    private const string Long = "eyJhbGciOiJIUzI1NiJ9.c29tZWJvZHk.dGhhdCBpcyBhIHNpZ25hdHVyZQ";     // a token where a path is
    private const string Short = "q7Zx2LmP9wKd";                // and a short one
    private const string Base64 = "dG9rZW5vbmU";                // with the sign at its end it looks like a member's name
    private const string Word = "opensesame";                      // nothing tells it from a word but that the caller gave it as a value
    private const string Data = "custom-7e21bb90cd45";

    private static readonly Uri Film = PresentationBench.Sample("cenc/manifest.mpd");
    private static readonly byte[] BodyKey = [.. Enumerable.Range(1, 32).Select(static i => (byte)(7 * i))];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static PresentationOptions Secretive => new()
    {
        LicenseUrl = new Uri($"https://license.example/wv/{Long}/{Short}/{Word}/v1/RightsManager.asmx?user={Query}&{Unnamed}&{Base64}=&v=1"),
        Values = new Dictionary<string, string> { ["password"] = Word },
        LicenseHeaders = new Dictionary<string, string> { ["X-Ticket"] = Ticket, ["Authorization"] = $"Bearer {Ticket}", ["Cookie"] = $"session={Cookie}" },
        CustomData = Data,
    };

    [Fact]
    public async Task Names_lengths_and_results_are_there_and_no_value()
    {
        (JsonElement har, string text) = await RecordAsync(Secretive);
        LeakScan scan = new();
        foreach (string secret in (string[])[Ticket, Cookie, Query, Unnamed, Data, Long, Short, Base64, Word]) scan.Plant(secret, secret);
        foreach ((KeyId id, byte[] key) in PresentationBench.SampleKeys) scan.Plant($"key of {id}", key);
        scan.Add("record", text);
        scan.Check();

        JsonElement entry = har.GetProperty("log").GetProperty("entries").EnumerateArray().Should().ContainSingle().Subject;
        JsonElement request = entry.GetProperty("request");
        request.GetProperty("method").GetString().Should().Be("POST");
        string url = request.GetProperty("url").GetString()!;
        url.Should().MatchRegex("^https://license.example/wv(/redacted-[0-9a-f]{8}){3}/v1/RightsManager.asmx\\?user=redacted-[0-9a-f]{8}&redacted-[0-9a-f]{8}=&redacted-[0-9a-f]{8}=redacted-[0-9a-f]{8}&v=redacted-[0-9a-f]{8}$");
        Uri.IsWellFormedUriString(url, UriKind.Absolute).Should().BeTrue();
        Pairs(request, "headers").Select(static pair => pair.Name).Should().Contain(["X-Ticket", "Authorization", "Cookie"]);
        Pairs(request, "headers").Where(static pair => pair.Name != "Content-Type").Should().OnlyContain(static pair => pair.Value.StartsWith("redacted-", StringComparison.Ordinal));
        request.GetProperty("bodySize").GetInt64().Should().BePositive();
        entry.GetProperty("response").GetProperty("status").GetInt32().Should().Be(200);
        JsonElement own = entry.GetProperty("_keyway");
        (own.GetProperty("kind").GetString(), own.GetProperty("keySystem").GetString(), own.GetProperty("exchange").GetInt32(), own.GetProperty("attempt").GetInt32()).Should().Be(("license", "fake", 1, 0));
        own.GetProperty("steps").EnumerateArray().Select(static step => step.GetString()).Should().Equal("challenge", "transport");
        own.TryGetProperty("failure", out _).Should().BeFalse();
    }

    [Theory]
    [InlineData("widevine", true)]
    [InlineData("rightsmanager.asmx", true)]
    [InlineData("license-proxy-widevine", true)]
    [InlineData("AcquireLicense", true)]
    [InlineData("WV_License2.ashx", true)]
    [InlineData("v1.0", true)]
    [InlineData("42", true)]
    [InlineData("123456", false)]
    [InlineData("d2aca19319b8ca2fa0315b7842893e3a", false)]
    [InlineData("0f8fad5b-d9cb-469f-a165-70867728950e", false)]
    [InlineData("q7Zx2LmP9wKd", false)]
    [InlineData("aGVsbG8gd29ybGQ", false)]
    [InlineData("LEVdcRuOwJkXqTzB", false)]
    [InlineData("token%3Dabc", false)]
    [InlineData("a.b.c.eyJhbGciOi", false)]
    public async Task Of_a_path_words_are_shown(string part, bool isShown)
    {
        (JsonElement har, string text) = await RecordAsync(new PresentationOptions { LicenseUrl = new Uri($"https://license.example/{part}/x") });
        text.Contains(part, StringComparison.Ordinal).Should().Be(isShown);
        if (!isShown) Entry(har).GetProperty("request").GetProperty("url").GetString().Should().MatchRegex("^https://license.example/redacted-[0-9a-f]{8}/x$");
    }

    [Fact]
    public async Task Headers_that_help_to_find_a_fault_are_shown_where_they_are_what_they_should_be()
    {
        LicenseRecorder recorder = new(TimeProvider.System);
        Dictionary<string, string>[] answers =
        [
            new() { ["Date"] = "Sat, 28 Nov 2026 11:44:25 GMT", ["Retry-After"] = "120", ["Age"] = "7", ["Set-Cookie"] = Cookie },
            new() { ["Date"] = Ticket, ["Retry-After"] = Ticket, ["Age"] = "-7", ["Content-Type"] = $"text/plain; token={Ticket}" },
        ];
        Queue<Dictionary<string, string>> left = new(answers);
        ILicenseTransport transport = recorder.Around(new Answering(() => new LicenseAnswer { Status = 429, Headers = left.Dequeue() }));
        await transport.SendAsync(Exchange(), Cancel);
        await transport.SendAsync(Exchange(), Cancel);
        byte[] written = Written(recorder);
        Encoding.UTF8.GetString(written).Should().NotContain(Ticket).And.NotContain(Cookie).And.NotContain("-7\"");
        using JsonDocument document = JsonDocument.Parse(written);
        Pairs(Entry(document.RootElement).GetProperty("response"), "headers").Should().Contain([("Date", "Sat, 28 Nov 2026 11:44:25 GMT"), ("Retry-After", "120"), ("Age", "7")]);
        LicenseRecord.Read(written).Exchanges.Select(static each => each.RetryAfter).Should().Equal("120", null);
    }

    [Fact]
    public async Task Bodies_that_are_too_many_are_left_out_and_counted()
    {
        LicenseRecorder recorder = new(TimeProvider.System, BodyKey);
        byte[] mebibyte = new byte[1 << 20];
        ILicenseTransport transport = recorder.Around(new Answering(() => new LicenseAnswer { Status = 200, Body = new(mebibyte) }));
        for (int i = 0; i < (LicenseLimits.RecordedBodyBytes >> 20) + 3; i++) await transport.SendAsync(Exchange(), Cancel);
        byte[] written = Written(recorder);
        written.Length.Should().BeLessThan(LicenseRecord.MaximumLength, "what is written is read again");
        LicenseRecord record = LicenseRecord.Read(written);
        (record.BodiesDropped, record.Exchanges.Count(static each => each.HasBody), record.Dropped).Should().Be((3, (int)(LicenseLimits.RecordedBodyBytes >> 20), 0));
    }

    /// <summary>The members that HAR 1.2 asks for, each of its kind: what viewers read.</summary>
    [Fact]
    public async Task It_is_an_archive_as_har_1_2_has_it()
    {
        (JsonElement har, _) = await RecordAsync(Secretive, bodyKey: BodyKey, refuse: true);
        JsonElement log = har.GetProperty("log");
        log.GetProperty("version").GetString().Should().Be("1.2");
        Check(log, ("creator", JsonValueKind.Object), ("entries", JsonValueKind.Array));
        Check(log.GetProperty("creator"), ("name", JsonValueKind.String), ("version", JsonValueKind.String));
        log.GetProperty("entries").GetArrayLength().Should().Be(1);
        foreach (JsonElement entry in log.GetProperty("entries").EnumerateArray())
        {
            Check(entry, ("startedDateTime", JsonValueKind.String), ("time", JsonValueKind.Number), ("request", JsonValueKind.Object), ("response", JsonValueKind.Object), ("cache", JsonValueKind.Object), ("timings", JsonValueKind.Object));
            DateTimeOffset.Parse(entry.GetProperty("startedDateTime").GetString()!, System.Globalization.CultureInfo.InvariantCulture);
            Check(entry.GetProperty("request"), ("method", JsonValueKind.String), ("url", JsonValueKind.String), ("httpVersion", JsonValueKind.String), ("cookies", JsonValueKind.Array), ("headers", JsonValueKind.Array), ("queryString", JsonValueKind.Array), ("headersSize", JsonValueKind.Number), ("bodySize", JsonValueKind.Number), ("postData", JsonValueKind.Object));
            Check(entry.GetProperty("request").GetProperty("postData"), ("mimeType", JsonValueKind.String), ("text", JsonValueKind.String));
            Check(entry.GetProperty("response"), ("status", JsonValueKind.Number), ("statusText", JsonValueKind.String), ("httpVersion", JsonValueKind.String), ("cookies", JsonValueKind.Array), ("headers", JsonValueKind.Array), ("content", JsonValueKind.Object), ("redirectURL", JsonValueKind.String), ("headersSize", JsonValueKind.Number), ("bodySize", JsonValueKind.Number));
            Check(entry.GetProperty("response").GetProperty("content"), ("size", JsonValueKind.Number), ("mimeType", JsonValueKind.String));
            Check(entry.GetProperty("timings"), ("send", JsonValueKind.Number), ("wait", JsonValueKind.Number), ("receive", JsonValueKind.Number));
            // What the format does not know begins with an underscore.
            entry.EnumerateObject().Select(static member => member.Name).Should().BeEquivalentTo("startedDateTime", "time", "request", "response", "cache", "timings", "_keyway");
        }
    }

    [Fact]
    public async Task Equal_values_are_seen_to_be_equal_in_one_record_and_in_no_other()
    {
        PresentationOptions options = new() { LicenseHeaders = new Dictionary<string, string> { ["X-A"] = Ticket, ["X-B"] = Ticket, ["X-C"] = Cookie } };
        Dictionary<string, string> first = Pairs(Entry((await RecordAsync(options)).Har).GetProperty("request"), "headers").ToDictionary(static pair => pair.Name, static pair => pair.Value);
        first["X-A"].Should().Be(first["X-B"]).And.NotBe(first["X-C"]);
        Dictionary<string, string> second = Pairs(Entry((await RecordAsync(options)).Har).GetProperty("request"), "headers").ToDictionary(static pair => pair.Name, static pair => pair.Value);
        second["X-A"].Should().NotBe(first["X-A"], "without the key nobody can try values out");
    }

    [Fact]
    public async Task Bodies_are_sealed_for_those_who_have_the_key_and_for_their_own_place()
    {
        (_, string text) = await RecordAsync(Secretive, bodyKey: BodyKey);
        LeakScan scan = new();
        foreach ((KeyId id, byte[] key) in PresentationBench.SampleKeys) scan.Plant($"key of {id}", key);
        scan.Plant("custom data", Data);
        scan.Plant("the record's key", BodyKey);
        scan.Add("record", text);
        scan.Check();

        LicenseRecord record = LicenseRecord.Read(Encoding.UTF8.GetBytes(text));
        record.IsOurs.Should().BeTrue();
        RecordedExchange exchange = record.Exchanges.Should().ContainSingle().Subject;
        exchange.HasBody.Should().BeTrue();
        Encoding.UTF8.GetString(exchange.OpenRequest(BodyKey)).Should().StartWith("License ");
        Encoding.UTF8.GetString(exchange.OpenResponse(BodyKey)).Should().Contain(Convert.ToHexStringLower(PresentationBench.SampleKeys[0].Key));
        foreach (Action wrong in (Action[])[
            () => exchange.OpenResponse(BodyKey.AsSpan(0, 31)),
            () => exchange.OpenResponse([.. BodyKey.Reverse()]),
            () => (exchange with { SealedResponse = exchange.SealedRequest }).OpenResponse(BodyKey),
            () => (exchange with { Attempt = 1 }).OpenResponse(BodyKey),
            () => (exchange with { SealedResponse = null }).OpenResponse(BodyKey),
            () => (exchange with { SealedResponse = new byte[5] }).OpenResponse(BodyKey),
        ])
            wrong.Should().Throw<LicenseRecordException>();
    }

    [Fact]
    public async Task A_refusal_and_a_service_that_is_away_are_told_with_their_kind()
    {
        (_, string refused) = await RecordAsync(new PresentationOptions(), refuse: true);
        RecordedExchange exchange = LicenseRecord.Read(Encoding.UTF8.GetBytes(refused)).Exchanges.Single();
        (exchange.Status, exchange.Failure, exchange.ProviderCode).Should().Be((403, "device-revoked", "127"));

        LicenseRecorder recorder = new(TimeProvider.System);
        ILicenseTransport transport = recorder.Around(new Forward(static () => throw new LicenseServiceException(LicenseErrorKind.Network, "away")));
        for (int i = 0; i < LicenseLimits.RecordedExchanges + 2; i++)
        {
            Func<Task> act = () => transport.SendAsync(Exchange(), Cancel).AsTask();
            await act.Should().ThrowAsync<LicenseServiceException>();
        }

        LicenseRecord record = LicenseRecord.Read(Written(recorder));
        record.Exchanges.Should().HaveCount(LicenseLimits.RecordedExchanges).And.OnlyContain(static each => each.Status == 0 && each.Failure == "network");
        record.Dropped.Should().Be(2, "what is not in it is counted");
    }

    [Fact]
    public async Task A_licence_that_came_and_was_not_taken_has_failed_and_one_that_was_taken_has_not_when_the_next_is_not_sent()
    {
        using LicenseRecorder recorder = new(TimeProvider.System);
        LicenseExchange first = Exchange(), second = Exchange(first.Session);
        ILicenseTransport transport = recorder.Around(new Answering(static () => new LicenseAnswer { Status = 200 }));
        await transport.SendAsync(first, Cancel);
        recorder.Fail(second, new LicenseServiceException(LicenseErrorKind.UntrustedUrl, "nothing was sent"));
        recorder.Fail(null, new LicenseServiceException(LicenseErrorKind.Throttled, "not before"));
        Failures().Should().Equal([null]);
        await transport.SendAsync(second, Cancel);
        recorder.Fail(first.Session, LicenseErrorKind.LicenseMalformed, "8004C604");
        Failures().Should().Equal(null, "license-malformed");
        LicenseRecord.Read(Written(recorder)).Exchanges[1].ProviderCode.Should().Be("8004C604");

        string?[] Failures() => [.. LicenseRecord.Read(Written(recorder)).Exchanges.Select(static each => each.Failure)];
    }

    [Theory]
    [InlineData("", "no JSON")]
    [InlineData("{", "no JSON")]
    [InlineData("[]", "log: missing")]
    [InlineData("{\"log\":1}", "log: no object")]
    [InlineData("{\"log\":{\"entr\\ud800ies\":[]}}", "no text")]
    [InlineData("{\"log\":{}}", "log.entries: missing")]
    [InlineData("{\"log\":{\"entries\":{}}}", "log.entries: no list")]
    [InlineData("{\"log\":{\"entries\":[1]}}", "log.entries[0]: no object")]
    [InlineData("{\"log\":{\"entries\":[{\"request\":{\"method\":\"GET\",\"url\":\"s3cret\"},\"response\":{}}]}}", "log.entries[0].request.url: no absolute URL")]
    [InlineData("{\"log\":{\"entries\":[{\"request\":{\"url\":\"https://a.example\"},\"response\":{}}]}}", "log.entries[0].request.method: missing")]
    [InlineData("{\"log\":{\"entries\":[{\"request\":{\"method\":\"GET\",\"url\":\"https://a.example\"}}]}}", "log.entries[0].response: missing")]
    [InlineData("{\"log\":{\"entries\":[{\"request\":{\"method\":\"s3cret word\",\"url\":\"https://a.example\"},\"response\":{}}]}}", "log.entries[0].request.method: no method")]
    [InlineData("{\"log\":{\"entries\":[{\"request\":{\"method\":\"GET\",\"url\":\"https://a.example\"},\"response\":{\"content\":{\"encoding\":\"keyway-sealed\",\"text\":\"%\"}}}]}}", "log.entries[0].response.content.text: no base64")]
    public void What_is_no_archive_is_told_with_its_place_and_not_repeated(string text, string says)
    {
        Action act = () => LicenseRecord.Read(Encoding.UTF8.GetBytes(text));
        act.Should().Throw<LicenseRecordException>().Which.Message.Should().Contain(says).And.NotContain("s3cret");
    }

    [Fact]
    public void Another_program_s_archive_is_read_however_odd_its_numbers_are()
    {
        LicenseRecord record = LicenseRecord.Read("\uFEFF{\"log\":{\"entries\":[{\"time\":-1,\"startedDateTime\":\"yesterday\",\"request\":{\"method\":\"GET\",\"url\":\"https://a.example/x?t=1\",\"bodySize\":-1},\"response\":{\"status\":99999999999,\"content\":{\"size\":1.5,\"mimeType\":7}}}]}}"u8.ToArray());
        RecordedExchange exchange = record.Exchanges.Single();
        (record.IsOurs, exchange.Status, exchange.RequestBytes, exchange.ResponseBytes, exchange.Duration, exchange.Started, exchange.MediaType).Should().Be((false, 999, 0, 0, null, null, ""));
    }

    [Fact]
    public async Task A_record_with_bodies_plays_without_the_service()
    {
        (_, string text) = await RecordAsync(new PresentationOptions(), bodyKey: BodyKey);
        using RecordedLicenseServer server = new(LicenseRecord.Read(Encoding.UTF8.GetBytes(text)), BodyKey);
        using HttpMessageInvoker http = new(server);
        await using PresentationBench bench = new(transport: new HttpLicenseTransport(http));
        await using Presentation presentation = await bench.Engine.OpenAsync(Film, cancellationToken: Cancel);
        (await PresentationBench.ReadAsync(presentation, 0)).Should().Equal(PresentationBench.Table("video-360"));
        server.Left.Should().BeEmpty();
    }

    [Fact]
    public async Task A_record_without_bodies_plays_refusals_and_says_what_it_lacks()
    {
        (_, string refused) = await RecordAsync(new PresentationOptions(), refuse: true);
        using RecordedLicenseServer server = new(LicenseRecord.Read(Encoding.UTF8.GetBytes(refused)));
        using HttpMessageInvoker http = new(server);
        using HttpResponseMessage answer = await http.SendAsync(Post(PresentationBench.LicenseUrl), Cancel);
        answer.StatusCode.Should().Be(HttpStatusCode.Forbidden);

        (_, string good) = await RecordAsync(new PresentationOptions());
        using RecordedLicenseServer bare = new(LicenseRecord.Read(Encoding.UTF8.GetBytes(good)));
        using HttpMessageInvoker second = new(bare);
        Func<Task> act = () => second.SendAsync(Post(PresentationBench.LicenseUrl), Cancel);
        (await act.Should().ThrowAsync<InvalidOperationException>()).Which.Message.Should().Contain("--record-bodies");
    }

    [Theory]
    [InlineData("GET", "https://license.example/acquire?a=1", "another method")]
    [InlineData("POST", "https://other.example/acquire?a=1", "another origin")]
    [InlineData("POST", "https://license.example/renew?a=1", "another path")]
    [InlineData("POST", "https://license.example/acquire?b=1", "other members of the query")]
    [InlineData("POST", "https://license.example/acquire?a=1&b=2", "other members of the query")]
    [InlineData("POST", "https://license.example/acquire?a=other", null)]
    public async Task Requests_are_matched_by_their_structure(string method, string url, string? why)
    {
        (_, string text) = await RecordAsync(new PresentationOptions { LicenseUrl = new Uri("https://license.example/acquire?a=1") }, bodyKey: BodyKey);
        using RecordedLicenseServer server = new(LicenseRecord.Read(Encoding.UTF8.GetBytes(text)), BodyKey);
        using HttpMessageInvoker http = new(server);
        using HttpRequestMessage request = new(new HttpMethod(method), url) { Content = new ByteArrayContent([1]) };
        Func<Task> act = () => http.SendAsync(request, Cancel);
        if (why is null)
        {
            await act.Should().NotThrowAsync();
            (await act.Should().ThrowAsync<InvalidOperationException>()).Which.Message.Should().Contain("the record is over");
        }
        else (await act.Should().ThrowAsync<InvalidOperationException>()).Which.Message.Should().EndWith(why).And.NotContain("a=1");
    }

    private static async Task<(JsonElement Har, string Text)> RecordAsync(PresentationOptions options, byte[]? bodyKey = null, bool refuse = false)
    {
        using LicenseRecorder recorder = new(TimeProvider.System, bodyKey);
        PresentationBench? made = null;
        await using PresentationBench bench = made = new PresentationBench(options => options with { Recorder = recorder }, recorder.Around(new Forward(() => made!.Server)));
        if (refuse)
        {
            bench.System.Refused = static answer => answer.Status == 403 ? new LicenseServiceException(LicenseErrorKind.DeviceRevoked, "revoked") { ProviderCode = "127" } : null;
            bench.Server.Next(FakeLicenseServer.Text("no", 403));
        }

        await using (Presentation presentation = await bench.Engine.OpenAsync(Film, options, Cancel))
        {
            try
            {
                await presentation.AcquireAsync(Cancel);
            }
            catch (KeyUnavailableException) when (refuse)
            {
                // That is what is recorded.
            }
        }

        byte[] written = Written(recorder);
        using JsonDocument document = JsonDocument.Parse(written);
        return (document.RootElement.Clone(), Encoding.UTF8.GetString(written));
    }

    private static byte[] Written(LicenseRecorder recorder)
    {
        using MemoryStream stream = new();
        recorder.WriteTo(stream);
        return stream.ToArray();
    }

    private static LicenseExchange Exchange(SessionId? session = null) => new()
    {
        Session = session ?? SessionId.Create(),
        KeySystem = "fake",
        Provider = "acme",
        KeyIds = [],
        Values = new Dictionary<string, string>(),
        Kind = ChallengeKind.License,
        Request = new LicenseRequest { Url = PresentationBench.LicenseUrl },
    };

    private static HttpRequestMessage Post(Uri url) => new(HttpMethod.Post, url) { Content = new ByteArrayContent([1]) };

    private static JsonElement Entry(JsonElement har) => har.GetProperty("log").GetProperty("entries")[0];

    private static IEnumerable<(string Name, string Value)> Pairs(JsonElement of, string list) => of.GetProperty(list).EnumerateArray().Select(static pair => (pair.GetProperty("name").GetString()!, pair.GetProperty("value").GetString()!));

    private static void Check(JsonElement of, params (string Name, JsonValueKind Kind)[] members)
    {
        foreach ((string name, JsonValueKind kind) in members) of.GetProperty(name).ValueKind.Should().Be(kind, name);
    }

    private sealed class Answering(Func<LicenseAnswer> answer) : ILicenseTransport
    {
        public ValueTask SendAsync(LicenseExchange exchange, CancellationToken cancellationToken)
        {
            exchange.Answer = answer();
            return ValueTask.CompletedTask;
        }
    }

    private sealed class Forward(Func<ILicenseTransport> to) : ILicenseTransport
    {
        public async ValueTask SendAsync(LicenseExchange exchange, CancellationToken cancellationToken) => await to().SendAsync(exchange, cancellationToken);
    }
}
