using System.Text;
using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Testing;

namespace Keyway.PlayReady.Meeting;

/// <summary>Every flaw that the sandbox knows, met by the plugin: refused with PlayReady's code and the kind that fits, and nothing imported.</summary>
[Collection(nameof(MeetingCollection))]
public sealed class FlawTests(MeetingSandbox sandbox)
{
    private static readonly KeyId Id = SharedVectors.Id("6f651ae1-dbe4-4434-bcb4-690d1564c41c");
    private static readonly byte[] Key = Convert.FromHexString("88da852ae4fa2e1e36aeb2d5c94997b1");   // of the public test seed

    private readonly ManualClock _clock = new();

    public static TheoryData<string, string, LicenseErrorKind, string> Flaws => new()
    {
        { "mac", "0x80048008", LicenseErrorKind.LicenseNotAuthentic, "" },
        { "device_key", "0x8004C056", LicenseErrorKind.LicenseNotForThisDevice, "" },
        { "no_device_key", "0x8004C056", LicenseErrorKind.LicenseNotForThisDevice, "" },
        { "rights_id", "0x8004D000", LicenseErrorKind.LicenseNotAuthentic, "" },
        { "kid", "0x8004C0C1", LicenseErrorKind.KeyNotFound, "" },
        { "content_key", "0x80041109", LicenseErrorKind.ContentMismatch, "" },
        { "rights_bits", "0x8004C0E3", LicenseErrorKind.LicenseMalformed, "" },
        { "unknown_object", "0x8004C0E3", LicenseErrorKind.LicenseMalformed, "" },
        { "cipher_type", "0x8004C054", LicenseErrorKind.LicenseMalformed, "" },
        { "key_type", "0x8004C0C1", LicenseErrorKind.ContentMismatch, "" },
        { "xmr_version", "0x8004C0E6", LicenseErrorKind.LicenseMalformed, "" },
        { "signature", "0x8004C076", LicenseErrorKind.LicenseNotAuthentic, "&cfg=(persist:true)" },
        { "digest", "0x8004C076", LicenseErrorKind.LicenseNotAuthentic, "&sign=1" },
        { "unsigned", "0x8004C078", LicenseErrorKind.LicenseNotAuthentic, "&cfg=(persist:true)" },
        { "nonce", "0x8004D000", LicenseErrorKind.LicenseNotAuthentic, "&cfg=(persist:true)" },
        { "no_nonce", "0x8004D000", LicenseErrorKind.LicenseNotAuthentic, "&cfg=(persist:true)" },
        { "no_response_id", "0x8004C077", LicenseErrorKind.LicenseNotAuthentic, "&cfg=(persist:true)" },
        { "root", "0x8004C836", LicenseErrorKind.CertificateNotTrusted, "&cfg=(persist:true)" },
        { "usage", "0x8004C838", LicenseErrorKind.CertificateNotTrusted, "&cfg=(persist:true)" },
        { "duplicate", "0x8004C070", LicenseErrorKind.LicenseMalformed, "" },
        { "no_license", "0x8004C013", LicenseErrorKind.KeyNotFound, "" },
        { "malformed", "0x8004C006", LicenseErrorKind.LicenseMalformed, "" },
        { "truncated", "0x8004C006", LicenseErrorKind.LicenseMalformed, "" },
    };

    [Fact]
    public async Task Every_flaw_of_the_front_page_is_met()
    {
        string page = await sandbox.Http.GetStringAsync(new Uri("/", UriKind.Relative), TestContext.Current.CancellationToken);
        int from = page.IndexOf("Errors of /playready/", StringComparison.Ordinal), to = page.IndexOf("odd=NAME,…", from, StringComparison.Ordinal);

        // Names are single words of small letters; an explanation has more words than one, but for these three.
        IEnumerable<string> named = page[from..to].Split('\n').Skip(1).SelectMany(line => line.Split("  ", StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            .SelectMany(word => word.All(letter => letter is '_' or ' ' or (>= 'a' and <= 'z')) && word.Split(' ') is { Length: 2 } pair && pair[1].StartsWith("no_", StringComparison.Ordinal) ? pair : [word])
            .Where(word => word != "none" && word.All(letter => letter is '_' or (>= 'a' and <= 'z')));
        named.Distinct().Should().BeEquivalentTo(Flaws.Select(row => row.Data.Item1));
    }

    [Theory]
    [MemberData(nameof(Flaws))]
    public async Task Flawed_answer_is_refused_and_the_next_one_is_taken(string flaw, string code, LicenseErrorKind kind, string more)
    {
        RecordingSessionHost host = new();
        await using ILicenseSession session = await OpenAsync(await sandbox.StartAsync(_clock), host);
        byte[] answer = await sandbox.AskAsync(session, _clock, $"&flaw={flaw}{more}");
        LicenseServiceException refusal = await session.RefusedAsync(answer);
        (refusal.ProviderCode, refusal.Kind).Should().Be((code, kind));
        refusal.Message.Should().Contain(code);
        host.Keys.Should().BeEmpty();
        host.Statuses.Should().BeEmpty();

        // Control: without the flaw, the same session takes the same licence.
        await session.GiveAsync(await sandbox.AskAsync(session, _clock, more));
        host.Keys.Should().ContainSingle().Which.Value.Should().Equal(Key);
    }

    [Theory]
    [InlineData("")]
    [InlineData("&odd=unknown_object")]
    [InlineData("&odd=order")]
    [InlineData("&odd=transaction")]
    [InlineData("&odd=big_endian")]
    [InlineData("&odd=bare")]
    [InlineData("&soap=1.2")]
    [InlineData("&sign=1&soap=1.2&odd=order,transaction")]
    [InlineData("&cfg=(persist:true,removaldate:20400101,playenablers:5ABF0F0D-DC29-4B82-9982-FD8E57525BFC)")]
    public async Task Odd_answer_is_taken(string query)
    {
        RecordingSessionHost host = new();
        await using ILicenseSession session = await OpenAsync(await sandbox.StartAsync(_clock), host);
        await session.GiveAsync(await sandbox.AskAsync(session, _clock, query));
        host.Keys[Id].Should().Equal(Key);
    }

    [Theory]
    [InlineData("?level=2000", "&cfg=(sl:2000)", "2000")]
    [InlineData("?level=3000", "&cfg=(sl:3000)", "3000")]
    public async Task Levels_are_for_devices_that_have_them(string device, string query, string robustness)
    {
        RecordingSessionHost host = new();
        await using ILicenseSession low = await OpenAsync(await sandbox.StartAsync(_clock), host);
        LicenseServiceException refusal = await low.RefusedAsync(await sandbox.AskAsync(low, _clock, query + "&lenient=level"));
        (refusal.ProviderCode, refusal.Kind).Should().Be(("0x8004A004", LicenseErrorKind.SecurityLevelTooLow));
        host.Keys.Should().BeEmpty();

        await using ILicenseSession high = await OpenAsync(await sandbox.StartAsync(await sandbox.IssueAsync(device), _clock, ("Robustness", robustness)), host);
        await high.GiveAsync(await sandbox.AskAsync(high, _clock, query));
        host.Keys[Id].Should().Equal(Key);
    }

    [Theory]
    [InlineData("root", "0x8004C836")]
    [InlineData("key", "0x8004C035")]
    [InlineData("usage", "0x8004C838")]
    [InlineData("encrypt", "0x8004C838")]
    [InlineData("type", "0x8004C836")]
    public async Task Flawed_device_does_not_start(string flaw, string code)
    {
        Device device = await sandbox.IssueAsync($"?flaw={flaw}");
        Func<Task> start = () => sandbox.StartAsync(device, _clock);
        (await start.Should().ThrowAsync<LicenseServiceException>()).Which.Should()
            .Match<LicenseServiceException>(refusal => refusal.ProviderCode == code && refusal.Kind == LicenseErrorKind.CredentialInvalid);
    }

    [Fact]
    public async Task Device_without_a_clock_gets_no_licence_with_rules_of_time()
    {
        RecordingSessionHost host = new();
        await using ILicenseSession session = await OpenAsync(await sandbox.StartAsync(await sandbox.IssueAsync("?features=13"), _clock), host);
        (await session.RefusedAsync(await sandbox.AskAsync(session, _clock, "&cfg=(endin:60)"))).ProviderCode.Should().Be("0x8004C05C");
        await session.GiveAsync(await sandbox.AskAsync(session, _clock, ""));
        host.Keys.Should().ContainKey(Id);
    }

    [Fact]
    public async Task Challenge_holds_no_device_in_the_clear_and_is_answered_once()
    {
        PlayReadyKeySystem system = await sandbox.StartAsync(_clock);
        await using ILicenseSession session = await OpenAsync(system, new RecordingSessionHost());
        System.Buffers.ArrayBufferWriter<byte> written = new();
        await session.WriteChallengeAsync(new ChallengeRequest { Kind = ChallengeKind.License, CustomData = "a<b&\"c\r\nü" }, written, CancellationToken.None);
        byte[] challenge = written.WrittenSpan.ToArray();
        Encoding.UTF8.GetString(challenge).Should().NotContain(Convert.ToBase64String(sandbox.Device.Chain)[..64]);
        await sandbox.PostAsync(challenge, _clock, "");
        using ByteArrayContent again = new(challenge);
        using HttpResponseMessage refused = await sandbox.Http.PostAsync(new Uri($"{sandbox.Url}?now={_clock.GetUtcNow().ToUnixTimeSeconds()}"), again, TestContext.Current.CancellationToken);
        ((int)refused.StatusCode).Should().Be(500);
        byte[] fault = await refused.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        session.ReadRefusal(Issuer.TestWorld.Http(fault, 500)).Should().Match<LicenseServiceException>(one => one.ProviderCode == "0x8004C601" && one.Kind == LicenseErrorKind.BadChallenge && one.Retryable);
    }

    [Fact]
    public async Task Answers_are_described_without_a_device_and_without_a_byte_of_a_key()
    {
        PlayReadyKeySystem system = await sandbox.StartAsync(_clock);
        await using ILicenseSession session = await OpenAsync(system, new RecordingSessionHost());
        byte[] answer = await sandbox.AskAsync(session, _clock, "&cfg=(persist:true,sl:150,endin:600,firstexp:60,ucvopl:250)");
        LicenseDescription shown = system.DescribeLicenses(answer).Should().ContainSingle().Subject;
        shown.KeyIds.Should().Equal(Id);
        shown.Refusal.Should().BeNull();
        shown.Facts.Should().Contain(
        [
            new HeaderFact { Name = "Persistence", Value = "may be stored" }, new HeaderFact { Name = "MinimumSecurityLevel", Value = "150" }, new HeaderFact { Name = "End", Value = _clock.GetUtcNow().AddSeconds(600).ToString("u") }, new HeaderFact { Name = "ExpiresAfterFirstPlay", Value = "60 seconds" },
            new HeaderFact { Name = "OutputProtectionLevels", Value = "compressed video 100, uncompressed video 250, analogue video 100, compressed audio 100, uncompressed audio 100" },
        ]);

        byte[] license = Convert.FromBase64String(System.Xml.Linq.XDocument.Parse(Encoding.UTF8.GetString(answer)).Descendants().Single(element => element.Name.LocalName == "License").Value);
        string text = string.Join('\n', shown.Facts);
        for (int at = license.Length - 28 - 76 - 128; at < license.Length - 8; at++)
            text.Should().NotContainEquivalentOf(Convert.ToHexString(license, at, 6)).And.NotContain(Convert.ToBase64String(license, at, 6));

        system.DescribeLicenses(license).Should().ContainSingle();
        system.DescribeLicenses(Encoding.ASCII.GetBytes(Convert.ToBase64String(license, Base64FormattingOptions.InsertLineBreaks))).Should().ContainSingle();
        system.DescribeLicenses(Encoding.UTF8.GetBytes("\uFEFF" + Convert.ToBase64String(license))).Should().ContainSingle("an editor puts a mark before a text");
        system.DescribeLicenses(license.AsMemory(0, 90)).Should().ContainSingle().Which.Refusal!.ProviderCode.Should().Be("0x8004C006");
        foreach (string other in (string[])["", "<MPD/>", "bm8gbGljZW5jZQ==", "<LicenseResponse/>", "XMR"]) system.DescribeLicenses(Encoding.ASCII.GetBytes(other)).Should().BeNull();
    }

    private static async Task<ILicenseSession> OpenAsync(PlayReadyKeySystem system, RecordingSessionHost host) => await system.OpenSessionAsync(
        new SessionRequest
        {
            Headers = [Meetings.Header("<WRMHEADER xmlns=\"http://schemas.microsoft.com/DRM/2007/03/PlayReadyHeader\" version=\"4.1.0.0\"><DATA><PROTECTINFO><KID ALGID=\"AESCTR\" CHECKSUM=\"KLj3QzQP/NA=\" VALUE=\"4Rplb+TbNES8tGkNFWTEHA==\"></KID></PROTECTINFO></DATA></WRMHEADER>")],
            Keys = [new WantedKey { Id = Id, Scheme = ProtectionScheme.Cenc }],
        },
        host,
        CancellationToken.None);
}
