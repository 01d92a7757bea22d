using Keyway.Licensing;
using Keyway.Testing;

namespace Keyway.Widevine.Meeting;

/// <summary>Every flaw that the sandbox knows, met by the plugin: refused with the kind that fits, and nothing imported.</summary>
[Collection(nameof(MeetingCollection))]
public sealed class MeetingFlawTests(MeetingSandbox sandbox)
{
    private readonly ManualClock _clock = new();

    public static TheoryData<string, LicenseErrorKind> OfLicenses => new()
    {
        { "signature", LicenseErrorKind.LicenseNotAuthentic },
        { "hmac_key", LicenseErrorKind.LicenseNotAuthentic },
        { "policy", LicenseErrorKind.LicenseNotAuthentic },
        { "core_uncovered", LicenseErrorKind.LicenseNotAuthentic },
        { "session_key", LicenseErrorKind.LicenseNotForThisDevice },
        { "session_key_length", LicenseErrorKind.LicenseMalformed },
        { "session_key_type", LicenseErrorKind.LicenseMalformed },
        { "no_session_key", LicenseErrorKind.LicenseMalformed },
        { "no_signing_key", LicenseErrorKind.LicenseMalformed },
        { "two_signing_keys", LicenseErrorKind.LicenseMalformed },
        { "no_content_key", LicenseErrorKind.LicenseMalformed },
        { "no_iv", LicenseErrorKind.LicenseMalformed },
        { "padding", LicenseErrorKind.LicenseMalformed },
        { "key_length", LicenseErrorKind.LicenseMalformed },
        { "request_id", LicenseErrorKind.LicenseNotAuthentic },
        { "previous", LicenseErrorKind.LicenseNotAuthentic },
        { "malformed", LicenseErrorKind.LicenseMalformed },
        { "truncated", LicenseErrorKind.LicenseMalformed },
        { "type", LicenseErrorKind.LicenseMalformed },
    };

    public static TheoryData<string> OfCertificates => ["signature", "type", "provider_id"];

    // An expired licence is authentic, and the vault's clock judges it; an unknown key is a status that the engine judges.
    private static readonly string[] Judged = ["expired", "unknown_key"];

    [Fact]
    public async Task Every_flaw_of_the_front_page_is_met()
    {
        string page = await sandbox.Http.GetStringAsync(new Uri("/", UriKind.Relative), TestContext.Current.CancellationToken);
        int begin = page.IndexOf("flaw=NAME,…", StringComparison.Ordinal), end = page.IndexOf("odd=NAME,…", StringComparison.Ordinal);

        // Names stand before the explanation of their line, with two spaces or more between them; an explanation has more words than one.
        IEnumerable<string> named = page[begin..end].Split('\n').Skip(1).SelectMany(line => line.Split("  ", StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            .Where(word => word != "none" && word.All(letter => letter is '_' or (>= 'a' and <= 'z')));
        string[] met = [.. OfLicenses.Select(row => row.Data.Item1), .. OfCertificates.Select(row => row.Data), .. Judged];
        named.Distinct().Should().BeEquivalentTo(met.Distinct());
    }

    [Theory]
    [MemberData(nameof(OfLicenses))]
    public async Task Flawed_licence_is_refused_and_the_next_one_is_taken(string flaw, LicenseErrorKind kind)
    {
        WidevineKeySystem system = await sandbox.StartAsync(_clock);
        if (flaw == "previous") await AskAsync(await OpenAsync(system, new RecordingSessionHost()), "");
        RecordingSessionHost host = new();
        ILicenseSession session = await OpenAsync(system, host);
        byte[] answer = await AskAsync(session, $"&flaw={flaw}");
        (await session.RefusedAsync(answer)).Kind.Should().Be(kind);
        host.Keys.Should().BeEmpty();
        host.Policies.Should().BeEmpty();
        host.Statuses.Should().BeEmpty();

        // Control: without the flaw, the same session takes the same licence.
        await session.GiveAsync(await AskAsync(session, ""));
        host.Keys.Should().ContainSingle().Which.Value.Should().Equal(MeetingSandbox.ContentKeys[0].Key);
    }

    [Theory]
    [MemberData(nameof(OfCertificates))]
    public async Task Flawed_service_certificate_is_refused(string flaw)
    {
        WidevineKeySystem system = await sandbox.StartAsync(_clock, ("Privacy", "Required"));
        ILicenseSession session = await OpenAsync(system, new RecordingSessionHost());
        (await session.RefusedAsync(await AskAsync(session, $"&flaw={flaw}"))).Kind.Should().Be(LicenseErrorKind.CertificateNotTrusted);
        (await session.GiveAsync(await AskAsync(session, "&odd=repeat"))).Should().Be(LicenseOutcome.AnotherExchangeNeeded);
        (await session.GiveAsync(await AskAsync(session, "&privacy=1"))).Should().Be(LicenseOutcome.Complete);
    }

    [Theory]
    [InlineData("core")]
    [InlineData("unknown_fields")]
    [InlineData("key_control")]
    [InlineData("short_kid")]
    [InlineData("long_kid")]
    public async Task Odd_licence_is_taken(string odd)
    {
        RecordingSessionHost host = new();
        ILicenseSession session = await OpenAsync(await sandbox.StartAsync(_clock), host);
        await session.GiveAsync(await AskAsync(session, $"&odd={odd}"));
        host.Keys[MeetingSandbox.ContentKeys[0].Id].Should().Equal(MeetingSandbox.ContentKeys[0].Key);
    }

    private static async Task<ILicenseSession> OpenAsync(WidevineKeySystem system, RecordingSessionHost host) =>
        await system.OpenSessionAsync(Bench.Request(MeetingSandbox.Payload(MeetingSandbox.ContentKeys[0].Id)), host, CancellationToken.None);

    private async Task<byte[]> AskAsync(ILicenseSession session, string query)
    {
        (int status, byte[] body) = await sandbox.PostAsync((await session.AskAsync()).Bytes, _clock, query);
        status.Should().Be(200);
        return body;
    }
}
