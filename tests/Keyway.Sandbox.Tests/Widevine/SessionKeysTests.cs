using System.Security.Cryptography;

namespace Keyway.Sandbox.Widevine;

public sealed class SessionKeysTests
{
    [Fact]
    public void Keys_are_those_of_the_public_derivation()
    {
        // A published test vector.
        SessionKeys keys = SessionKeys.Derive(Convert.FromHexString("000102030405060708090a0b0c0d0e0f"), Convert.FromHexString("0a047465737464657465726d696e697374696320636f6e74657874"));
        Convert.ToHexStringLower(keys.Encryption).Should().Be("5cd01b922e80422c9311e8f3acf6aa4a");
        Convert.ToHexStringLower(keys.Server).Should().Be("a1bbaedf799dd9f48cf5fc0023f8f83a5e935cd19496b54005bc3635d44f1e10");
        Convert.ToHexStringLower(keys.Client).Should().Be("28933cb71ff0e322b59f30e6319b27a5159839f7eaf8bab49086d0dc88bee869");
        keys.ToString().Should().Be(nameof(SessionKeys), "no key is ever printed");
    }

    [Fact]
    public void Keys_are_those_that_another_implementation_derives()
    {
        foreach (int length in new[] { 0, 1, 15, 16, 17, 1500 })
        {
            byte[] session = RandomNumberGenerator.GetBytes(16), request = RandomNumberGenerator.GetBytes(length);
            SessionKeys keys = SessionKeys.Derive(session, request);
            (byte[] encryption, byte[] server, byte[] client) = TestClient.Derive(session, request);
            keys.Encryption.Should().Equal(encryption);
            keys.Server.Should().Equal(server);
            keys.Client.Should().Equal(client);
        }
    }
}
