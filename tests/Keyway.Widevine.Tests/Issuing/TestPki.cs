using System.Security.Cryptography;

namespace Keyway.Widevine.Issuing;

/// <summary>Throw-away keys, made anew in every run: a root, a device model, a device, a licence service.</summary>
internal static class TestPki
{
    public const uint SystemId = 4242;
    public const string Provider = "license.test";

    public static RSA Root { get; } = RSA.Create(3072);

    public static RSA OtherRoot { get; } = RSA.Create(2048);

    public static RSA Model { get; } = RSA.Create(2048);

    public static RSA Device { get; } = RSA.Create(2048);

    public static RSA Service { get; } = RSA.Create(2048);

    public static byte[] ModelCertificate { get; } = Sign(Root, Certificate(1, Model, systemId: SystemId));

    public static byte[] DeviceCertificate { get; } = Sign(Model, Certificate(2, Device, systemId: SystemId), ModelCertificate);

    public static byte[] ServiceCertificate { get; } = Sign(Root, Certificate(3, Service, provider: Provider));

    public static byte[] ClientId { get; } = Client(DeviceCertificate);

    public static string RootText { get; } = Convert.ToBase64String(Root.ExportRSAPublicKey());

    /// <summary>DrmCertificate: 1 type, 2 serial, 3 created, 4 key, 5 system, 7 provider, 9 algorithm, 11 second key, 12 expiry.</summary>
    public static byte[] Certificate(
        int type, RSA key, uint? systemId = null, string? provider = null, int? algorithm = null, byte[]? encryptionKey = null, long? expires = null) =>
        new Proto().Number(1, type).Bytes(2, RandomNumberGenerator.GetBytes(16)).Number(3, 1_700_000_000).Bytes(4, key.ExportRSAPublicKey().AsSpan())
            .Number(5, systemId).Text(7, provider).Number(9, (long?)algorithm).Bytes(11, encryptionKey).Number(12, expires);

    /// <summary>SignedDrmCertificate: 1 certificate, 2 signature, 3 signer, 4 hash.</summary>
    public static byte[] Sign(RSA signer, byte[] certificate, byte[]? chain = null, int? hash = null) =>
        new Proto().Bytes(1, certificate).Bytes(2, signer.SignData(certificate, hash == 2 ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA1, RSASignaturePadding.Pss))
            .Bytes(3, chain).Number(4, (long?)hash);

    /// <summary>ClientIdentification: 1 type, 2 token, 3 info.</summary>
    public static byte[] Client(byte[] token, int type = 1, Action<Proto>? more = null)
    {
        Proto client = new Proto().Number(1, type).Bytes(2, token)
            .Bytes(3, new Proto().Text(1, "company_name").Text(2, "Nobody").ToArray())
            .Bytes(3, new Proto().Text(1, "device_name").Text(2, "throw-away").ToArray());
        more?.Invoke(client);
        return client;
    }
}
