using System.Net;
using System.Security.Cryptography;

namespace Keyway.Sandbox.Widevine;

/// <summary>What happens to a licence after it was issued.</summary>
[Collection(WidevineSandbox.Collection)]
public sealed class RenewalTests(WidevineSandbox sandbox)
{
    private const int Renewal = 2, Release = 3;
    private const string Terms = "?license_duration_seconds=60&renewal_delay_seconds=20";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Renewals_count_and_keep_the_terms_to_which_their_address_adds()
    {
        TestLicense license = await sandbox.LicenseAsync(Terms);
        license.Policy.Number(3).Should().Be(1);
        long time = TestClient.Now + 3;

        TestLicense first = license.OpenAnswer(await sandbox.AskAsync(TestClient.Existing(license, Renewal, time)));
        (first.Id.Version, first.Facts.Number(4)).Should().Be((1, time));
        first.Keys.Should().BeEmpty();
        first.Facts.Has(3).Should().BeFalse();
        (first.Policy.Number(1), first.Policy.Number(6), first.Policy.Number(9)).Should().Be((1, 60, 20));
        first.Id.Facts.Bytes(1).Should().Equal(license.Id.Facts.Bytes(1));

        TestLicense second = first.OpenAnswer(await sandbox.AskAsync(TestClient.Existing(first, Renewal), "?license_duration_seconds=90"));
        second.Id.Version.Should().Be(2);
        (second.Policy.Number(6), second.Policy.Number(9)).Should().Be((90, 20));

        TestLicense third = second.OpenAnswer(await sandbox.AskAsync(TestClient.Existing(second, Renewal), "?odd=key_control,core,unknown_fields"));
        third.Keys.Should().ContainSingle().Which.Type.Should().Be(3);
    }

    [Fact]
    public async Task Renewal_whose_answer_was_lost_is_asked_for_again()
    {
        TestLicense license = await sandbox.LicenseAsync(Terms);
        await sandbox.AskAsync(TestClient.Existing(license, Renewal));
        TestLicense again = license.OpenAnswer(await sandbox.AskAsync(TestClient.Existing(license, Renewal)));
        again.Id.Version.Should().Be(1);
    }

    [Fact]
    public async Task Renewal_that_a_fault_took_away_can_be_sent_again_as_it_is()
    {
        TestLicense license = await sandbox.LicenseAsync(Terms);
        byte[] body = TestClient.Existing(license, Renewal);
        string query = "?fault=status:503,once&run=" + Guid.NewGuid();

        (HttpStatusCode status, _) = await sandbox.PostAsync(body, query);
        status.Should().Be(HttpStatusCode.ServiceUnavailable);
        license.OpenAnswer(await sandbox.AskAsync(body, query)).Id.Version.Should().Be(1);
    }

    [Fact]
    public async Task Renewal_may_bring_its_client_and_then_keys_come_if_the_terms_say_so()
    {
        TestLicense license = await sandbox.LicenseAsync(Terms + "&renewal_keys=1&always_include_client_id=1");
        await sandbox.RefusesAsync(TestClient.Existing(license, Renewal), "bad-request");

        byte[] body = TestClient.Existing(license, Renewal, clientId: sandbox.Client.ClientId);
        TestLicense renewed = sandbox.Client.Open(await sandbox.AskAsync(body), new WireMessage(body).Bytes(2));
        renewed.Keys.Should().ContainSingle().Which.Key.Should().Be(WidevineSandbox.OwnKey);
        renewed.Id.Version.Should().Be(1);
    }

    [Fact]
    public async Task Renewal_that_is_not_right_is_refused()
    {
        TestLicense license = await sandbox.LicenseAsync(Terms);
        await sandbox.RefusesAsync(TestClient.Existing(license, Renewal, signing: license.SigningKey[..32]), "bad-signature");   // the server's half
        await sandbox.RefusesAsync(TestClient.Existing(license, Renewal, signing: new byte[32]), "bad-signature");
        await sandbox.RefusesAsync(TestClient.Existing(license, Renewal, version: 1), "stale-version");
        await sandbox.RefusesAsync(TestClient.Existing(license, Renewal, version: -1), "stale-version");
        await sandbox.RefusesAsync(TestClient.Existing(license, Renewal, time: TestClient.Now - 900), "stale-request");
        await sandbox.RefusesAsync(TestClient.Existing(license, 1), "bad-request");

        byte[] body = TestClient.Existing(license, Renewal);
        await sandbox.AskAsync(body);
        await sandbox.RefusesAsync(body, "replayed-request");

        TestLicense renewed = license.OpenAnswer(await sandbox.AskAsync(TestClient.Existing(license, Renewal)));
        await sandbox.AskAsync(TestClient.Existing(renewed, Renewal));
        await sandbox.RefusesAsync(TestClient.Existing(license, Renewal), "stale-version");

        // Signed by the device instead of with the licence's own key.
        await sandbox.RefusesAsync(sandbox.Client.Sign(new WireMessage(TestClient.Existing(renewed, Renewal)).Bytes(2)), "bad-signature");
        byte[] unlicensed = sandbox.Client.New(new() { Type = Renewal }, new WireWriter().Bytes(3, new WireWriter().Number(2, 0).Done()).Done());
        await sandbox.RefusesAsync(sandbox.Client.Sign(unlicensed), "bad-request");
    }

    [Fact]
    public async Task License_that_cannot_be_renewed_is_not()
    {
        await sandbox.RefusesAsync(TestClient.Existing(await sandbox.LicenseAsync(), Renewal), "not-renewable", HttpStatusCode.Forbidden);

        TestLicense license = await sandbox.LicenseAsync(Terms);
        license = license.OpenAnswer(await sandbox.AskAsync(TestClient.Existing(license, Renewal), "?can_renew=0"));
        license.Policy.Number(3).Should().Be(0);
        await sandbox.RefusesAsync(TestClient.Existing(license, Renewal), "not-renewable", HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task Release_is_acknowledged_as_often_as_it_is_sent_and_ends_renewals()
    {
        TestLicense license = await sandbox.LicenseAsync(Terms, request: new() { LicenseType = 2 });
        byte[] body = TestClient.Existing(license, Release, time: TestClient.Now - 100_000);
        for (int i = 0; i < 2; i++)
        {
            TestLicense receipt = license.OpenAnswer(await sandbox.AskAsync(body));
            receipt.Keys.Should().BeEmpty();
            (receipt.Policy.Number(1), receipt.Policy.Number(3), receipt.Id.Facts.Number(4)).Should().Be((0, 0, 2));
        }

        await sandbox.RefusesAsync(TestClient.Existing(license, Renewal), "released", HttpStatusCode.Forbidden);
        await sandbox.RefusesAsync(TestClient.Existing(license, Release, signing: new byte[32]), "bad-signature");
    }

    [Fact]
    public async Task Flaws_are_in_renewals_too()
    {
        TestLicense license = await sandbox.LicenseAsync(Terms);
        foreach (string flaw in new[] { "signature", "hmac_key", "policy", "core_uncovered" })
        {
            byte[] answer = await sandbox.AskAsync(TestClient.Existing(license, Renewal), "?flaw=" + flaw);
            license.Invoking(one => one.OpenAnswer(answer)).Should().Throw<CryptographicException>("{0}", flaw).WithMessage("HMAC");
        }
    }

    [Fact]
    public async Task Restart_keeps_root_devices_and_licenses()
    {
        string data = Directory.CreateTempSubdirectory("keyway-sandbox-").FullName;
        try
        {
            string trust;
            TestLicense license;
            byte[] payload = WidevineSandbox.Payload("d2aca19319b8ca2fa0315b7842893e3a");
            await using SandboxProcess first = await SandboxProcess.StartAsync("--data", data);
            using TestClient client = await WidevineSandbox.CredentialAsync(first.Http);
            trust = await first.Http.GetStringAsync("/trust", Token);
            byte[] msg = client.New(payload);
            license = client.Open(await AskAsync(first, client.Sign(msg), Terms), msg);
            await first.EndAsync();

            await using SandboxProcess second = await SandboxProcess.StartAsync("--data", data, "--widevine", "rental_duration_seconds=77");
            (await second.Http.GetStringAsync("/trust", Token)).Should().Be(trust);
            msg = client.New(payload);
            client.Open(await AskAsync(second, client.Sign(msg), ""), msg).Policy.Number(4).Should().Be(77, "the command line said so");
            TestLicense renewed = license.OpenAnswer(await AskAsync(second, TestClient.Existing(license, Renewal), ""));
            (renewed.Id.Version, renewed.Policy.Number(3)).Should().Be((1, 1));

            if (OperatingSystem.IsWindows()) return;   // no file modes there
            Directory.GetFiles(data).Select(Path.GetFileName).Should().BeEquivalentTo("content-keys.json", "expressplay.json", "playready.json", "widevine.json");
            foreach (string file in Directory.GetFiles(data)) File.GetUnixFileMode(file).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    private static async Task<byte[]> AskAsync(SandboxProcess process, byte[] body, string query)
    {
        using ByteArrayContent content = new(body);
        using HttpResponseMessage response = await process.Http.PostAsync("/widevine" + query, content, Token);
        response.StatusCode.Should().Be(HttpStatusCode.OK);
        return await response.Content.ReadAsByteArrayAsync(Token);
    }
}
