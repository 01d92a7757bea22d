using System.Globalization;
using Keyway.Licensing;

namespace Keyway.ExpressPlay;

/// <summary>Every code of the documented table, in every form in which a refusal may come; and beside each a request that passes.</summary>
public sealed class ExpressPlayErrorTests
{
    // The service's published table of errors, read by hand: code, and what kind of failure it describes.
    private const string Table = """
        -2002 PolicyInvalid
        -2003 LocationDenied
        -2005 PolicyInvalid
        -2008 PolicyInvalid
        -2017 CredentialInvalid
        -2018 WrongEnvironment
        -2019 CreditsExhausted
        -2020 PolicyInvalid
        -2021 PolicyInvalid
        -2022 PolicyInvalid
        -2023 PolicyInvalid
        -2025 PolicyInvalid
        -2027 PolicyInvalid
        -2030 ServerFault
        -2031 AccountDisabled
        -2033 PolicyInvalid
        -2034 PolicyInvalid
        -2035 PolicyInvalid
        -2036 PolicyInvalid
        -2037 PolicyInvalid
        -2040 PolicyInvalid
        -3004 PolicyInvalid
        -4001 DeviceUnverified
        -4010 TokenInvalid
        -4018 PolicyInvalid
        -4019 KeyNotFound
        -4020 PolicyInvalid
        -4021 PolicyInvalid
        -4022 PolicyInvalid
        -4024 PolicyInvalid
        -5001 PolicyInvalid
        -5002 AccountDisabled
        -5003 PolicyInvalid
        -5004 PolicyInvalid
        -5005 PolicyInvalid
        -5006 PolicyInvalid
        -5007 PolicyInvalid
        -6001 PolicyInvalid
        -6002 PolicyInvalid
        -6003 PolicyInvalid
        -6004 ServerFault
        -6005 PolicyInvalid
        -6006 AccountDisabled
        -6007 PolicyInvalid
        -6008 PolicyInvalid
        -6009 AccountDisabled
        -7002 PolicyInvalid
        -7003 PolicyInvalid
        -7004 PolicyInvalid
        -7006 PolicyInvalid
        -7007 PolicyInvalid
        -7008 DeviceUnverified
        -7009 PolicyInvalid
        -7011 AccountDisabled
        """;

    private static readonly (string, string)[] Settings = [("Settings:Environment", "Test"), ("Token:Secret", "secret:token"), ("Steps:retry:Attempts", "1")];

    public static TheoryData<int, LicenseErrorKind> Codes
    {
        get
        {
            TheoryData<int, LicenseErrorKind> data = [];
            foreach (string[] words in Table.Split('\n').Select(static line => line.Trim().Split(' '))) data.Add(int.Parse(words[0], CultureInfo.InvariantCulture), Enum.Parse<LicenseErrorKind>(words[1]));
            return data;
        }
    }

    [Fact]
    public void Table_is_complete() => ExpressPlayCode.All.Select(static code => code.Code).Should().Equal(Codes.Select(static row => row.Data.Item1)).And.OnlyHaveUniqueItems();

    [Theory]
    [MemberData(nameof(Codes))]
    public async Task Code_is_told_in_shared_words_with_advice_in_whatever_form_it_comes(int code, LicenseErrorKind kind)
    {
        Answer[] forms =
        [
            new($$$"""{"error":{"code":{{{code}}},"message":"[{{{code}}}] something about {{{ExpressPlayBench.Token}}}"}}""", 400, "application/json"),
            new($$$"""{"error":{"code":{{{code}}},"message":"under 200"}}""", 200, "text/uri-list"),
            new($"<!DOCTYPE html><html><body><h1>Error</h1><p>[{code}] something</p></body></html>", 401, "text/html"),
            new($"<html><body>{code}: something</body></html>", 200, "text/html"),
            new($"[{code}] something", 500, "text/plain"),
            new($"{code}", 200, "text/plain"),
        ];
        Answer said = forms[0];
        ExpressPlayBench bench = new((_, _) => said, Settings);
        foreach (string keySystem in (string[])["widevine", "playready"])
        {
            foreach (Answer form in forms)
            {
                said = form;
                LicenseServiceException failure = await bench.FailsAsync(keySystem);
                (failure.Kind, failure.ProviderCode, failure.Status).Should().Be((kind, code.ToString(CultureInfo.InvariantCulture), form.Status), form.Body);
                failure.Advice.Should().NotBeNullOrEmpty();
                failure.Retryable.Should().Be(code == -2030);
            }

            said = new Answer("LICENCE");
            (await bench.RunAsync(keySystem)).Should().Be("LICENCE", "the same request passes where the service has nothing against it");
        }
    }

    [Fact]
    public async Task Widevines_own_status_is_shown_with_the_refusal()
    {
        // As it was captured from a live service (castlabs/electron-releases, issue 58), shortened.
        const string body = """{"error":{"code":-7008,"message":"[-7008] Failed to generate license: {\"status\":\"ACCESS_DENIED\",\"internal_status\":167,\"content_provider\":\"intertrust\"}"}}""";
        ExpressPlayBench bench = new((_, _) => new Answer(body, 500, "application/json"), Settings);
        LicenseServiceException failure = await bench.FailsAsync("widevine");
        failure.Kind.Should().Be(LicenseErrorKind.DeviceUnverified);
        failure.Message.Should().Contain("ACCESS_DENIED").And.Contain("167");
    }

    [Theory]
    [InlineData("""{"error":{"code":-9999,"message":"new"}}""", 403, "application/json", LicenseErrorKind.Unknown, "-9999")]
    [InlineData("<html><body>Sign in</body></html>", 200, "text/html", LicenseErrorKind.Unknown, null)]
    [InlineData("gone", 404, "text/plain", LicenseErrorKind.Unknown, null)]
    [InlineData("", 503, "text/plain", LicenseErrorKind.ServerFault, null)]
    [InlineData("<html><body>Bad gateway</body></html>", 502, "text/html", LicenseErrorKind.ServerFault, null)]
    [InlineData("", 401, "text/plain", LicenseErrorKind.TokenInvalid, null)]
    [InlineData("<soap:Envelope><soap:Fault/></soap:Envelope>", 500, "text/xml", LicenseErrorKind.DeviceRevoked, null)]
    public async Task What_is_no_known_code_is_told_too(string body, int status, string type, LicenseErrorKind kind, string? code)
    {
        ExpressPlayBench bench = new((_, _) => new Answer(body, status, type), Settings);
        LicenseServiceException failure = await bench.FailsAsync("playready");
        (failure.Kind, failure.ProviderCode).Should().Be((kind, code));
        failure.Retryable.Should().Be(status is 502 or 503);
    }

    [Theory]
    [InlineData("CAESEFk4")]
    [InlineData("license -4010 in the middle of bytes \u0001\u0002")]
    [InlineData("<soap:Envelope><License>[-4010]</License></soap:Envelope>")]
    public async Task Licence_that_looks_a_little_like_an_error_is_a_licence(string body)
    {
        ExpressPlayBench bench = new((_, _) => new Answer(body), Settings);
        (await bench.RunAsync("playready")).Should().Be(body);
    }
}
