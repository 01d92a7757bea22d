using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Keyway.Testing;
using Keyway.Widevine.Issuing;

namespace Keyway.Cli.Leaks;

/// <summary>Widevine: the device's private key, the session key that it opens, what is derived from that, signatures, wrapped keys.</summary>
internal sealed class WidevineCase : LeakCase
{
    private readonly RSA _device = RSA.Create();

    public override string Path => "widevine";

    public override string? Persistent => "?license_duration_seconds=86400&can_renew=1";

    public override async Task<IReadOnlyDictionary<string, string>> DeviceAsync(HttpClient sandbox, Action<string, byte[]> keep, LeakScan scan)
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        using HttpResponseMessage answer = await sandbox.PostAsync(new Uri("credential/widevine" + Device, UriKind.Relative), null, cancel);
        using JsonDocument device = JsonDocument.Parse(await answer.Content.ReadAsStreamAsync(cancel));
        using JsonDocument trust = JsonDocument.Parse(await sandbox.GetStreamAsync(new Uri("trust", UriKind.Relative), cancel));
        byte[] key = device.RootElement.GetProperty("private_key.pem").GetBytesFromBase64(), client = device.RootElement.GetProperty("client_id.bin").GetBytesFromBase64();
        keep("widevine-key", key);
        keep("widevine-client", client);

        _device.ImportFromPem(Encoding.ASCII.GetString(key));
        RSAParameters secret = _device.ExportParameters(includePrivateParameters: true);
        foreach ((string name, byte[] number) in new[] { ("d", secret.D!), ("p", secret.P!), ("q", secret.Q!), ("dp", secret.DP!), ("dq", secret.DQ!), ("1/q", secret.InverseQ!) })
            scan.Plant($"the device's private key, {name}", number);
        // ClientIdentification.token = SignedDrmDeviceCertificate, whose signature tells which device it is.
        scan.Plant("the device's certificate", Proto.Read(client).Message(2).Data(2)!);
        return new Dictionary<string, string>
        {
            ["PrivateKey"] = "secret:widevine-key",
            ["ClientId"] = "secret:widevine-client",
            ["Roots:test:PublicKey"] = trust.RootElement.GetProperty("widevine").GetProperty("rootPublicKey").GetString()!,
            ["Roots:test:Development"] = "true",
        };
    }

    public override void PlantWire(LeakScan scan, byte[] challenge, byte[] license)
    {
        // SignedMessage: type 1, msg 2, signature 3, session_key 4. A service certificate request has no more than its type.
        IReadOnlyList<Field> asked = Proto.Read(challenge), answered = Proto.Read(license);
        if (asked.Data(3) is not { } signature || answered.Data(4) is not { } wrapped) return;
        scan.Plant("the challenge's signature", signature);
        IReadOnlyList<Field> request = Proto.Read(asked.Data(2)!);
        if (request.Data(8) is not null)
        {
            scan.Plant("the challenge's encrypted client id", request.Message(8).Data(3)!);
            scan.Plant("the challenge's encrypted privacy key", request.Message(8).Data(5)!);
        }

        scan.Plant("the licence's signature", answered.Data(3)!);
        scan.Plant("the licence's session key, wrapped", wrapped);
        byte[] session = _device.Decrypt(wrapped, RSAEncryptionPadding.OaepSHA1);
        scan.Plant("the session key", session);
        Derived derived = Derived.From(session, asked.Data(2)!);
        scan.Plant("the session's encryption key", derived.Encryption);
        scan.Plant("the session's server key", derived.ServerMac);
        scan.Plant("the session's client key", derived.ClientMac);
        foreach (Field container in Proto.Read(answered.Data(2)!).Where(static field => field.Id == 3))
            scan.Plant("a wrapped key of the licence", Proto.Read(container.Data!).Data(3)!);
    }
}
