using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Macs;
using Org.BouncyCastle.Crypto.Parameters;

namespace Keyway.Sandbox.Widevine;

/// <summary>A client of the licence protocol, small and after the public facts; it shares no line with the sandbox, nor with the key system plugin.</summary>
internal sealed class TestClient : IDisposable
{
    private readonly RSA _key = RSA.Create();

    public TestClient(byte[] privateKeyPem, byte[] clientId)
    {
        _key.ImportFromPem(Encoding.ASCII.GetString(privateKeyPem));
        ClientId = clientId;
    }

    public TestClient(RSA key, byte[] clientId)
    {
        _key.ImportParameters(key.ExportParameters(true));
        ClientId = clientId;
    }

    public byte[] ClientId { get; }

    /// <summary>The msg of a NEW request, for one payload.</summary>
    public byte[] New(byte[] payload, TestRequest? request = null) =>
        New(request, new WireWriter().Bytes(1, new WireWriter().Bytes(1, payload).Number(2, request?.LicenseType ?? 1).Bytes(3, (request ??= new()).RequestId).Done()).Done());

    /// <summary>The msg of a NEW request, for content that is identified in any way.</summary>
    public byte[] New(TestRequest? request, byte[] contentId)
    {
        request ??= new();
        return new WireWriter()
            .When(request.EncryptedClientId is null || request.HasBothIds, wire => wire.Bytes(1, request.ClientId ?? ClientId))
            .Bytes(2, contentId)
            .When(request.Type != 0, wire => wire.Number(3, request.Type))
            .When(request.Time is not null, wire => wire.Number(4, request.Time!.Value))
            .Number(6, request.ProtocolVersion)
            .When(request.Nonce is not null, wire => wire.Number(7, request.Nonce!.Value))
            .When(request.EncryptedClientId is not null, wire => wire.Bytes(8, request.EncryptedClientId!))
            .Done();
    }

    /// <summary>The body of a request: msg with the device's signature.</summary>
    public byte[] Sign(byte[] msg, byte[]? core = null) =>
        new WireWriter().Number(1, 1).Bytes(2, msg).Bytes(3, _key.SignData([.. core ?? [], .. msg], HashAlgorithmName.SHA1, RSASignaturePadding.Pss)).When(core is not null, wire => wire.Bytes(9, core!)).Done();

    /// <summary>The body of a RENEWAL (2) or RELEASE (3).</summary>
    public static byte[] Existing(TestLicense license, int type, long? time = null, byte[]? clientId = null, byte[]? signing = null, int? version = null)
    {
        byte[] id = license.Id.Done(version);
        byte[] msg = new WireWriter()
            .When(clientId is not null, wire => wire.Bytes(1, clientId!))
            .Bytes(2, new WireWriter().Bytes(3, new WireWriter().Bytes(1, id).Number(2, 0).Number(3, 0).Done()).Done())
            .Number(3, type)
            .Number(4, time ?? Now)
            .Number(6, 21)
            .Number(7, RandomNumberGenerator.GetInt32(int.MaxValue))
            .Done();
        return new WireWriter().Number(1, 1).Bytes(2, msg).Bytes(3, HMACSHA256.HashData(signing ?? license.SigningKey[32..], msg)).Done();
    }

    /// <summary>The seconds of the machine's clock: the sandbox, another process, has no other.</summary>
    public static long Now => TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();

    /// <summary>Encrypts the identification for a service.</summary>
    public byte[] Encrypt(byte[] serviceCertificate)
    {
        WireMessage facts = new WireMessage(serviceCertificate).Message(1);
        using RSA service = RSA.Create();
        service.ImportRSAPublicKey(facts.Bytes(4), out _);
        using Aes aes = Aes.Create();
        aes.KeySize = 128;
        return new WireWriter()
            .Text(1, facts.Text(7))
            .Bytes(2, facts.Bytes(2))
            .Bytes(3, aes.EncryptCbc(ClientId, aes.IV))
            .Bytes(4, aes.IV)
            .Bytes(5, service.Encrypt(aes.Key, RSAEncryptionPadding.OaepSHA1))
            .Done();
    }

    /// <summary>Opens a licence as a client must: the signature before anything else.</summary>
    public TestLicense Open(byte[] response, byte[] requestMsg)
    {
        WireMessage message = new(response);
        if (message.Number(1) != 2) throw new CryptographicException($"message type {message.Number(1)}");
        if (message.NumberOrNull(8) is { } type and not 1) throw new CryptographicException($"session key type {type}");
        byte[] session = _key.Decrypt(message.Bytes(4), RSAEncryptionPadding.OaepSHA1);
        if (session.Length != 16) throw new CryptographicException("session key length");
        (byte[] encryption, byte[] server, _) = Derive(session, requestMsg);
        return TestLicense.Open(message, server, encryption);
    }

    public static (byte[] Encryption, byte[] Server, byte[] Client) Derive(byte[] session, byte[] request)
    {
        return (Block("ENCRYPTION", 1, 128), [.. Block("AUTHENTICATION", 1, 512), .. Block("AUTHENTICATION", 2, 512)], [.. Block("AUTHENTICATION", 3, 512), .. Block("AUTHENTICATION", 4, 512)]);

        byte[] Block(string label, byte counter, int bits)
        {
            byte[] length = new byte[4];
            BinaryPrimitives.WriteInt32BigEndian(length, bits);
            CMac mac = new(new AesEngine());
            mac.Init(new KeyParameter(session));
            foreach (byte[] part in new[] { [counter], Encoding.ASCII.GetBytes(label), [0], request, length }) mac.BlockUpdate(part, 0, part.Length);
            byte[] block = new byte[16];
            mac.DoFinal(block, 0);
            return block;
        }
    }

    public void Dispose() => _key.Dispose();
}
