using System.Security.Cryptography;
using System.Text.Json;

namespace Keyway.Sandbox.PlayReady;

/// <summary>The keys and certificates of a licence service of its own.</summary>
/// <remarks>
/// Kept as one file, so that several sandboxes that start at once agree on all of it or none. Keys are PKCS #8:
/// <code>
/// { "root": { "key": "…" }, "service": { "key": "…" }, "deviceIssuer": { "key": "…", "certificate": "…" },
///   "model": { … }, "serverIssuer": { … }, "responses": { … } }
/// </code>
/// </remarks>
internal sealed class PlayReadyKeys
{
    private const uint HighestLevel = 3000;

    /// <summary>The root's public key, x and y.</summary>
    public required byte[] Root { get; init; }

    /// <summary>The key that opens challenges, PKCS #8.</summary>
    public required byte[] ServiceKey { get; init; }

    /// <summary>The public half of it, x and y.</summary>
    public required byte[] ServicePublicKey { get; init; }

    /// <summary>The key that signs devices, PKCS #8.</summary>
    public byte[] ModelKey { get; init; } = [];

    /// <summary>The certificates above a device's own, without the root.</summary>
    public IReadOnlyList<byte[]> ModelChain { get; init; } = [];

    /// <summary>The key that signs responses, PKCS #8.</summary>
    public required byte[] ResponseKey { get; init; }

    /// <summary>The chain of that key.</summary>
    public required byte[] ResponseChain { get; init; }

    /// <summary>The certificate above the one that signs responses, and its key, PKCS #8.</summary>
    public (byte[] Key, byte[] Certificate) ServerIssuer { get; init; }

    /// <summary>Makes them.</summary>
    /// <returns>The content of the file.</returns>
    public static byte[] Make()
    {
        using ECDsa root = Draw(), service = Draw(), deviceIssuer = Draw(), model = Draw(), serverIssuer = Draw(), responses = Draw();
        byte[] deviceIssuerCertificate = CertificateMaker.Sign(Issuer(deviceIssuer, "devices", KeyUsage.IssueDevice), root);
        byte[] modelCertificate = CertificateMaker.Sign(Issuer(model, "device", KeyUsage.IssueDevice), deviceIssuer);
        byte[] serverIssuerCertificate = CertificateMaker.Sign(Issuer(serverIssuer, "servers", KeyUsage.IssueServer), root);

        using MemoryStream file = new();
        using (Utf8JsonWriter json = new(file, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            Write(json, "root", root, null);
            Write(json, "service", service, null);
            Write(json, "deviceIssuer", deviceIssuer, deviceIssuerCertificate);
            Write(json, "model", model, modelCertificate);
            Write(json, "serverIssuer", serverIssuer, serverIssuerCertificate);
            Write(json, "responses", responses, CertificateMaker.Sign(Server(responses, KeyUsage.SignResponse), serverIssuer));
            json.WriteEndObject();
        }

        return file.ToArray();
    }

    /// <summary>Reads them.</summary>
    /// <param name="file">The content of the file.</param>
    /// <returns>The keys and certificates.</returns>
    /// <exception cref="FormatException">It is of another form.</exception>
    public static PlayReadyKeys Read(byte[] file)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(file);
            JsonElement all = document.RootElement;
            byte[] Of(string name, string member) => all.GetProperty(name).GetProperty(member).GetBytesFromBase64();
            using ECDsa root = Open(Of("root", "key")), service = Open(Of("service", "key")), model = Open(Of("model", "key")), responses = Open(Of("responses", "key"));
            return new PlayReadyKeys
            {
                Root = Curve.PublicOf(root),
                ServiceKey = Of("service", "key"),
                ServicePublicKey = Curve.PublicOf(service),
                ModelKey = Of("model", "key"),
                ModelChain = [Of("model", "certificate"), Of("deviceIssuer", "certificate")],
                ResponseKey = Of("responses", "key"),
                ResponseChain = CertificateMaker.Chain(Of("responses", "certificate"), Of("serverIssuer", "certificate")),
                ServerIssuer = (Of("serverIssuer", "key"), Of("serverIssuer", "certificate")),
            };
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or CryptographicException)
        {
            throw new FormatException(e.Message, e);
        }
    }

    /// <summary>Draws a key.</summary>
    /// <returns>It.</returns>
    public static ECDsa Draw() => ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>Opens a private key.</summary>
    /// <param name="pkcs8">It, PKCS #8.</param>
    /// <returns>The key.</returns>
    public static ECDsa Open(byte[] pkcs8)
    {
        ECDsa key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(pkcs8, out _);
        return key;
    }

    /// <summary>What a certificate that signs for the service says.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="usage">What the key may do.</param>
    /// <returns>The facts.</returns>
    public static CertificateFacts Server(ECDsa key, KeyUsage usage) =>
        new() { Id = RandomNumberGenerator.GetBytes(16), Type = CertificateType.Server, Keys = [new CertifiedKey(Curve.PublicOf(key), [usage])] };

    private static CertificateFacts Issuer(ECDsa key, string of, KeyUsage usage) => new()
    {
        Id = RandomNumberGenerator.GetBytes(16),
        Type = CertificateType.Issuer,
        Level = HighestLevel,
        Keys = [new CertifiedKey(Curve.PublicOf(key), [usage])],
        Manufacturer = ["Keyway", $"sandbox {of}", "1"],
    };

    private static void Write(Utf8JsonWriter json, string name, ECDsa key, byte[]? certificate)
    {
        json.WriteStartObject(name);
        json.WriteBase64String("key"u8, key.ExportPkcs8PrivateKey());
        if (certificate is not null) json.WriteBase64String("certificate"u8, certificate);
        json.WriteEndObject();
    }
}
