using System.Text;
using Keyway.Licensing.Origins;
using Keyway.Licensing.Tokens;

namespace Keyway.Licensing.Packs;

/// <summary>
/// One pack of each shape against a service that answers as its documents have it: what goes out is compared with wire forms written
/// by hand, what comes back is a licence once and a refusal once.
/// </summary>
public sealed class BuiltInPackTests
{
    private const string ChallengeInBase64 = "CAQA/38rPvs=";   // written by hand (coreutils' base64)
    private const string LicenseInBase64 = "CAL6AM4K";

    private static readonly (string, string) TokenSetting = ("Token:Secret", "secret:viewer-token");

    // ---- Axinom: one of three places, the error in a header

    [Theory]
    [InlineData("header", "widevine", "https://drm-widevine-licensing.axprod.net/AcquireLicense")]
    [InlineData("query", "widevine", "https://drm-widevine-licensing.axprod.net/AcquireLicense?AxDrmMessage=t0k.en-of_the%3Dviewer")]
    [InlineData("customData", "widevine", "https://drm-widevine-licensing.axprod.net/AcquireLicense")]
    [InlineData("header", "playready", "https://drm-playready-licensing.axprod.net/AcquireLicense")]
    [InlineData("query", "playready", "https://drm-playready-licensing.axprod.net/AcquireLicense?AxDrmMessage=t0k.en-of_the%3Dviewer")]
    [InlineData("customData", "playready", "https://drm-playready-licensing.axprod.net/AcquireLicense")]
    public async Task Axinom_takes_its_message_in_exactly_one_place(string placement, string keySystem, string url)
    {
        PackBench bench = new("axinom", (_, _) => Answer.Bytes(PackBench.License), TokenSetting, ("Settings:placement", placement));
        (await bench.RunAsync(keySystem)).Should().Equal(PackBench.License);
        Sent sent = bench.Wire.Sent.Should().ContainSingle().Subject;
        sent.Url.Should().Be(url);
        sent.Body.Should().Equal(PackBench.Challenge);
        bool custom = placement == "customData" && keySystem == "playready";
        sent.Header("X-AxDRM-Message").Should().Be(placement == "query" || custom ? null : PackBench.Token);
        bench.Sources[0].Written.Should().ContainSingle().Which.CustomData.Should().Be(custom ? PackBench.Token : null);
    }

    [Fact]
    public async Task Axinom_refuses_in_a_header()
    {
        PackBench bench = new(
            "axinom", (_, _) => new Answer(403, "text/plain", [], ("X-AxDRM-ErrorMessage", $"message {PackBench.Token} is not for this key")),
            TokenSetting, ("Settings:tenant", "1234abcd"), ("Settings:environment", "axtest.net"));
        LicenseServiceException failure = await bench.FailsAsync("widevine");
        failure.Message.Should().Be("the licence service of 'acme' refuses: message *** is not for this key");
        failure.Status.Should().Be(403);
        failure.Retryable.Should().BeFalse();
        bench.Wire.Sent.Should().ContainSingle().Which.Url.Should().Be("https://1234abcd.drm-widevine-licensing.axtest.net/AcquireLicense");
    }

    // ---- DRMtoday: nested base64 JSON in, JSON path out

    [Fact]
    public async Task Drmtoday_takes_base64_JSON_in_a_header_and_gives_the_licence_in_JSON()
    {
        PackBench bench = new(
            "drmtoday", (_, _) => Answer.Json($$"""{"status":"OK","license":"{{LicenseInBase64}}","message_type":"LICENSE","supported_tracks":[]}"""), ("Settings:merchant", "acme-shop"));
        Dictionary<string, string> viewer = new() { ["userId"] = "jörg \"j\"", ["customerSession"] = "s+1/2" };
        (await bench.RunAsync("widevine", values: viewer)).Should().Equal(PackBench.License);
        Sent sent = bench.Wire.Sent.Should().ContainSingle().Subject;
        sent.Url.Should().Be("https://lic.drmtoday.com/license-proxy-widevine/cenc/");
        Encoding.UTF8.GetString(Convert.FromBase64String(sent.Header("x-dt-custom-data")!)).Should().Be("""{"userId":"jörg \"j\"","sessionId":"s+1/2","merchant":"acme-shop"}""");
        sent.Headers.Should().NotContainKey("x-dt-auth-token");
    }

    [Fact]
    public async Task Drmtoday_gives_a_raw_licence_where_it_is_asked_to()
    {
        PackBench bench = new(
            "drmtoday", (_, _) => Answer.Bytes(PackBench.License),
            ("Settings:merchant", "m"), ("Settings:userId", "u"), ("Settings:customerSession", "s"), ("Settings:answer", "raw"), ("Settings:upfront", "yes"), ("Settings:host", "lic.staging.drmtoday.com"), TokenSetting);
        (await bench.RunAsync("widevine")).Should().Equal(PackBench.License);
        bench.Wire.Sent[0].Url.Should().Be("https://lic.staging.drmtoday.com/license-proxy-widevine/cenc/?specConform=true");
        bench.Wire.Sent[0].Header("x-dt-auth-token").Should().Be(PackBench.Token);
        (await bench.RunAsync("playready")).Should().Equal(PackBench.License);
        bench.Wire.Sent[1].Url.Should().Be("https://lic.staging.drmtoday.com/license-proxy-headerauth/drmtoday/RightsManager.asmx");
    }

    [Fact]
    public async Task Drmtoday_refuses_by_the_status_in_its_JSON()
    {
        PackBench bench = new("drmtoday", (_, _) => Answer.Json("""{"status":"ACCESS_DENIED","message":"callback said no"}"""), ("Settings:merchant", "m"), ("Settings:userId", "u"), ("Settings:customerSession", "s"));
        LicenseServiceException failure = await bench.FailsAsync("widevine");
        failure.ProviderCode.Should().Be("ACCESS_DENIED");
        failure.Message.Should().Contain("callback said no");
    }

    [Fact]
    public async Task Value_that_the_application_must_give_is_asked_for_by_name()
    {
        PackBench bench = new("drmtoday", (_, _) => Answer.Bytes([]), ("Settings:merchant", "m"));
        (await bench.FailsAsync("widevine")).Message.Should().Contain("'userId'");
        bench.Wire.Sent.Should().BeEmpty();
    }

    // ---- DoveRunner: a refusal under HTTP 200

    [Fact]
    public async Task Doverunner_gives_a_binary_licence_to_widevine_and_base64_to_playready()
    {
        PackBench bench = new(
            "doverunner", (sent, _) => sent.Header("SOAPAction") is null ? Answer.Bytes(PackBench.License) : Answer.Text(LicenseInBase64), TokenSetting, ("Settings:siteId", "ABCD"));
        (await bench.RunAsync("widevine")).Should().Equal(PackBench.License);
        (await bench.RunAsync("playready")).Should().Equal(PackBench.License);
        bench.Wire.Sent.Should().OnlyContain(sent => sent.Url == "https://license.pallycon.com/ri/licenseManager.do" && sent.Header("pallycon-customdata-v2") == PackBench.Token);

        bench = new("doverunner", (_, _) => Answer.Bytes(PackBench.License), TokenSetting, ("Settings:siteId", "ABCD"), ("Settings:placement", "customData"));
        await bench.RunAsync("playready");
        bench.Wire.Sent[0].Headers.Should().NotContainKey("pallycon-customdata-v2");
        bench.Sources[0].Written[0].CustomData.Should().Be(PackBench.Token);
    }

    [Fact]
    public async Task Doverunner_gives_its_certificate_elsewhere_and_without_the_token()
    {
        PackBench bench = new("doverunner", (_, _) => Answer.Text(LicenseInBase64), TokenSetting, ("Settings:siteId", "ABCD"), ("Settings:placement", "query"));
        (await bench.RunAsync("widevine", ChallengeKind.ServerCertificate)).Should().Equal(PackBench.License);
        Sent sent = bench.Wire.Sent.Should().ContainSingle().Subject;
        (sent.Method, sent.Url, sent.Body.Length).Should().Be(("GET", "https://license.pallycon.com/ri/widevineCert.do?siteId=ABCD", 0));
    }

    [Fact]
    public async Task Doverunner_refuses_under_HTTP_200()
    {
        PackBench bench = new("doverunner", (_, _) => Answer.Json("""{"errorCode":"7127","message":"token is not valid"}"""), TokenSetting, ("Settings:siteId", "ABCD"));
        LicenseServiceException failure = await bench.FailsAsync("widevine");
        (failure.ProviderCode, failure.Status).Should().Be(("7127", 200));
        failure.Message.Should().Be("the licence service of 'acme' refuses: 7127 token is not valid");
    }

    // ---- Vualto: a decimal array, the certificate request wrapped alike, a token for each request

    [Fact]
    public async Task Vualto_takes_numbers_in_JSON_and_a_token_for_each_request()
    {
        int fetched = 0;
        PackBench bench = new(
            "vualto", (sent, _) => sent.Url.StartsWith("https://shop.example/", StringComparison.Ordinal) ? Answer.Text($"once-{++fetched}") : Answer.Bytes(PackBench.License),
            ("Token:Http:Url", "https://shop.example/token"));
        await bench.RunAsync("widevine", ChallengeKind.ServerCertificate);
        (await bench.RunAsync("widevine")).Should().Equal(PackBench.License);
        Sent[] asked = [.. bench.Wire.Sent.Where(static sent => sent.Method == "POST")];
        asked.Select(static sent => sent.Text).Should().Equal(
            """{"token":"once-1","drm_info":[8,4,0,255,127,43,62,251],"kid":"00000000000000000000000000000001"}""",
            """{"token":"once-2","drm_info":[8,4,0,255,127,43,62,251],"kid":"00000000000000000000000000000001"}""");
        asked.Should().OnlyContain(static sent => sent.Header("Content-Type") == "application/json" && sent.Url == "https://widevine-proxy.drm.technology/proxy");
        bench.Pipeline.Tokens.Should().Be(new TokenUse(Fetched: 2, Redeemed: 1), "a certificate is no licence");
    }

    [Fact]
    public async Task Vualto_refuses_by_status_and_the_next_attempt_takes_another_token()
    {
        int fetched = 0;
        PackBench bench = new(
            "vualto", (sent, count) => sent.Url.StartsWith("https://shop.example/", StringComparison.Ordinal) ? Answer.Text($"once-{++fetched}") : Answer.Text("spent", 401),
            ("Token:Http:Url", "https://shop.example/token"));
        LicenseServiceException failure = await bench.FailsAsync("playready");
        (failure.Kind, failure.Status).Should().Be((LicenseErrorKind.TokenInvalid, 401));
        bench.Wire.Sent.Where(static sent => sent.Method == "POST").Select(static sent => sent.Url).Should().Equal(
            "https://playready-license.drm.technology/rightsmanager.asmx?token=once-1", "https://playready-license.drm.technology/rightsmanager.asmx?token=once-2");
        bench.Pipeline.Tokens.Should().Be(new TokenUse(Fetched: 2, Redeemed: 0));
    }

    // ---- NAGRA: the certificate by GET, elsewhere

    [Fact]
    public async Task Nagra_gives_its_certificate_by_GET_and_asks_no_token_for_it()
    {
        PackBench bench = new("nagra", (_, _) => Answer.Bytes(PackBench.License), TokenSetting, ("Settings:host", "ssp.example"), ("Settings:tenant", "AB12"));
        await bench.RunAsync("widevine", ChallengeKind.ServerCertificate);
        await bench.RunAsync("widevine");
        bench.Wire.Sent.Select(static sent => (sent.Method, sent.Url, sent.Header("nv-authorizations"), sent.Body.Length)).Should().Equal(
            ("GET", "https://ssp.example/AB12/wvls/contentlicenseservice/v1/certificates", null, 0),
            ("POST", "https://ssp.example/AB12/wvls/contentlicenseservice/v1/licenses", PackBench.Token, PackBench.Challenge.Length));
        bench.Wire.Sent[0].Headers.Should().NotContainKey("Content-Type").And.NotContainKey("SOAPAction");
    }

    [Theory]
    [InlineData("""{"errorCode":4006,"message":"played"}""", LicenseErrorKind.TokenReused, "4006", 1)]
    [InlineData("""{"error":{"code":"4007"}}""", LicenseErrorKind.DeviceUnverified, "4007", 1)]
    [InlineData("""{"code": 3003}""", LicenseErrorKind.TokenInvalid, "3003", 1)]
    [InlineData("""{"code": 14006}""", LicenseErrorKind.Unknown, null, 1)]
    public async Task Nagra_refuses_with_codes(string json, LicenseErrorKind kind, string? code, int requests)
    {
        PackBench bench = new("nagra", (_, _) => Answer.Json(json, 400), TokenSetting, ("Settings:host", "ssp.example"), ("Settings:tenant", "AB12"));
        LicenseServiceException failure = await bench.FailsAsync("widevine");
        (failure.Kind, failure.ProviderCode).Should().Be((kind, code));
        bench.Wire.Sent.Should().HaveCount(requests, "a token that stays the same is not sent twice");
    }

    // ---- Comcast: JSON both ways

    [Fact]
    public async Task Comcast_speaks_JSON_both_ways()
    {
        PackBench bench = new(
            "comcast", (_, _) => Answer.Json($$$"""{"getWidevineLicenseResponse":{"license":"{{{LicenseInBase64}}}"}}"""), TokenSetting, ("Settings:account", "http://acc/1"), ("AllowedOrigins:0", "https://mpx.example"));
        LicenseUrlHint[] content = [new(new Uri("https://mpx.example/wv?schema=1.0&form=json"), "the manifest")];
        foreach (ChallengeKind kind in (ChallengeKind[])[ChallengeKind.ServerCertificate, ChallengeKind.License])
            (await bench.RunAsync("widevine", kind, values: new() { ["releasePid"] = "pid7" }, content: content)).Should().Equal(PackBench.License);
        bench.Wire.Sent.Should().OnlyContain(static sent =>
            sent.Url == "https://mpx.example/wv?schema=1.0&form=json&token=t0k.en-of_the%3Dviewer&account=http%3A%2F%2Facc%2F1"
            && sent.Text == $$$"""{"getWidevineLicense":{"releasePid":"pid7","widevineChallenge":"{{{ChallengeInBase64}}}"}}""");
    }

    [Theory]
    [InlineData("""{"title":"not allowed"}""")]
    [InlineData("not JSON at all")]
    [InlineData("""{"getWidevineLicenseResponse":{"license":"***"}}""")]
    public async Task Comcast_answer_without_a_licence_is_malformed(string body)
    {
        PackBench bench = new("comcast", (_, _) => Answer.Json(body), TokenSetting, ("Settings:account", "a"), ("Endpoints:widevine", "https://mpx.example/wv"));
        (await bench.FailsAsync("widevine", values: new() { ["releasePid"] = "p" })).Kind.Should().Be(LicenseErrorKind.LicenseMalformed);
    }

    // ---- Microsoft's test server: the policy in the query, a SOAP fault

    [Fact]
    public async Task Playready_test_server_takes_its_policy_in_the_query()
    {
        PackBench bench = new("playready-test", (_, _) => Answer.Text("<soap:Envelope/>", type: "text/xml"));
        const string policy = "(kid:AAAAEAAQABAQABAAAAAAAQ==,sl:2000,persist:false)";
        await bench.RunAsync("playready", values: new() { ["policy"] = policy });
        Sent sent = bench.Wire.Sent.Should().ContainSingle().Subject;
        sent.Url.Should().Be("https://test.playready.microsoft.com/service/rightsmanager.asmx?cfg=" + policy);
        sent.Header("Content-Type").Should().Be("text/xml; charset=utf-8");
        sent.Header("SOAPAction").Should().Contain("AcquireLicense");
        bench.Pipeline.Redactor.Describe(new LicenseRequest { Url = new Uri(sent.Url) }).Should().Contain("cfg=***");
    }

    [Fact]
    public async Task Playready_test_server_faults_in_SOAP_and_the_key_system_understands_it()
    {
        const string fault = "<soap:Envelope><soap:Body><soap:Fault/></soap:Body></soap:Envelope>";
        PackBench bench = new("playready-test", (_, _) => Answer.Text(fault, 500, "text/xml"));
        LicenseServiceException failure = await bench.FailsAsync(
            "playready", values: new() { ["policy"] = "(errorcode:0x8004C065)" },
            refused: static answer => Encoding.UTF8.GetString(answer.Body.FirstSpan) == fault ? new LicenseServiceException(LicenseErrorKind.DeviceRevoked, "revoked") { ProviderCode = "0x8004C065" } : null);
        (failure.Kind, failure.ProviderCode).Should().Be((LicenseErrorKind.DeviceRevoked, "0x8004C065"));
    }

    // ---- all of them

    public static TheoryData<string> All => [.. BuiltInPacks.Names];

    [Theory]
    [MemberData(nameof(All))]
    public void Pack_says_where_its_facts_are_from_and_that_nobody_tried_it(string name)
    {
        ProviderPack pack = BuiltInPacks.Find(name)!;
        pack.Name.Should().Be(name);
        pack.Title.Should().NotBeEmpty();
        pack.Sources.Should().NotBeEmpty();
        pack.Tested.Should().Be("never against the service");
        pack.Parameters.Where(static parameter => parameter.Description is null).Should().BeEmpty();
        PackPreview.Of(pack, new Dictionary<string, string>()).Should().NotBeEmpty();
    }

    [Theory]
    [InlineData("ezdrm", "widevine", "https://widevine-dash.ezdrm.com/proxy?pX=ABCDEF", "profile=ABCDEF")]
    [InlineData("ezdrm", "widevine", "https://widevine-dash.ezdrm.com/widevine-php/widevine-foreignkey.php?pX=ABCDEF&authorization=t0k.en-of_the%3Dviewer", "profile=ABCDEF", "authorization=yes")]
    [InlineData("ezdrm", "playready", "https://playready.ezdrm.com/cency/preauth.aspx?pX=ABCDEF", "profile=ABCDEF")]
    [InlineData("keyos", "widevine", "https://wv-keyos.licensekeyserver.com/ x-keyos-authorization=t0k.en-of_the=viewer")]
    [InlineData("keyos", "playready", "https://pr-keyos.licensekeyserver.com/core/rightsmanager.asmx customdata=t0k.en-of_the=viewer", "header=customdata")]
    [InlineData("irdeto", "widevine", "https://acc.test.ott.irdeto.com/licenseServer/widevine/v1/acc/license?contentId=film%201&keyId=k1&ls_session=t0k.en-of_the%3Dviewer", "account=acc", "environment=test", "keyId=k1")]
    [InlineData("irdeto", "playready", "https://acc.live.ott.irdeto.com/licenseServer/playready/v1/acc/license?contentId=film%201 Authorization=Bearer t0k.en-of_the=viewer", "account=acc", "placement=bearer")]
    [InlineData("verimatrix", "widevine", "https://multidrm.core.verimatrixcloud.net/widevine Authorization=t0k.en-of_the=viewer")]
    [InlineData("mux", "widevine", "https://license.mux.com/license/widevine/pb%2F1?token=t0k.en-of_the%3Dviewer", "playbackId=pb/1")]
    [InlineData("vdocipher", "widevine", "https://license.vdocipher.com/auth/wv/t0k.en-of_the=viewer")]
    [InlineData("uplynk", "playready", "https://content.uplynk.com/pr")]
    [InlineData("drm-cloud", "widevine", "https://given.example/l X-Drm-BrandGuid=b X-Drm-UserToken=t0k.en-of_the=viewer", "brand=b")]
    [InlineData("drm-cloud", "playready", "https://given.example/l?BrandGuid=b&UserToken=t0k.en-of_the%3Dviewer", "brand=b", "placement=query")]
    [InlineData("conax", "widevine", "https://given.example/l PreAuthorization=t0k.en-of_the=viewer")]
    [InlineData("titanium", "playready", "https://given.example/l Authorization=Bearer t0k.en-of_the=viewer")]
    [InlineData("titanium", "widevine", "https://given.example/l X-TITANIUM-DRM-CDATA=dDBrLmVuLW9mX3RoZT12aWV3ZXI=", "placement=cdata")]
    [InlineData("azure", "widevine", "https://given.example/l?token=t0k.en-of_the%3Dviewer", "placement=query")]
    [InlineData("redge", "widevine", "https://cloud-api.redge.media/api-services/ls/wv Auth-Code=c0de-of-the-account", "authCode=secret:code")]
    [InlineData("google-demo", "widevine", "https://proxy.uat.widevine.com/proxy?provider=widevine_test")]
    [InlineData("google-demo", "widevine", "https://cwip-shaka-proxy.appspot.com/no_auth", "proxy=shaka")]
    public async Task Pack_sends_what_its_service_wants(string name, string keySystem, string expected, params string[] parameters)
    {
        bool addressed = expected.StartsWith("https://given.example/", StringComparison.Ordinal);
        bool carries = expected.Contains("t0k", StringComparison.Ordinal) || expected.Contains("dDBr", StringComparison.Ordinal);
        List<(string, string)> settings = [.. parameters.Select(static parameter => ($"Settings:{parameter.Split('=')[0]}", parameter.Split('=')[1]))];
        if (carries) settings.Add(TokenSetting);
        PackBench bench = new(name, static (_, _) => Answer.Bytes(PackBench.License), [.. settings]);
        (await bench.RunAsync(keySystem, caller: addressed ? new Uri("https://given.example/l") : null, values: new() { ["contentId"] = "film 1" })).Should().Equal(PackBench.License);
        Sent sent = bench.Wire.Sent.Should().ContainSingle().Subject;
        string[] own = [.. sent.Headers.Where(static header => header.Key is not ("Accept-Encoding" or "Content-Type" or "Content-Length" or "SOAPAction")).Select(static header => $"{header.Key}={header.Value}").Order(StringComparer.Ordinal)];
        string.Join(' ', (string[])[sent.Url, .. own]).Should().Be(expected);
        sent.Body.Should().Equal(PackBench.Challenge);
        sent.Headers.ContainsKey("SOAPAction").Should().Be(keySystem == "playready");
        sent.Header("Content-Type").Should().Be(keySystem == "playready" ? "text/xml; charset=utf-8" : "application/octet-stream");
        if (carries)
        {
            LicenseRequest shown = new() { Url = new Uri(sent.Url), Headers = sent.Headers };
            if (name != "vdocipher") bench.Pipeline.Redactor.Describe(shown).Should().NotContain("t0k").And.NotContain("dDBr");
        }
    }
}
