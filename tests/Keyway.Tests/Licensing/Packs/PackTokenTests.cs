using System.Buffers;
using System.Text;
using Keyway.Licensing.Tokens;
using Keyway.Testing;

namespace Keyway.Licensing.Packs;

/// <summary>Where tokens come from, how long they serve, and what happens to a bad one.</summary>
public sealed class PackTokenTests
{
    private const string Pack = """
        { "name": "acme", "source": "a", "tested": "never", "parameters": { "viewer": { "per": "presentation", "optional": true } },
          "keySystems": { "widevine": { "url": "https://l.example/", "headers": { "X-Token": "{token}" }, "errors": [ { "json": { "code": "code" }, "codes": { "9": "TokenExpired" } } ] } } }
        """;

    private static readonly (string, string)[] Recipe =
    [
        ("Token:Http:Url", "https://shop.example/t"), ("Token:Http:Headers:X-Viewer", "{viewer}"), ("Token:Http:Body:Json:system", "{keySystem}"), ("Token:Http:Body:Json:kid", "{kid}"),
    ];

    [Fact]
    public async Task First_source_that_there_is_counts()
    {
        string keys = "Token:PerKey:00000000000000000000000000000002";
        PackBench bench = new(Pack, static (sent, _) => IsShop(sent) ? Answer.Text("from-shop") : Answer.Bytes([]), [.. Recipe, ("Token:Secret", "secret:viewer-token"), (keys, "secret:second-token")]);
        await bench.RunAsync("widevine", tokens: (_, _) => new(new Owner("from-application\n"u8.ToArray())));
        await bench.RunAsync("widevine", kid: 2);
        await bench.RunAsync("widevine");
        Tokens(bench).Should().Equal("from-application", "s3cond.t0ken-of-the-other_key", PackBench.Token);
        bench = new(Pack, static (sent, _) => IsShop(sent) ? Answer.Text("from-shop\n") : Answer.Bytes([]), Recipe);
        await bench.RunAsync("widevine");
        Tokens(bench).Should().Equal("from-shop");
        Sent asked = bench.Wire.Sent[0];
        (asked.Method, asked.Url, asked.Text, asked.Header("Content-Type")).Should().Be(("POST", "https://shop.example/t", """{"kid":"00000000000000000000000000000001","system":"widevine"}""", "application/json"));
        asked.Headers.Should().NotContainKey("X-Viewer", "nobody said who watches").And.NotContainKey("SOAPAction");

        LicenseServiceException missing = await new PackBench(Pack, static (_, _) => Answer.Bytes([])).FailsAsync("widevine");
        missing.Kind.Should().Be(LicenseErrorKind.TokenMissing);
        missing.Advice.Should().NotBeNull();
    }

    [Fact]
    public async Task Bad_token_is_fetched_anew_once_and_a_fresh_challenge_goes_out_with_it()
    {
        int fetched = 0, licences = 0;
        PackBench bench = new(Pack, (sent, _) => IsShop(sent) ? Answer.Text($"t{++fetched}") : ++licences == 1 ? Answer.Json("""{"code":9}""") : Answer.Bytes(PackBench.License), Recipe);
        (await bench.RunAsync("widevine")).Should().Equal(PackBench.License);
        Tokens(bench).Should().Equal("t1", "t2");
        bench.Sources[0].Written.Should().HaveCount(2);
        bench.Pipeline.Tokens.Should().Be(new TokenUse(2, 1));

        bench = new(Pack, (sent, _) => IsShop(sent) ? Answer.Text($"t{++fetched}") : Answer.Json("""{"code":9}"""), Recipe);
        (await bench.FailsAsync("widevine")).Kind.Should().Be(LicenseErrorKind.TokenExpired);
        Tokens(bench).Should().HaveCount(2, "once, and not again");
    }

    [Theory]
    [InlineData("ContentMismatch", 4, true)]
    [InlineData("418", 4, true)]
    [InlineData("4", 4, true)]
    [InlineData("TokenExpired", 4, false)]
    public async Task What_means_a_bad_token_may_be_said(string refreshOn, int code, bool again)
    {
        int fetched = 0;
        PackBench bench = new(
            Pack.Replace("\"9\": \"TokenExpired\"", "\"4\": \"ContentMismatch\"", StringComparison.Ordinal),
            (sent, _) => IsShop(sent) ? Answer.Text($"t{++fetched}") : Answer.Json($$"""{"code":{{code}}}""", 418), [.. Recipe, ("Token:RefreshOn:0", refreshOn)]);
        await bench.FailsAsync("widevine");
        Tokens(bench).Should().HaveCount(again ? 2 : 1);
    }

    [Fact]
    public async Task Token_that_lives_is_used_again_until_its_time_is_over()
    {
        ManualClock clock = new();
        int fetched = 0;
        PackBench bench = new(Pack, (sent, _) => IsShop(sent) ? Answer.Text($"t{++fetched}") : Answer.Bytes([]), clock, [.. Recipe, ("Token:Lifetime", "00:05:00")]);
        await bench.RunAsync("widevine");
        await bench.RunAsync("widevine");
        clock.Advance(TimeSpan.FromMinutes(4));
        await bench.RunAsync("widevine");
        clock.Advance(TimeSpan.FromMinutes(1));
        await bench.RunAsync("widevine");
        Tokens(bench).Should().Equal("t1", "t1", "t1", "t2");
        await bench.RunAsync("widevine", kid: 2);
        await bench.RunAsync("widevine", values: new() { ["viewer"] = "another" });
        Tokens(bench)[^2..].Should().Equal(["t3", "t4"], "another key and another viewer are other questions");
        bench.Pipeline.Tokens.Should().Be(new TokenUse(4, 6));
    }

    [Fact]
    public async Task Token_may_say_itself_how_long_it_lives()
    {
        ManualClock clock = new();
        int fetched = 0;
        string json = Pack.Replace("\"keySystems\"", """ "token": { "read": [ { "as": "json", "token": "t", "expiresIn": "ttl" } ] }, "keySystems" """, StringComparison.Ordinal);
        PackBench bench = new(json, (sent, _) => IsShop(sent) ? Answer.Json($$"""{"t":"t{{++fetched}}","ttl":90}""") : Answer.Bytes([]), clock, Recipe);
        await bench.RunAsync("widevine");
        clock.Advance(TimeSpan.FromSeconds(89));
        await bench.RunAsync("widevine");
        clock.Advance(TimeSpan.FromSeconds(1));
        await bench.RunAsync("widevine");
        Tokens(bench).Should().Equal("t1", "t1", "t2");
    }

    [Fact]
    public async Task Those_who_need_the_same_token_at_once_ask_once()
    {
        using ManualResetEventSlim waiting = new(), go = new();
        int fetched = 0;
        PackBench bench = new(
            Pack,
            (sent, _) =>
            {
                if (!IsShop(sent)) return Answer.Bytes([]);
                waiting.Set();
                go.Wait(TestContext.Current.CancellationToken);
                return Answer.Text($"t{Interlocked.Increment(ref fetched)}");
            },
            [.. Recipe, ("Token:Lifetime", "00:05:00")]);
        Task[] all = [.. Enumerable.Range(0, 5).Select(_ => Task.Run(() => bench.RunAsync("widevine")))];
        waiting.Wait(TestContext.Current.CancellationToken);
        go.Set();
        await Task.WhenAll(all);
        fetched.Should().Be(1);
        Tokens(bench).Should().Equal("t1", "t1", "t1", "t1", "t1");
    }

    [Fact]
    public async Task Token_that_one_was_refused_for_is_fetched_once_for_all()
    {
        int fetched = 0;
        PackBench bench = new(
            Pack, (sent, _) => IsShop(sent) ? Answer.Text($"t{++fetched}") : sent.Header("X-Token") == "t1" ? Answer.Json("""{"code":9}""") : Answer.Bytes([]), [.. Recipe, ("Token:Lifetime", "00:05:00")]);
        await bench.RunAsync("widevine");
        await bench.RunAsync("widevine");
        Tokens(bench).Should().Equal("t1", "t2", "t2");
    }

    [Theory]
    [InlineData(500, "", LicenseErrorKind.ServerFault, 3)]
    [InlineData(403, "", LicenseErrorKind.TokenMissing, 1)]
    [InlineData(200, """{"code":9}""", LicenseErrorKind.TokenExpired, 1)]
    [InlineData(302, "", LicenseErrorKind.TokenMissing, 1)]
    public async Task Storefront_that_gives_no_token_is_told_and_no_licence_is_asked_for(int status, string body, LicenseErrorKind kind, int attempts)
    {
        PackBench bench = new(Pack, (_, _) => Answer.Text(body, status), [.. Recipe, ("Steps:retry:Delay", "00:00:00.001")]);
        LicenseServiceException failure = await bench.FailsAsync("widevine");
        failure.Kind.Should().Be(kind);
        failure.Message.Should().Contain("the token service https://shop.example");
        bench.Wire.Sent.Should().HaveCount(attempts).And.OnlyContain(sent => IsShop(sent));
    }

    [Fact]
    public async Task Recipe_of_the_host_names_values_that_the_pack_knows_nothing_of()
    {
        PackBench bench = new("nagra", static (sent, _) => IsShop(sent) ? Answer.Text("t1") : Answer.Bytes([]), ("Settings:host", "h.example"), ("Settings:tenant", "t"), ("Token:Http:Url", "https://shop.example/t?v={viewer}"));
        await bench.RunAsync("widevine", values: new() { ["viewer"] = "a b" });
        bench.Wire.Sent[0].Url.Should().Be("https://shop.example/t?v=a%20b");
        (await bench.FailsAsync("widevine")).Message.Should().Contain("'viewer'");
        PackBench.SettingMistakes("nagra", ("Settings:host", "h.example"), ("Settings:tenant", "t"), ("Token:Http:Url", "https://shop.example/{token}")).Should().ContainSingle();
    }

    [Fact]
    public async Task Source_that_gives_the_same_bad_token_again_is_told()
    {
        PackBench bench = new(Pack, static (_, _) => Answer.Text("", 401), ("Token:Secret", "secret:viewer-token"));
        LicenseServiceException failure = await bench.FailsAsync("widevine");
        failure.Kind.Should().Be(LicenseErrorKind.TokenInvalid);
        failure.Message.Should().Contain("gave the same again");
        bench.Wire.Sent.Should().ContainSingle();
    }

    [Fact]
    public async Task Application_is_told_that_its_token_was_refused()
    {
        List<TokenReason> reasons = [];
        PackBench bench = new(Pack, static (_, count) => count == 1 ? Answer.Text("", 401) : Answer.Bytes([]));
        await bench.RunAsync("widevine", tokens: (request, _) =>
        {
            reasons.Add(request.Reason);
            return new(new Owner(Encoding.UTF8.GetBytes($"t{reasons.Count}")));
        });
        reasons.Should().Equal(TokenReason.First, TokenReason.Rejected);
        Tokens(bench).Should().Equal("t1", "t2");
    }

    [Fact]
    public async Task Token_is_in_no_text_even_where_the_service_repeats_it()
    {
        PackBench bench = new(Pack, static (_, _) => Answer.Json($$"""{"code":"{{PackBench.Token}}"}""", 400), ("Token:Secret", "secret:viewer-token"));
        LicenseServiceException failure = await bench.FailsAsync("widevine");
        (failure.ToString() + failure.ProviderCode + failure.Advice).Should().NotContain(PackBench.Token).And.Contain("***");
        bench.Pipeline.Redactor.Describe(new LicenseRequest { Url = new Uri("https://l.example/"), Headers = bench.Wire.Sent[0].Headers }).Should().NotContain(PackBench.Token);
    }

    private static bool IsShop(Sent sent) => sent.Url.StartsWith("https://shop.example/", StringComparison.Ordinal);

    private static string?[] Tokens(PackBench bench) => [.. bench.Wire.Sent.Where(static sent => !IsShop(sent)).Select(static sent => sent.Header("X-Token"))];

    private sealed class Owner(byte[] bytes) : IMemoryOwner<byte>
    {
        public Memory<byte> Memory => bytes;

        public void Dispose() => Array.Clear(bytes);
    }
}
