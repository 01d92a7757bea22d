using System.Security.Cryptography;

namespace Keyway.Sandbox.Widevine;

/// <summary>A licence that the test client has opened.</summary>
internal sealed class TestLicense
{
    private TestLicense(WireMessage license)
    {
        Facts = license;
        Policy = license.Message(2);
        Id = new Identification(license.Bytes(1));
    }

    public WireMessage Facts { get; }

    public WireMessage Policy { get; }

    public Identification Id { get; }

    public byte[] SigningKey { get; private set; } = [];

    /// <summary>Type, identifier, key and the rest of every container that is not the signing key.</summary>
    public List<(long Type, string Id, string Key, WireMessage Container)> Keys { get; } = [];

    public static TestLicense Open(WireMessage message, byte[] server, byte[] encryption)
    {
        byte[] core = message.Has(9) ? message.Bytes(9) : [], msg = message.Bytes(2);
        if (!HMACSHA256.HashData(server, (byte[])[.. core, .. msg]).SequenceEqual(message.Bytes(3))) throw new CryptographicException("HMAC");

        TestLicense license = new(new WireMessage(msg));
        using Aes aes = Aes.Create();
        foreach (WireMessage container in license.Facts.All(3).Select(bytes => new WireMessage(bytes)))
        {
            byte[] key = container.Has(3) ? Open(container) : [];
            if (container.Number(4) != 1)
            {
                license.Keys.Add((container.Number(4), container.Has(1) ? Convert.ToHexStringLower(container.Bytes(1)) : "", Convert.ToHexStringLower(key), container));
                continue;
            }

            container.Has(1).Should().BeFalse("a signing key has no identifier");
            license.SigningKey.Should().BeEmpty("there is one signing key");
            license.SigningKey = key;
        }

        return license;

        byte[] Open(WireMessage container)
        {
            aes.Key = encryption;
            return aes.DecryptCbc(container.Bytes(3), container.Bytes(2), PaddingMode.PKCS7);
        }
    }

    /// <summary>Opens what answers a renewal or release of this licence.</summary>
    public TestLicense OpenAnswer(byte[] response)
    {
        WireMessage message = new(response);
        message.Number(1).Should().Be(2);
        message.Has(4).Should().BeFalse("an answer about an existing licence brings no session key");
        TestLicense license = Open(message, SigningKey[..32], []);
        license.SigningKey = SigningKey;
        return license;
    }

    /// <summary>The LicenseIdentification.</summary>
    public sealed class Identification(byte[] bytes)
    {
        public WireMessage Facts { get; } = new(bytes);

        public int Version => (int)Facts.Number(5);

        /// <summary>Its bytes as they came, or with another version.</summary>
        public byte[] Done(int? version) => version is null ? bytes : new WireWriter().Bytes(1, Facts.Bytes(1)).Bytes(2, Facts.Bytes(2)).Number(4, Facts.Number(4)).Number(5, version.Value).Done();
    }
}
