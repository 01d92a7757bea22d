using System.Net;
using System.Text;
using System.Text.Json;
using Keyway.Sandbox.PlayReady;
using Keyway.Sandbox.Widevine;
using TestLicense = Keyway.Sandbox.Widevine.TestLicense;
using WidevineClient = Keyway.Sandbox.Widevine.TestClient;

namespace Keyway.Sandbox.ExpressPlay;

/// <summary>Tokens are redeemed, and the licences are read by test clients that share no line with the sandbox.</summary>
[Collection(ExpressPlaySandbox.Collection)]
public sealed class LicenseHostTests(ExpressPlaySandbox sandbox)
{
    private const int Content = 2;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Widevine_token_in_the_query_brings_its_key_under_its_terms()
    {
        string url = await sandbox.TokenAsync("wv", "", "securityLevel=3", "hdcpOutputControl=4", "licenseDuration=600", "generalFlags=00000001");

        TestLicense license = await sandbox.WidevineLicenseAsync(url);

        (long type, string id, string key, WireMessage container) = license.Keys.Should().ContainSingle().Which;
        (type, id, key).Should().Be((Content, ExpressPlaySandbox.Kid, ExpressPlaySandbox.Key));
        container.Number(5).Should().Be(3);
        container.Message(6).Number(1).Should().Be(4, "HDCP 2.2");
        container.Has(12).Should().BeFalse("the key has no label");
        license.Policy.Number(2).Should().Be(1, "it may be kept");
        license.Policy.Number(5).Should().Be(600, "playback ends so long after it began");
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(3, 3)]
    [InlineData(4, 4)]
    [InlineData(5, 255)]
    public async Task Hdcp_of_the_token_is_the_licences(int asked, int expected)
    {
        TestLicense license = await sandbox.WidevineLicenseAsync(await sandbox.TokenAsync("wv", "", $"hdcpOutputControl={asked}"));

        WireMessage container = license.Keys.Single().Container;
        (container.Has(6) ? container.Message(6).NumberOrNull(1) ?? 0 : 0).Should().Be(expected);
        (license.Policy.NumberOrNull(2) ?? 0).Should().Be(0);
    }

    [Fact]
    public async Task Later_durations_are_the_time_to_the_first_play_and_from_it_on()
    {
        TestLicense license = await sandbox.WidevineLicenseAsync(await sandbox.TokenAsync("wv", "", "licenseDuration=600", "playbackDuration=60"));
        (license.Policy.Number(4), license.Policy.Number(5)).Should().Be((600, 60));
    }

    [Fact]
    public async Task Widevine_token_in_the_header_brings_the_same()
    {
        string url = await sandbox.TokenAsync("wv");
        foreach (string path in (string[])["/hms/wv/rights/", "/widevine/RightsManager.asmx", "/expressplay/test/hms/wv/rights/?id=7"])
            (await sandbox.WidevineLicenseAsync(path, ExpressPlaySandbox.TokenOf(url))).Keys.Should().ContainSingle().Which.Key.Should().Be(ExpressPlaySandbox.Key);
    }

    [Fact]
    public async Task Several_keys_of_a_token_have_each_their_own_terms()
    {
        string url = await sandbox.TokenAsync(
            "wv",
            "",
            "-kid", "-contentKey", "-securityLevel",
            $"kid.0={ExpressPlaySandbox.Kid}", $"contentKey.0={ExpressPlaySandbox.Key}", "securityLevel.0=1",
            $"kid.1={ExpressPlaySandbox.OtherKid}", "kek=000102030405060708090A0B0C0D0E0F", "ek.1=1FA68B0A8112B447AEF34BD8FB5A7B829D3E862371D2CFE5", "securityLevel.1=5");

        TestLicense license = await sandbox.WidevineLicenseAsync(url);

        license.Keys.Select(key => (key.Id, key.Key, key.Container.Number(5))).Should().Equal(
            (ExpressPlaySandbox.Kid, ExpressPlaySandbox.Key, 1),
            (ExpressPlaySandbox.OtherKid, "00112233445566778899aabbccddeeff", 5));   // RFC 3394, 4.1
    }

    [Fact]
    public async Task Token_may_have_many_keys_and_still_fits_into_an_address()
    {
        string[] kids = [.. Enumerable.Range(0, 32).Select(i => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData([(byte)i])[..16]))];
        string[] changes = ["-kid", "-contentKey", .. kids.SelectMany((kid, i) => (string[])[$"kid.{i}={kid}", $"contentKey.{i}={kid[16..]}{kid[..16]}"])];

        string url = await sandbox.TokenAsync("wv", "", changes);

        url.Length.Should().BeLessThan(4096);
        (await sandbox.WidevineLicenseAsync(url)).Keys.Select(key => (key.Id, key.Key)).Should().Equal(kids.Select(kid => (kid, kid[16..] + kid[..16])));
    }

    [Fact]
    public async Task Token_for_one_redemption_is_redeemed_once_however_many_ask_at_once()
    {
        string url = await sandbox.TokenAsync("wv", "&max_redemptions=1");
        byte[][] requests = [.. Enumerable.Range(0, 8).Select(_ => sandbox.Widevine.Sign(sandbox.Widevine.New(WidevineSandbox.Payload(ExpressPlaySandbox.Kid))))];

        (HttpResponseMessage Response, byte[] Body)[] answers = await Task.WhenAll(requests.Select(request => sandbox.PostAsync(url, request)));

        answers.Select(answer => answer.Response.StatusCode).Order().Should().Equal([HttpStatusCode.OK, .. Enumerable.Repeat(HttpStatusCode.Unauthorized, 7)]);
        foreach ((HttpResponseMessage response, _) in answers) response.Dispose();
    }

    [Fact]
    public async Task Redemptions_at_once_are_counted_one_by_one()
    {
        string cookie = Guid.NewGuid().ToString("N"), url = await sandbox.TokenAsync("wv", "", $"cookie={cookie}");
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => sandbox.WidevineLicenseAsync(url)));
        (await sandbox.LogAsync($"?cookie={cookie}")).Select(one => one.GetProperty("count").GetInt32()).Should().BeEquivalentTo([1, 2, 3, 4, 5, 6, 7, 8]);
    }

    [Fact]
    public async Task Key_comes_from_the_token_even_where_the_sandbox_has_another_for_the_kid()
    {
        const string sample = "d2aca19319b8ca2fa0315b7842893e3a";
        TestLicense license = await sandbox.WidevineLicenseAsync(await sandbox.TokenAsync("wv", "", $"kid={sample}"), null, sample);
        license.Keys.Should().ContainSingle().Which.Key.Should().Be(ExpressPlaySandbox.Key);

        TestAnswer answer = await sandbox.PlayReadyAsync(await sandbox.TokenAsync("pr", "", $"kid={sample}"), new Guid(Convert.FromHexString(sample), bigEndian: true));
        answer.Licenses.Should().ContainSingle().Which.Open(sandbox.PlayReady.Device.Encrypt).Should().Equal(Convert.FromHexString(ExpressPlaySandbox.Key));
    }

    [Fact]
    public async Task Kid_of_a_content_that_is_a_placeholder_does_not_matter()
    {
        TestLicense license = await sandbox.WidevineLicenseAsync(await sandbox.TokenAsync("wv"), null, "000102030405060708090a0b0c0d0e0f");
        license.Keys.Should().ContainSingle().Which.Id.Should().Be(ExpressPlaySandbox.Kid);

        TestAnswer answer = await sandbox.PlayReadyAsync(await sandbox.TokenAsync("pr"), new Guid("00010203-0405-0607-0809-0a0b0c0d0e0f"));
        answer.Licenses.Should().ContainSingle().Which.Kid.Should().Be(ExpressPlaySandbox.KidOf(ExpressPlaySandbox.Kid));
    }

    [Fact]
    public async Task Service_certificate_comes_from_the_same_address_and_does_not_redeem_the_token()
    {
        string url = await sandbox.TokenAsync("wv", "&max_redemptions=1", "cookie=certificate");
        for (int i = 0; i < 2; i++)
        {
            (HttpResponseMessage response, byte[] body) = await sandbox.PostAsync(url, [8, 4]);
            using HttpResponseMessage _ = response;
            WireMessage message = new(body);
            message.Number(1).Should().Be(5);
            message.Bytes(2).Should().Equal((await WidevineSandbox.TrustAsync(sandbox.Http)).GetProperty("serviceCertificate").GetBytesFromBase64());
        }

        (await sandbox.LogAsync("?cookie=certificate")).Should().BeEmpty();
        await sandbox.WidevineLicenseAsync(url);
        (await sandbox.WidevineRefusalAsync(url, -4010)).Should().Contain("as often as it may be");
        (await sandbox.LogAsync("?cookie=certificate")).Select(one => (one.GetProperty("outcome").GetString(), one.GetProperty("count").GetInt32()))
            .Should().Equal(("redeemed", 1), ("redeemed-too-often", 1));
    }

    [Fact]
    public async Task Token_may_be_redeemed_again_and_again_and_each_time_is_in_the_log_without_a_secret()
    {
        string cookie = Guid.NewGuid().ToString("N"), url = await sandbox.TokenAsync("wv", "", $"cookie={cookie}");
        for (int i = 0; i < 3; i++) await sandbox.WidevineLicenseAsync(url);

        JsonElement[] log = await sandbox.LogAsync($"?cookie={cookie}");

        log.Select(one => one.GetProperty("count").GetInt32()).Should().Equal(1, 2, 3);
        log.Select(one => one.GetProperty("id").GetInt64()).Should().BeInAscendingOrder().And.OnlyHaveUniqueItems();
        foreach (JsonElement one in log)
        {
            (one.GetProperty("environment").GetString(), one.GetProperty("system").GetString(), one.GetProperty("ip").GetString()).Should().Be(("test", "widevine", "127.0.0.1"));
            (TimeProvider.System.GetUtcNow() - one.GetProperty("time").GetDateTimeOffset()).Should().BeLessThan(TimeSpan.FromMinutes(1));
            one.GetRawText().Should().NotContain(ExpressPlaySandbox.TokenOf(url)).And.NotContain(ExpressPlaySandbox.Key).And.NotContain(sandbox.Authenticator("test"));
        }

        long id = log[1].GetProperty("id").GetInt64();
        (await sandbox.LogAsync($"?id={id}")).Should().ContainSingle().Which.GetProperty("count").GetInt32().Should().Be(2);
        (await sandbox.LogAsync("?start=0&length=1")).Should().ContainSingle();
        using HttpResponseMessage both = await sandbox.Http.GetAsync($"/expressplay/redemptions?id={id}&cookie={cookie}", Token);
        both.StatusCode.Should().Be(HttpStatusCode.BadRequest);

        string record = $"/cmiapi/getrecord/?cookie={cookie}&customerAuthenticator=";
        JsonDocument.Parse(await sandbox.Http.GetStringAsync(record + sandbox.Authenticator("test"), Token)).RootElement.GetProperty("records").GetArrayLength().Should().Be(3);
        using HttpResponseMessage crossed = await sandbox.Http.GetAsync(record + sandbox.Authenticator("production"), Token), none = await sandbox.Http.GetAsync(record, Token);
        ExpressPlaySandbox.Error(await crossed.Content.ReadAsStringAsync(Token), -2018);
        ExpressPlaySandbox.Error(await none.Content.ReadAsStringAsync(Token), -2017);
    }

    [Fact]
    public async Task Token_ends_when_it_was_asked_to()
    {
        const long made = 2208988800;
        string cookie = Guid.NewGuid().ToString("N"), url = await sandbox.TokenAsync("wv", $"&now={made}", "expirationTime=+60", $"cookie={cookie}");
        byte[] msg = sandbox.Widevine.New(WidevineSandbox.Payload(ExpressPlaySandbox.Kid), new TestRequest { Time = made + 59 });

        (HttpResponseMessage response, byte[] body) = await sandbox.PostAsync($"{url}&now={made + 59}", sandbox.Widevine.Sign(msg));
        using HttpResponseMessage _ = response;
        sandbox.Widevine.Open(body, msg).Keys.Should().ContainSingle();
        (await sandbox.WidevineRefusalAsync($"{url}&now={made + 60}", -4010)).Should().Contain("expired");
        (await sandbox.LogAsync($"?cookie={cookie}")).Select(one => one.GetProperty("outcome").GetString()).Should().Equal("redeemed", "expired");
    }

    [Fact]
    public async Task Token_without_an_end_lasts_thirty_days()
    {
        const long made = 2208988800, month = 30 * 86400;
        string url = await sandbox.TokenAsync("wv", $"&now={made}");
        byte[] msg = sandbox.Widevine.New(WidevineSandbox.Payload(ExpressPlaySandbox.Kid), new TestRequest { Time = made + month - 1 });

        (HttpResponseMessage response, byte[] body) = await sandbox.PostAsync($"{url}&now={made + month - 1}", sandbox.Widevine.Sign(msg));
        using HttpResponseMessage _ = response;
        response.StatusCode.Should().Be(HttpStatusCode.OK, Encoding.UTF8.GetString(body));
        await sandbox.WidevineRefusalAsync($"{url}&now={made + month}", -4010);
    }

    [Fact]
    public async Task Changed_token_is_none()
    {
        string url = await sandbox.TokenAsync("wv"), token = ExpressPlaySandbox.TokenOf(url), host = url[..url.IndexOf('?', StringComparison.Ordinal)];
        token.Should().MatchRegex("^[A-Za-z0-9_-]+$");
        foreach (int at in (int[])[0, 5, 20, 80, token.Length / 2, token.Length - 1])
        {
            char other = token[at] == 'A' ? 'B' : 'A';
            await sandbox.WidevineRefusalAsync($"{host}?ExpressPlayToken={token[..at]}{other}{token[(at + 1)..]}", -4010);
        }

        foreach (string wrong in (string[])[token[..^4], token + "AAAA", token + "=", "", "x"]) await sandbox.WidevineRefusalAsync($"{host}?ExpressPlayToken={wrong}", -4010);
        await sandbox.WidevineRefusalAsync(host, -4010);
    }

    [Fact]
    public async Task Token_has_the_outside_that_public_samples_have()
    {
        byte[] wv = Decode(await sandbox.TokenAsync("wv")), pr = Decode(await sandbox.TokenAsync("pr"));
        foreach (byte[] token in (byte[][])[wv, pr])
        {
            token[0].Should().Be(5);
            token[8..10].Should().Equal(0, 36);
            Guid.TryParseExact(Encoding.ASCII.GetString(token, 10, 36), "D", out _).Should().BeTrue();
            int payload = token[46] << 24 | token[47] << 16 | token[48] << 8 | token[49];
            (payload % 16).Should().Be(0);
            token.Length.Should().Be(50 + payload + 20);
            Encoding.Latin1.GetString(token).Should().NotContain(ExpressPlaySandbox.Kid);
        }

        (wv[6], pr[6]).Should().Be((0x29, 0x37));
        (await sandbox.TokenAsync("wv")).Should().NotBe(await sandbox.TokenAsync("wv"));

        static byte[] Decode(string url)
        {
            string text = ExpressPlaySandbox.TokenOf(url).Replace('-', '+').Replace('_', '/');
            return Convert.FromBase64String(text + new string('=', (4 - text.Length % 4) % 4));
        }
    }

    [Fact]
    public async Task Token_in_two_places_is_refused()
    {
        string url = await sandbox.TokenAsync("wv");
        (await sandbox.WidevineRefusalAsync(url, -4010, ExpressPlaySandbox.TokenOf(url))).Should().Contain("one place");
    }

    [Fact]
    public async Task Token_of_one_environment_or_system_is_nothing_in_another()
    {
        string wv = ExpressPlaySandbox.TokenOf(await sandbox.TokenAsync("wv")), pr = ExpressPlaySandbox.TokenOf(await sandbox.TokenAsync("pr"));

        await sandbox.WidevineRefusalAsync($"{sandbox.Production}hms/wv/rights/?ExpressPlayToken={wv}", -2018);
        await sandbox.WidevineRefusalAsync($"/expressplay/production/hms/wv/rights/?ExpressPlayToken={wv}", -2018);
        await sandbox.WidevineRefusalAsync($"/hms/wv/rights/?ExpressPlayToken={pr}", -4010);
        ExpressPlaySandbox.Fault(await sandbox.PlayReadyAsync($"/playready/RightsManager.asmx?ExpressPlayToken={wv}"), -4010);
    }

    [Fact]
    public async Task Production_has_its_own_port_its_own_authenticators_and_its_own_licence_host()
    {
        foreach (string host in (string[])[sandbox.Production.ToString().TrimEnd('/'), "/expressplay/production"])
        {
            (HttpResponseMessage wrong, string error) = await sandbox.GetAsync("wv", sandbox.Order("wv"), host: host);
            (HttpResponseMessage right, string line) = await sandbox.GetAsync("wv", sandbox.Order("wv", "customerAuthenticator={production}"), host: host);
            using HttpResponseMessage _ = wrong, __ = right;

            ExpressPlaySandbox.Error(error, -2018).Should().Contain("test environment");
            right.Content.Headers.ContentType!.MediaType.Should().Be("text/uri-list");
            line.Should().MatchRegex("^http://127\\.0\\.0\\.1:[0-9]+(/expressplay/production)?/hms/wv/rights/\\?ExpressPlayToken=[A-Za-z0-9_-]+\r\n$");
            (await sandbox.WidevineLicenseAsync(ExpressPlaySandbox.Url(line))).Keys.Should().ContainSingle().Which.Key.Should().Be(ExpressPlaySandbox.Key);
        }
    }

    [Fact]
    public async Task Device_that_cannot_be_trusted_is_refused_in_the_words_of_the_upstream_service()
    {
        using WidevineClient nobody = await WidevineSandbox.CredentialAsync(sandbox.Http, "?flaw=root");
        string cookie = Guid.NewGuid().ToString("N"), url = await sandbox.TokenAsync("wv", "&max_redemptions=1", $"cookie={cookie}");

        (HttpResponseMessage response, byte[] body) = await sandbox.PostAsync(url, nobody.Sign(nobody.New(WidevineSandbox.Payload(ExpressPlaySandbox.Kid))));
        using HttpResponseMessage _ = response;

        response.StatusCode.Should().Be(HttpStatusCode.InternalServerError);
        string message = ExpressPlaySandbox.Error(Encoding.UTF8.GetString(body), -7008);
        JsonElement upstream = JsonDocument.Parse(message[message.IndexOf('{', StringComparison.Ordinal)..]).RootElement;
        (upstream.GetProperty("status").GetString(), upstream.GetProperty("internal_status").GetInt32(), upstream.GetProperty("content_owner").GetString()).Should().Be(("ACCESS_DENIED", 167, "intertrust"));
        (await sandbox.LogAsync($"?cookie={cookie}")).Should().ContainSingle().Which.GetProperty("outcome").GetString().Should().Be("no-licence");
        await sandbox.WidevineLicenseAsync(url);   // it was not redeemed
    }

    [Fact]
    public async Task Body_that_is_no_challenge_redeems_nothing()
    {
        string url = await sandbox.TokenAsync("wv", "&max_redemptions=1");
        (HttpResponseMessage response, byte[] body) = await sandbox.PostAsync(url, "no challenge"u8.ToArray());
        using HttpResponseMessage _ = response;
        ExpressPlaySandbox.Error(Encoding.UTF8.GetString(body), -7008);
        await sandbox.WidevineLicenseAsync(url);
    }

    [Fact]
    public async Task Licence_host_answers_with_a_code_on_demand()
    {
        string wv = await sandbox.TokenAsync("wv", "&license_query=license_code%3D-2031%26id%3D7"), pr = await sandbox.TokenAsync("pr");
        wv.Should().EndWith("&license_code=-2031&id=7");
        await sandbox.WidevineRefusalAsync(wv, -2031);
        ExpressPlaySandbox.Fault(await sandbox.PlayReadyAsync(pr + "&license_code=-5002"), -5002);
        using HttpResponseMessage response = await sandbox.Http.PostAsync(wv.Replace("-2031", "-1", StringComparison.Ordinal), null, Token);
        response.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        (await response.Content.ReadAsStringAsync(Token)).Should().Contain("bad-parameter");
    }

    [Fact]
    public async Task Answer_that_will_not_arrive_redeems_nothing()
    {
        string url = await sandbox.TokenAsync("wv", "&max_redemptions=1");
        byte[] request = sandbox.Widevine.Sign(sandbox.Widevine.New(WidevineSandbox.Payload(ExpressPlaySandbox.Kid)));
        using HttpResponseMessage failed = (await sandbox.PostAsync($"{url}&fault=status:503,once", request)).Response, again = (await sandbox.PostAsync($"{url}&fault=status:503,once", request)).Response;
        (failed.StatusCode, again.StatusCode).Should().Be((HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK));

        string cut = await sandbox.TokenAsync("wv", "&license_query=fault%3Dcut");
        Func<Task> ask = () => sandbox.PostAsync(cut, request);
        await ask.Should().ThrowAsync<HttpRequestException>();
    }

    [Fact]
    public async Task Services_that_are_not_emulated_are_refused_by_name()
    {
        foreach ((string path, string name) in (IEnumerable<(string, string)>)[("/hms/fp/token", "FairPlay"), ("/hms/fp/rights/", "FairPlay"), ("/hms/ms3/token", "Marlin"), ("/keystore/keys", "key-storage")])
        {
            using HttpResponseMessage response = await sandbox.Http.PostAsync(path, null, Token);
            response.StatusCode.Should().Be(HttpStatusCode.NotImplemented);
            JsonDocument.Parse(await response.Content.ReadAsStringAsync(Token)).RootElement.GetProperty("service").GetString().Should().Be(name);
        }
    }
}
