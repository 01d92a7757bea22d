using System.Buffers.Binary;
using System.Security;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Xml.Linq;
using Keyway.PlayReady.Issuer;
using Keyway.Testing;

namespace Keyway.Cli.Leaks;

/// <summary>PlayReady: the device's private keys, the encrypted parts and signatures of the challenge, wrapped keys and integrity keys of the licence.</summary>
internal sealed class PlayReadyCase : LeakCase
{
    private byte[] _encryptKey = [];

    public override string Path => "playready/rightsmanager.asmx";

    public override string? Persistent => "?cfg=(persist:true)";

    public override async Task<IReadOnlyDictionary<string, string>> DeviceAsync(HttpClient sandbox, Action<string, byte[]> keep, LeakScan scan)
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        using HttpResponseMessage answer = await sandbox.PostAsync(new Uri("credential/playready" + Device, UriKind.Relative), null, cancel);
        using JsonDocument device = JsonDocument.Parse(await answer.Content.ReadAsStreamAsync(cancel));
        using JsonDocument trust = JsonDocument.Parse(await sandbox.GetStreamAsync(new Uri("trust", UriKind.Relative), cancel));
        foreach (string name in (string[])["chain", "signKey", "encryptKey"]) keep("playready-" + name.ToLowerInvariant(), device.RootElement.GetProperty(name).GetBytesFromBase64());
        scan.Plant("the device's signing key", Private(device.RootElement.GetProperty("signKey").GetBytesFromBase64()));
        _encryptKey = Private(device.RootElement.GetProperty("encryptKey").GetBytesFromBase64());
        scan.Plant("the device's encryption key", _encryptKey);
        JsonElement known = trust.RootElement.GetProperty("playready");
        return new Dictionary<string, string>
        {
            ["Chain"] = "secret:playready-chain",
            ["SignKey"] = "secret:playready-signkey",
            ["EncryptKey"] = "secret:playready-encryptkey",
            ["Roots:test:PublicKey"] = known.GetProperty("rootPublicKey").GetString()!,
            ["Roots:test:Development"] = "true",
            ["ServerKey"] = known.GetProperty("serverEncryptionKey").GetString()!,
        };
    }

    public override void PlantWire(LeakScan scan, byte[] challenge, byte[] license)
    {
        foreach (XElement element in XElement.Parse(Encoding.UTF8.GetString(challenge)).Descendants())
        {
            if (element.Name.LocalName is "CipherValue" or "SignatureValue")
                scan.Plant($"the challenge's {element.Name.LocalName}", Convert.FromBase64String(element.Value));
        }

        foreach (XElement element in XElement.Parse(Encoding.UTF8.GetString(license)).Descendants())
        {
            if (element.Name.LocalName == "SignatureValue") scan.Plant("the answer's signature", Convert.FromBase64String(element.Value));
            if (element.Name.LocalName == "License") PlantLicense(scan, Convert.FromBase64String(element.Value));
        }
    }

    /// <summary>The code that a service uses for a reason of its own, with the reason.</summary>
    public override (string Type, string Body) Refusal(string echo) => ("text/xml; charset=utf-8",
        $"<soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap:Body><soap:Fault><faultcode>soap:Server</faultcode><faultstring>{SecurityElement.Escape(echo)}</faultstring>"
        + $"<faultactor>{SecurityElement.Escape(echo)}</faultactor><detail><Exception><StatusCode>0x8004C604</StatusCode><CustomData>{SecurityElement.Escape(echo)}</CustomData></Exception></detail>"
        + "</soap:Fault></soap:Body></soap:Envelope>");

    // XMR: 24 bytes, then objects of flags 2, type 2, length 4 (with these 8), body; the flag 2 says that the body is objects.
    private void PlantLicense(LeakScan scan, ReadOnlySpan<byte> license)
    {
        int keys = 0;
        Walk(license[24..]);
        keys.Should().BePositive("a licence without a key proves nothing");

        void Walk(ReadOnlySpan<byte> objects)
        {
            while (!objects.IsEmpty)
            {
                int length = BinaryPrimitives.ReadInt32BigEndian(objects[4..]);
                ReadOnlySpan<byte> body = objects[8..length];
                switch (BinaryPrimitives.ReadUInt16BigEndian(objects[2..]))
                {
                    case 0x000A:
                        // Key id 16, key type 2, cipher type 2, length 2, ElGamal over P-256: its x is integrity key and content key.
                        ReadOnlySpan<byte> wrapped = body.Slice(22, 128);
                        scan.Plant("a wrapped key of the licence", wrapped);
                        byte[] x = TestCurve.ToBytes(TestCurve.Unwrap(TestCurve.FromBytes(_encryptKey), wrapped).X);
                        scan.Plant("the licence's integrity key", x.AsSpan(0, 16));
                        scan.Plant("the licence's content key", x.AsSpan(16, 16));
                        keys++;
                        break;
                    case 0x000B:
                        scan.Plant("the licence's signature", body[4..20]);
                        break;
                }

                if ((BinaryPrimitives.ReadUInt16BigEndian(objects) & 2) != 0) Walk(body);
                objects = objects[length..];
            }
        }
    }

    private static byte[] Private(byte[] file)
    {
        using ECDsa key = ECDsa.Create();
        key.ImportFromPem(Encoding.ASCII.GetString(file));
        return key.ExportParameters(includePrivateParameters: true).D!;
    }
}
