using Keyway.Licensing;
using Keyway.PlayReady.Issuer;

namespace Keyway.PlayReady.Soap;

public sealed class SoapFaultTests
{
    [Theory]
    [InlineData("0x8004c065", LicenseErrorKind.DeviceRevoked)]
    [InlineData("0x8004C600", LicenseErrorKind.ServerFault)]
    [InlineData("0x8004C601", LicenseErrorKind.BadChallenge)]
    [InlineData("0x8004C602", LicenseErrorKind.PolicyInvalid)]
    [InlineData("0x8004C603", LicenseErrorKind.CredentialInvalid)]
    [InlineData("0x8004C604", LicenseErrorKind.Unknown)]
    [InlineData("0x8004C605", LicenseErrorKind.PolicyInvalid)]
    [InlineData("0x8004C609", LicenseErrorKind.BadChallenge)]
    [InlineData("0x8004C60B", LicenseErrorKind.BadChallenge)]
    [InlineData("0x8004C60D", LicenseErrorKind.ServerFault)]
    [InlineData("0x8004C611", LicenseErrorKind.BadChallenge)]
    [InlineData("0x8004C013", LicenseErrorKind.KeyNotFound)]
    [InlineData("0x8004A004", LicenseErrorKind.SecurityLevelTooLow)]
    [InlineData("0x8004C035", LicenseErrorKind.DeviceUnverified)]
    [InlineData("0x8004C836", LicenseErrorKind.DeviceUnverified)]
    [InlineData("0x8004C902", LicenseErrorKind.BadChallenge)]
    [InlineData("0x8004110B", LicenseErrorKind.HeaderUnsupported)]
    [InlineData("0x12345678", LicenseErrorKind.Unknown)]
    [InlineData("nonsense", LicenseErrorKind.ServerFault)]
    [InlineData(null, LicenseErrorKind.ServerFault)]
    public void Codes_mean_shared_kinds(string? code, LicenseErrorKind kind)
    {
        LicenseServiceException refusal = Session().ReadRefusal(TestWorld.Http(TestWorld.Fault(code), 500))!;
        refusal.Kind.Should().Be(kind);
        refusal.Status.Should().Be(500);
        refusal.ProviderCode.Should().Be(code is null or "nonsense" ? null : "0x" + code[2..].ToUpperInvariant());
    }

    [Fact]
    public void Soap_12_faults_are_read()
    {
        string text = $"<e:Envelope xmlns:e=\"{TestWorld.Soap12}\"><e:Body><e:Fault><e:Code><e:Value>e:Receiver</e:Value></e:Code><e:Reason><e:Text>no</e:Text></e:Reason>"
            + "<e:Detail><Exception xmlns=\"urn:x\"><StatusCode> 0x8004C065 </StatusCode></Exception></e:Detail></e:Fault></e:Body></e:Envelope>";
        Session().ReadRefusal(TestWorld.Http(System.Text.Encoding.UTF8.GetBytes(text), 500))!.Kind.Should().Be(LicenseErrorKind.DeviceRevoked);
    }

    [Fact]
    public void Anything_else_is_no_refusal()
    {
        PlayReadySession session = Session();
        foreach (string body in (string[])["", "<html></html>", "no", "<!DOCTYPE x><x></x>", $"<e:Envelope xmlns:e=\"{TestWorld.Soap11}\"><e:Body></e:Body></e:Envelope>", $"<e:Envelope xmlns:e=\"urn:other\"><e:Body><e:Fault></e:Fault></e:Body></e:Envelope>"])
            session.ReadRefusal(TestWorld.Http(System.Text.Encoding.UTF8.GetBytes(body), 500)).Should().BeNull();
        session.ReadRefusal(TestWorld.Http([0xFF, 0xFE, 1], 500)).Should().BeNull();
    }

    [Fact]
    public void Invalid_message_is_repeated_once_and_internal_error_three_times()
    {
        PlayReadySession session = Session();
        Retryable(session, "0x8004C601").Should().BeTrue();
        Retryable(session, "0x8004C601").Should().BeFalse();
        for (int i = 0; i < 3; i++) Retryable(session, "0x8004C600").Should().BeTrue();
        Retryable(session, "0x8004C600").Should().BeFalse();
        foreach (string code in (string[])["0x8004C065", "0x8004C602", "0x8004C604", "0x8004C605", "0x8004C60B", "0x12345678"]) Retryable(session, code).Should().BeFalse();
        session.ReadRefusal(TestWorld.Http(TestWorld.Fault(null), 500))!.Retryable.Should().BeFalse("a fault without a code is not repeated blindly");
    }

    [Fact]
    public async Task Redirects_are_followed_by_the_next_challenge_five_times_and_never_down_to_http()
    {
        PlayReadySession session = Session();
        for (int i = 0; i < 5; i++)
        {
            Retryable(session, "0x8004C60D", $"<redirecturl>https://{i}.example/x?a=1&amp;b=2</redirecturl>").Should().BeTrue();
            (await UrlAsync(session)).Should().Be(new Uri($"https://{i}.example/x?a=1&b=2"));
        }

        Retryable(session, "0x8004C60D", "<RedirectUrl>https://6.example/</RedirectUrl>").Should().BeFalse();

        session = Session();
        Retryable(session, "0x8004C60D", "<DomainServerUrl>https://a.example/</DomainServerUrl>").Should().BeTrue();
        Retryable(session, "0x8004C60D", "<RedirectUrl>http://a.example/</RedirectUrl>").Should().BeFalse();
        Retryable(session, "0x8004C60D", "<RedirectUrl>file:///etc/passwd</RedirectUrl>").Should().BeFalse();
        Retryable(session, "0x8004C60D").Should().BeFalse();
        (await UrlAsync(session)).Should().Be(new Uri("https://a.example/"));
    }

    [Fact]
    public void Custom_data_of_a_fault_is_for_the_application_and_in_no_text()
    {
        LicenseServiceException refusal = Session().ReadRefusal(TestWorld.Http(TestWorld.Fault("0x8004C604", "<CustomData>token-4711</CustomData>"), 500))!;
        refusal.Data["CustomData"].Should().Be("token-4711");
        refusal.ToString().Should().NotContain("4711");
        refusal.Advice.Should().NotContain("4711");
    }

    private static bool Retryable(PlayReadySession session, string code, string more = "") => session.ReadRefusal(TestWorld.Http(TestWorld.Fault(code, more), 500))!.Retryable;

    private static async Task<Uri?> UrlAsync(PlayReadySession session) =>
        (await session.WriteChallengeAsync(new ChallengeRequest { Kind = ChallengeKind.License }, new System.Buffers.ArrayBufferWriter<byte>(), TestContext.Current.CancellationToken)).Url;

    private static PlayReadySession Session() => new TestClient(new TestWorld(), TestClient.Wanting((default, Decryption.ProtectionScheme.Cenc))).Session;
}
