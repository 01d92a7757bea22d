using System.Net;

namespace Keyway.Sandbox.PlayReady;

public sealed class LicenseTests(SharedSandbox sandbox) : IClassFixture<SharedSandbox>
{
    [Fact]
    public async Task Key_of_a_file_arrives_in_a_licence_that_may_not_be_kept()
    {
        TestClient client = await TestClient.MakeAsync(sandbox.Http);
        TestChallenge challenge = client.Challenge;

        TestAnswer answer = await client.AskAsync(challenge);

        answer.Status.Should().Be(HttpStatusCode.OK, answer.Text);
        answer.ContentType.Should().Be("text/xml; charset=utf-8");
        answer.IsSigned.Should().BeFalse();
        TestLicense license = answer.Licenses.Should().ContainSingle().Which;
        license.Types.Should().Equal(0x01, 0x02, 0x0D, 0x13, 0x33, 0x34, 0x04, 0x09, 0x0A, 0x2A, 0x0B);
        license.RightsId.Should().Equal(challenge.Nonce);
        license[0x0D].Should().Equal(0, 1);
        license[0x34].Should().Equal(0, 150);
        license.Kid.Should().Be(TestClient.OwnKid);
        license.KeyType.Should().Be(1);
        license.CipherType.Should().Be(3);
        license.Open(client.Device.Encrypt).Should().Equal(Convert.FromHexString(SharedSandbox.OwnKey));
    }
}
