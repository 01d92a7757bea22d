using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Keyway.Sandbox.PlayReady;

/// <summary>Root, service and devices of the sandbox's own, for PlayReady.</summary>
/// <param name="data">Where it keeps its keys.</param>
internal sealed class PlayReadyAuthority(DataFolder data) : IAuthority
{
    private const string File = "playready.json";

    private readonly Lock _making = new();
    private PlayReadyKeys? _keys;

    /// <inheritdoc/>
    public string System => "playready";

    /// <inheritdoc/>
    public string Help => """
        GET /trust, "playready":
          rootPublicKey        the root's point of P-256: x and y, 64 bytes
          serverEncryptionKey  the point to which challenges are encrypted, likewise
        POST /credential/playready gives
          chain                the device's certificate chain    (chain.bin, where it is written to a folder)
          signKey              PKCS #8, PEM                       (sign_key.pem)
          encryptKey           PKCS #8, PEM                       (encrypt_key.pem)
        and takes
          level=150, 2000 or 3000          the security level                            (150)
          expiration_time_seconds=1        when the device's certificate ends, in Unix seconds
          features=4,13                    secure clock, PlayReady 3                     (4,13)
          flaw=root                        signed by a root of nobody's
          flaw=key                         the signing key is not the one in the certificate
          flaw=usage                       no key may sign
          flaw=encrypt                     no key may encrypt
          flaw=type                        an application, not a device
        """;

    /// <summary>The keys. They are made or read when first asked for.</summary>
    /// <exception cref="SandboxException">The file is of another form, cannot be read or cannot be made.</exception>
    public PlayReadyKeys Keys
    {
        get
        {
            lock (_making) return _keys ??= Load();
        }
    }

    /// <inheritdoc/>
    public void WriteTrust(Utf8JsonWriter json)
    {
        json.WriteBase64String("rootPublicKey"u8, Keys.Root);
        json.WriteBase64String("serverEncryptionKey"u8, Keys.ServicePublicKey);
    }

    /// <inheritdoc/>
    public IReadOnlyList<CredentialFile> Issue(IReadOnlyDictionary<string, string> wishes)
    {
        uint level = 150, expires = CertificateFacts.Never;
        string flaw = "";
        uint[] features = [4, 13];
        foreach ((string name, string value) in wishes)
        {
            switch (name)
            {
                case "level" when value is "150" or "2000" or "3000":
                    level = (uint)Parameters.Number(name, value);
                    break;
                case "expiration_time_seconds" when Parameters.Number(name, value) is >= 0 and <= uint.MaxValue and long seconds:
                    expires = (uint)seconds;
                    break;
                case "features" when value.Split(',') is { Length: <= 32 } list:
                    features = value.Length == 0 ? [] : [.. list.Select(one => Parameters.Number(name, one) is >= 0 and <= uint.MaxValue and long number ? (uint)number : throw Parameters.Wrong(name, value, "numbers"))];
                    break;
                case "flaw" when value is "root" or "key" or "usage" or "encrypt" or "type":
                    flaw = value;
                    break;
                default:
                    throw new FormatException($"{name}={value}: there is no such parameter or value. GET / lists them.");
            }
        }

        PlayReadyKeys keys = flaw == "root" ? PlayReadyKeys.Read(PlayReadyKeys.Make()) : Keys;
        using ECDsa model = PlayReadyKeys.Open(keys.ModelKey), sign = PlayReadyKeys.Draw(), encrypt = PlayReadyKeys.Draw(), other = PlayReadyKeys.Draw();
        CertificateFacts facts = new()
        {
            Id = RandomNumberGenerator.GetBytes(16),
            Type = flaw == "type" ? (CertificateType)8 : CertificateType.Device,
            Level = level,
            Expires = expires,
            ClientId = RandomNumberGenerator.GetBytes(16),
            Features = features,
            Keys =
            [
                new CertifiedKey(Curve.PublicOf(sign), flaw == "usage" ? [] : [KeyUsage.Sign]),
                new CertifiedKey(Curve.PublicOf(encrypt), flaw == "encrypt" ? [] : [KeyUsage.EncryptKey]),
            ],
            Manufacturer = ["Keyway", "sandbox device", "1"],
        };
        byte[] chain = CertificateMaker.Chain([CertificateMaker.Sign(facts, model), .. keys.ModelChain]);
        return
        [
            new CredentialFile("chain.bin", chain) { Member = "chain" },
            new CredentialFile("sign_key.pem", Pem(flaw == "key" ? other : sign)) { Member = "signKey" },
            new CredentialFile("encrypt_key.pem", Pem(encrypt)) { Member = "encryptKey" },
        ];
    }

    private static byte[] Pem(ECDsa key) => Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem() + "\n");

    private PlayReadyKeys Load()
    {
        (string path, byte[] content) = data.ReadOrCreate(File, PlayReadyKeys.Make);
        try
        {
            return PlayReadyKeys.Read(content);
        }
        catch (FormatException e)
        {
            throw new SandboxException($"{path}: not a file of this sandbox ({e.Message}). Remove it, and a new root is made; devices of the old one end with it.", e);
        }
    }
}
