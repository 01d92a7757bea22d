using System.Net;
using Keyway.Sandbox.PlayReady;

namespace Keyway.Sandbox.ExpressPlay;

/// <summary>PlayReady tokens are redeemed, and the licences are read by a test client that shares no line with the sandbox.</summary>
[Collection(ExpressPlaySandbox.Collection)]
public sealed class PlayReadyLicenseHostTests(ExpressPlaySandbox sandbox)
{
    [Theory]
    [InlineData("query")]
    [InlineData("header")]
    [InlineData("CustomData")]
    public async Task PlayReady_token_brings_its_key_under_its_terms(string placement)
    {
        string url = await sandbox.TokenAsync(
            "pr",
            "&now=2208988800",
            "rightsType=Rental", "rental.periodEndTime=2040-06-01T00:00:00Z", "rental.playDuration=7200", "generalFlags=00000001", "unknownOutputBehavior=Allow", "minCertSecurityLevel=2000", "algId=aescbc",
            "compressedDigitalVideoOPL=500", "uncompressedDigitalVideoOPL=300", "analogVideoOPL=200", "compressedDigitalAudioOPL=250", "uncompressedDigitalAudioOPL=150");

        TestAnswer answer = await sandbox.PlayReadyAsync(url + "&now=2208988800", placement: placement, time: 2208988800);

        answer.Status.Should().Be(HttpStatusCode.OK, answer.Text);
        answer.ContentType.Should().Be("text/xml; charset=utf-8");
        TestLicense license = answer.Licenses.Should().ContainSingle().Which;
        (license.Kid, license.KeyType).Should().Be((ExpressPlaySandbox.KidOf(ExpressPlaySandbox.Kid), 5));
        license.Open(sandbox.PlayReady.Device.Encrypt).Should().Equal(Convert.FromHexString(ExpressPlaySandbox.Key));
        license.Types.Should().NotContain(0x0D, "it may be kept");
        license[0x12].Should().Equal([0, 0, 0, 0, .. U32(2222121600)]);   // date -u -d 2040-06-01 +%s
        license[0x30].Should().Equal(U32(7200));
        license[0x34].Should().Equal(U16(2000));
        license[0x05].Should().Equal([.. U16(500), .. U16(300), .. U16(200), .. U16(250), .. U16(150)]);
        new Guid(license[0x39], bigEndian: false).Should().Be(new Guid("786627D8-C2A6-44BE-8F88-08AE255B01A7"));
        answer.IsSigned.Should().BeTrue();
    }

    [Fact]
    public async Task PlayReady_answer_has_the_keys_that_the_content_names()
    {
        string[] two = ["-kid", "-contentKey", $"kid.0={ExpressPlaySandbox.Kid}", $"contentKey.0={ExpressPlaySandbox.Key}", $"kid.1={ExpressPlaySandbox.OtherKid}", $"contentKey.1={ExpressPlaySandbox.OtherKey}"];
        string url = await sandbox.TokenAsync("pr", "", two);

        TestAnswer answer = await sandbox.PlayReadyAsync(url, ExpressPlaySandbox.KidOf(ExpressPlaySandbox.OtherKid));

        answer.Licenses.Should().ContainSingle().Which.Open(sandbox.PlayReady.Device.Encrypt).Should().Equal(Convert.FromHexString(ExpressPlaySandbox.OtherKey));
        (await sandbox.PlayReadyAsync(url, new Guid("00010203-0405-0607-0809-0a0b0c0d0e0f"))).Licenses.Should().HaveCount(2);
    }

    [Fact]
    public async Task PlayReady_refusals_are_faults_that_begin_with_the_code()
    {
        string url = await sandbox.TokenAsync("pr", "&now=2208988800&max_redemptions=1", "expirationTime=+60");
        ExpressPlaySandbox.Fault(await sandbox.PlayReadyAsync(url + "&now=2208988860", time: 2208988860), -4010).Should().Contain("expired");
        (await sandbox.PlayReadyAsync(url + "&now=2208988800", time: 2208988800)).Licenses.Should().ContainSingle();
        ExpressPlaySandbox.Fault(await sandbox.PlayReadyAsync(url + "&now=2208988800", time: 2208988800), -4010).Should().Contain("often");
        ExpressPlaySandbox.Fault(await sandbox.PlayReadyAsync(url[..^1] + (url[^1] == 'A' ? 'B' : 'A')), -4010);
        ExpressPlaySandbox.Fault(await sandbox.PlayReadyAsync("/playready/RightsManager.asmx"), -4010);
        ExpressPlaySandbox.Fault(await sandbox.PlayReadyAsync($"{sandbox.Production}playready/RightsManager.asmx?ExpressPlayToken={ExpressPlaySandbox.TokenOf(url)}"), -2018);
    }

    [Fact]
    public async Task PlayReady_token_may_be_bound_to_a_device_that_the_log_told()
    {
        string cookie = Guid.NewGuid().ToString("N");
        await sandbox.PlayReadyAsync(await sandbox.TokenAsync("pr", "", $"cookie={cookie}"));
        string device = (await sandbox.LogAsync($"?cookie={cookie}")).Single().GetProperty("device").GetString()!;
        device.Should().MatchRegex("^[0-9a-f]{32}$");

        (await sandbox.PlayReadyAsync(await sandbox.TokenAsync("pr", "", $"deviceid={device.ToUpperInvariant()}"))).Licenses.Should().ContainSingle();
        ExpressPlaySandbox.Fault(await sandbox.PlayReadyAsync(await sandbox.TokenAsync("pr", "", "deviceid=00112233445566778899aabbccddeeff")), -4001);
    }

    private static byte[] U16(int value) => [(byte)(value >> 8), (byte)value];

    private static byte[] U32(long value) => [(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value];
}
