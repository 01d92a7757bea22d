using System.Security.Cryptography;

namespace Keyway.Widevine.Issuing;

/// <summary>A key as the test wants it issued. Numbers are those of the wire.</summary>
internal sealed record IssuedKey
{
    public int Type { get; init; } = 2;

    public byte[]? Id { get; init; } = RandomNumberGenerator.GetBytes(16);

    public byte[]? Key { get; init; } = RandomNumberGenerator.GetBytes(16);

    public bool WithoutIv { get; init; }

    public bool BadPadding { get; init; }

    public int? Level { get; init; }

    /// <summary>A serialized OutputProtection.</summary>
    public byte[]? Required { get; init; }

    public byte[]? Requested { get; init; }

    /// <summary>Serialized resolution constraints.</summary>
    public IReadOnlyList<byte[]> Constraints { get; init; } = [];

    public byte[]? KeyControl { get; init; }

    public string? Label { get; init; }
}

/// <summary>A licence as the test wants it issued.</summary>
internal sealed record IssuedLicense
{
    /// <summary>Policy fields by number: numbers, or text for field 8.</summary>
    public IReadOnlyDictionary<int, long> Policy { get; init; } = new Dictionary<int, long> { [1] = 1 };

    public string? RenewalUrl { get; init; }

    public IReadOnlyList<IssuedKey> Keys { get; init; } = [new IssuedKey()];

    public long? Start { get; init; }

    public int? Type { get; init; }

    public int Version { get; init; }

    public int SigningKeys { get; init; } = 1;

    public int SigningLength { get; init; } = 64;

    public byte[]? Core { get; init; }

    public byte[]? SrmRequirement { get; init; }

    public int SessionKeyLength { get; init; } = 16;

    public int? SessionKeyType { get; init; }

    public byte[]? RequestId { get; init; }

    public bool WithoutStart { get; init; }

    /// <summary>Fields that no schema names, at the end of both messages.</summary>
    public bool UnknownFields { get; init; }

    public Action<Proto>? More { get; init; }
}

/// <summary>What the issuer read in a challenge.</summary>
internal sealed record Challenge(byte[] Message, IReadOnlyList<Field> Request, byte[] Signature, byte[]? ClientId, IReadOnlyList<Field> Content)
{
    public int Type => (int)Request.Value(3)!;

    public bool Encrypted => Request.Any(entry => entry.Id == 8);

    /// <summary>Of a NEW request.</summary>
    public byte[] RequestId => Content.Message(1).Data(3)!;

    public IReadOnlyList<byte[]> Pssh => [.. Content.Message(1).Where(entry => entry.Id == 1).Select(entry => entry.Data!)];
}

/// <summary>The other end, as small as tests need it: reads and verifies challenges, issues licences. Written from the published messages, apart from the plugin.</summary>
internal sealed class Issuer
{
    /// <summary>The signing key of the last licence.</summary>
    public byte[] SigningKey { get; private set; } = [];

    public byte[] LicenseId { get; private set; } = [];

    /// <summary>Reads a challenge and checks its signature: the device's, or for existing licences the second half of the signing key.</summary>
    public Challenge Read(byte[] challenge)
    {
        IReadOnlyList<Field> signed = Proto.Read(challenge);
        signed.Select(field => field.Id).Should().BeInAscendingOrder().And.OnlyHaveUniqueItems();
        signed.Value(1).Should().Be(1);
        byte[] message = signed.Data(2)!, signature = signed.Data(3)!;
        IReadOnlyList<Field> request = Proto.Read(message);
        request.Select(field => field.Id).Should().BeInAscendingOrder();
        request.Value(6).Should().Be(21);
        IReadOnlyList<Field> content = request.Message(2);
        byte[]? client = request.Data(1) ?? (request.Data(8) is byte[] encrypted ? Decrypt(Proto.Read(encrypted)) : null);
        if (request.Value(3) == 1)
        {
            client.Should().NotBeNull();
            IReadOnlyList<Field> leaf = Proto.Read(Proto.Read(client!).Message(2).Data(1)!);
            using RSA key = RSA.Create();
            key.ImportRSAPublicKey(leaf.Data(4), out _);
            key.VerifyData(message, signature, HashAlgorithmName.SHA1, RSASignaturePadding.Pss).Should().BeTrue();
        }
        else signature.Should().Equal(HMACSHA256.HashData(SigningKey.AsSpan(32), message));
        return new Challenge(message, request, signature, client, content);
    }

    public byte[] Issue(byte[] challenge, IssuedLicense license) => Issue(Read(challenge), license);

    /// <summary>Answers a request with keys, wrapped for the test device.</summary>
    public byte[] Issue(Challenge challenge, IssuedLicense license)
    {
        byte[] sessionKey = RandomNumberGenerator.GetBytes(license.SessionKeyLength);
        Derived derived = Derived.From(license.SessionKeyLength == 16 ? sessionKey : new byte[16], challenge.Message);
        byte[] requestId = license.RequestId ?? (challenge.Type == 1 ? challenge.RequestId : Proto.Read(challenge.Content.Message(3).Data(1)!).Data(1)!);
        SigningKey = RandomNumberGenerator.GetBytes(license.SigningLength);
        LicenseId = Id(requestId, license);

        Proto message = new Proto().Bytes(1, LicenseId).Bytes(2, Policy(license));
        for (int i = 0; i < license.SigningKeys; i++) message.Bytes(3, Container(new IssuedKey { Type = 1, Id = null, Key = SigningKey }, derived.Encryption));
        foreach (IssuedKey key in license.Keys) message.Bytes(3, Container(key, derived.Encryption));
        message.Number(4, license.WithoutStart ? null : license.Start ?? challenge.Request.Value(4)).Bytes(8, license.SrmRequirement);
        license.More?.Invoke(message);
        if (license.UnknownFields) message.Number(60, 7).Text(61, "unknown");
        return Seal(message, derived.ServerMac, license, TestPki.Device.Encrypt(sessionKey, RSAEncryptionPadding.OaepSHA1));
    }

    /// <summary>Answers a renewal or release: policy only, under the licence's own key.</summary>
    public byte[] Renew(Challenge challenge, IssuedLicense license)
    {
        IReadOnlyList<Field> existing = Proto.Read(challenge.Content.Message(3).Data(1)!);
        byte[] id = Id(license.RequestId ?? existing.Data(1)!, license);
        Proto message = new Proto().Bytes(1, id).Bytes(2, license.Policy.Count == 0 ? null : Policy(license));
        foreach (IssuedKey key in license.Keys.Where(key => key.Type == 3)) message.Bytes(3, Container(key, new byte[16]));
        message.Number(4, license.WithoutStart ? null : license.Start ?? challenge.Request.Value(4));
        license.More?.Invoke(message);
        return Seal(message, SigningKey[..32], license, null);
    }

    private static byte[] Id(byte[] requestId, IssuedLicense license) =>
        new Proto().Bytes(1, requestId).Bytes(2, requestId).Bytes(3, []).Number(4, license.Type ?? 1).Number(5, license.Version);

    private static byte[] Seal(byte[] message, byte[] macKey, IssuedLicense license, byte[]? wrapped)
    {
        byte[] core = license.Core ?? [];
        Proto sealedMessage = new Proto().Number(1, 2).Bytes(2, message).Bytes(3, HMACSHA256.HashData(macKey, (byte[])[.. core, .. message]).AsSpan())
            .Bytes(4, wrapped).Number(8, (long?)license.SessionKeyType).Bytes(9, license.Core);
        if (license.UnknownFields) sealedMessage.Number(11, 0).Text(60, "unknown");
        return sealedMessage;
    }

    private static byte[] Policy(IssuedLicense license)
    {
        Proto policy = new();
        foreach ((int field, long value) in license.Policy.OrderBy(entry => entry.Key))
        {
            if (field > 8 && license.RenewalUrl is not null && !license.Policy.Keys.Any(other => other > 8 && other < field)) policy.Text(8, license.RenewalUrl);
            policy.Number(field, value);
        }

        if (license.RenewalUrl is not null && license.Policy.Keys.All(field => field < 8)) policy.Text(8, license.RenewalUrl);
        return policy;
    }

    private static byte[] Container(IssuedKey key, byte[] encryption)
    {
        byte[]? iv = key.Key is null || key.WithoutIv ? null : RandomNumberGenerator.GetBytes(16);
        byte[]? wrapped = null;
        if (key.Key is not null)
        {
            using Aes aes = Aes.Create();
            aes.Key = encryption;
            wrapped = key.BadPadding
                ? aes.EncryptCbc((byte[])[.. key.Key, .. new byte[16]], iv ?? new byte[16], PaddingMode.None)
                : aes.EncryptCbc(key.Key, iv ?? new byte[16]);
        }

        Proto container = new Proto().Bytes(1, key.Id).Bytes(2, iv).Bytes(3, wrapped).Number(4, key.Type).Number(5, (long?)key.Level)
            .Bytes(6, key.Required).Bytes(7, key.Requested).Bytes(8, key.KeyControl);
        foreach (byte[] constraint in key.Constraints) container.Bytes(10, constraint);
        return container.Text(12, key.Label);
    }

    private static byte[] Decrypt(IReadOnlyList<Field> encrypted)
    {
        using Aes aes = Aes.Create();
        aes.Key = TestPki.Service.Decrypt(encrypted.Data(5)!, RSAEncryptionPadding.OaepSHA1);
        return aes.DecryptCbc(encrypted.Data(3)!, encrypted.Data(4)!);
    }
}
