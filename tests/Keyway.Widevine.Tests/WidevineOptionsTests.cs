using System.Text;
using Keyway.Licensing;
using Keyway.Widevine.Issuing;

namespace Keyway.Widevine;

public sealed class WidevineOptionsTests
{
    private readonly Bench _bench = new();

    [Fact]
    public void All_errors_are_reported_together_with_their_paths()
    {
        Dictionary<string, string> wrong = new()
        {
            ["PrivateKey"] = "-----BEGIN PRIVATE KEY-----",
            ["Colour"] = "blue",
            ["Roots:test:PublicKey"] = "bm90IGEga2V5IGF0IGFsbCwgcmVhbGx5",
            ["Roots:empty:Development"] = "perhaps",
            ["Roots:file:File"] = "relative.pem",
            ["Roots:odd:Colour"] = "red",
            ["Privacy"] = "Sometimes",
            ["RequestId"] = "Guid",
            ["SecurityLevel"] = "high",
            ["RenewAhead"] = "soon",
            ["ContentIdFromKeyId"] = "maybe",
        };
        foreach ((string name, string value) in wrong) _bench.Settings[name] = value;

        LicenseServiceException refused = FluentActions.Invoking(_bench.Create).Should().Throw<LicenseServiceException>().Which;

        refused.Kind.Should().Be(LicenseErrorKind.CredentialInvalid);
        string[] lines = refused.Message.Split('\n');
        foreach (string path in wrong.Keys.Where(key => key != "Roots:odd:Colour").Append("Roots:odd").Append("Roots:odd:Colour"))
            lines.Should().Contain(line => line.StartsWith($"Keyway:KeySystems:widevine:Settings:{path}", StringComparison.Ordinal));
        refused.Message.Should().NotContain("BEGIN PRIVATE KEY");
    }

    [Theory]
    [InlineData("PrivateKey")]
    [InlineData("ClientId")]
    public void Half_a_credential_is_an_error(string missing)
    {
        _bench.Settings.Remove(missing);
        FluentActions.Invoking(_bench.Create).Should().Throw<LicenseServiceException>().WithMessage("*belong together*");
    }

    [Fact]
    public void Certificate_with_privacy_off_is_an_error()
    {
        _bench.Settings["Privacy"] = "Off";
        _bench.Settings["ServiceCertificate"] = Convert.ToBase64String(TestPki.ServiceCertificate);
        FluentActions.Invoking(_bench.Create).Should().Throw<LicenseServiceException>().WithMessage("*Privacy is Off*");
    }

    [Theory]
    [InlineData("pkcs1")]
    [InlineData("spki")]
    [InlineData("pem pkcs1")]
    [InlineData("pem spki")]
    [InlineData("certificate")]
    public async Task Root_is_read_in_its_forms_from_setting_and_file(string form)
    {
        string text = form switch
        {
            "pkcs1" => TestPki.RootText,
            "spki" => Convert.ToBase64String(TestPki.Root.ExportSubjectPublicKeyInfo()),
            "pem pkcs1" => TestPki.Root.ExportRSAPublicKeyPem(),
            "pem spki" => TestPki.Root.ExportSubjectPublicKeyInfoPem(),
            _ => Convert.ToBase64String(TestPki.Sign(TestPki.Root, TestPki.Certificate(0, TestPki.Root))),
        };
        _bench.Settings["Roots:test:PublicKey"] = text;
        await (await _bench.StartAsync()).DisposeAsync();

        string file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, text, Encoding.ASCII, TestContext.Current.CancellationToken);
            _bench.Settings.Remove("Roots:test:PublicKey");
            _bench.Settings["Roots:test:File"] = file;
            await (await _bench.StartAsync()).DisposeAsync();
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void Root_certificate_that_did_not_sign_itself_is_refused()
    {
        _bench.Settings["Roots:test:PublicKey"] = Convert.ToBase64String(TestPki.Sign(TestPki.OtherRoot, TestPki.Certificate(0, TestPki.Root)));
        FluentActions.Invoking(_bench.Create).Should().Throw<LicenseServiceException>().WithMessage("*Roots:test:PublicKey: is not an RSA public key*");
    }

    [Fact]
    public void Settings_that_are_left_out_have_their_defaults()
    {
        WidevineOptions options = _bench.Create().Options;
        (options.Privacy, options.RequestId, options.SeveralHeaders, options.UnknownPayloads, options.SecurityLevel, options.RenewAhead, options.ContentIdFromKeyId)
            .Should().Be((PrivacyMode.Auto, RequestIdForm.Random, SeveralHeaders.All, UnknownPayloads.PassThrough, 1, TimeSpan.FromMinutes(1), false));
        new WidevineOptions().Should().BeEquivalentTo(new { options.Privacy, options.SecurityLevel, options.RenewAhead });
    }
}
