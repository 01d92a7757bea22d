using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Google.Protobuf;
using Keyway.Sandbox.Widevine.Wire;

namespace Keyway.Sandbox.Widevine;

/// <summary>Root, service and devices of the sandbox's own, for Widevine.</summary>
/// <param name="data">Where it keeps its keys.</param>
/// <param name="clock">The time.</param>
internal sealed class WidevineAuthority(DataFolder data, TimeProvider clock) : IAuthority
{
    private const string File = "widevine.json";

    private readonly Lock _making = new();
    private AuthorityKeys? _keys;

    /// <inheritdoc/>
    public string System => "widevine";

    /// <inheritdoc/>
    public string Help => """
        GET /trust, "widevine":
          rootCertificate      a SignedDrmCertificate, signed by itself
          rootPublicKey        the same root as an RSAPublicKey (PKCS #1, DER)
          serviceCertificate   a SignedDrmCertificate, signed by the root
        POST /credential/widevine gives
          private_key.pem      PKCS #8
          client_id.bin        a serialized ClientIdentification with the device's certificate and its model's
        and takes
          bits=2048 or 3072                the size of the key
          expiration_time_seconds=1        when the device's certificate ends, in Unix seconds; 0: never
          flaw=root                        signed by a root of nobody's
          flaw=key                         the key is not the one in the certificate
        """;

    /// <summary>The keys. They are made or read when first asked for.</summary>
    /// <exception cref="SandboxException">The file is of another form, cannot be read or cannot be made.</exception>
    public AuthorityKeys Keys
    {
        get
        {
            lock (_making) return _keys ??= Load();
        }
    }

    /// <inheritdoc/>
    public void WriteTrust(Utf8JsonWriter json)
    {
        json.WriteBase64String("rootCertificate"u8, Keys.RootCertificate.ToByteArray());
        json.WriteBase64String("rootPublicKey"u8, Keys.RootPublicKey);
        json.WriteBase64String("serviceCertificate"u8, Keys.ServiceCertificate.ToByteArray());
    }

    /// <inheritdoc/>
    public IReadOnlyList<CredentialFile> Issue(IReadOnlyDictionary<string, string> wishes)
    {
        int bits = 2048;
        uint ends = 0;
        string flaw = "";
        foreach ((string name, string value) in wishes)
        {
            switch (name)
            {
                case "bits" when value is "2048" or "3072":
                    bits = (int)Parameters.Number(name, value);
                    break;
                case "expiration_time_seconds" when Parameters.Number(name, value) is >= 0 and <= uint.MaxValue and long seconds:
                    ends = (uint)seconds;
                    break;
                case "flaw" when value is "root" or "key":
                    flaw = value;
                    break;
                default:
                    throw new FormatException($"{name}={value}: there is no such parameter or value. GET / lists them.");
            }
        }

        AuthorityKeys keys = flaw == "root" ? AuthorityKeys.Read(AuthorityKeys.Make(clock.GetUtcNow())) : Keys;
        using RSA model = RSA.Create(), device = RSA.Create(bits), other = RSA.Create(flaw == "key" ? bits : 2048);
        model.ImportPkcs8PrivateKey(keys.ModelKey, out _);

        DrmCertificate facts = AuthorityKeys.Certificate(DrmCertificate.Types.Type.Device, RandomNumberGenerator.GetBytes(16), device, clock.GetUtcNow());
        facts.SystemId = AuthorityKeys.SystemId;
        if (ends != 0) facts.ExpirationTimeSeconds = ends;

        ClientIdentification client = new()
        {
            Type = ClientIdentification.Types.TokenType.DrmDeviceCertificate,
            Token = Certificates.Sign(facts, model, keys.ModelCertificate).ToByteString(),
            ClientInfo = { Info("company_name", "Keyway"), Info("model_name", "sandbox device"), Info("architecture_name", "none") },
            ClientCapabilities = new ClientCapabilities { VideoResolutionConstraints = true },
        };
        string pem = (flaw == "key" ? other : device).ExportPkcs8PrivateKeyPem() + "\n";
        return [new CredentialFile("private_key.pem", Encoding.ASCII.GetBytes(pem)), new CredentialFile("client_id.bin", client.ToByteArray())];
    }

    private static ClientIdentification.Types.NameValue Info(string name, string value) => new() { Name = name, Value = value };

    private AuthorityKeys Load()
    {
        (string path, byte[] content) = data.ReadOrCreate(File, () => AuthorityKeys.Make(clock.GetUtcNow()));
        try
        {
            return AuthorityKeys.Read(content);
        }
        catch (FormatException e)
        {
            throw new SandboxException($"{path}: not a file of this sandbox ({e.Message}). Remove it, and a new root is made; devices of the old one end with it.", e);
        }
    }
}
