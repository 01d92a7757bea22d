using System.Buffers.Binary;
using System.Security.Cryptography;
using Google.Protobuf;
using Keyway.Sandbox.Widevine.Wire;
using KeyType = Keyway.Sandbox.Widevine.Wire.KeyContainer.Types.KeyType;
using MessageType = Keyway.Sandbox.Widevine.Wire.SignedMessage.Types.MessageType;

namespace Keyway.Sandbox.Widevine;

/// <summary>Writes licences, and the flaws that were asked for. Fields ascend and encodings are minimal, because some clients insist.</summary>
internal static class LicenseMaker
{
    /// <summary>Makes a licence with keys.</summary>
    /// <param name="grant">What it is to say.</param>
    /// <param name="sessionKey">The key that everything in it depends on: 16 bytes.</param>
    /// <param name="device">Who may open the session key.</param>
    /// <param name="oddities">What is to be unusual about it.</param>
    /// <returns>The answer.</returns>
    public static byte[] WithKeys(LicenseGrant grant, byte[] sessionKey, Device device, Oddities oddities)
    {
        SessionKeys keys = SessionKeys.Derive(sessionKey, grant.Request);
        License license = Facts(grant, oddities);
        license.Key.AddRange(Containers(grant, keys.Encryption, oddities));
        SignedMessage message = Sign(license, keys.Server, keys.Client, oddities);

        if (!oddities.Flaw("no_session_key"))
        {
            byte[] wrapped = device.Wrap(oddities.Flaw("session_key_length") ? [.. sessionKey, 1, 2, 3, 4, 5, 6, 7, 8] : sessionKey);
            if (oddities.Flaw("session_key")) wrapped[^1] ^= 1;
            message.SessionKey = ByteString.CopyFrom(wrapped);
        }

        if (oddities.Flaw("session_key_type")) message.SessionKeyType = SignedMessage.Types.SessionKeyType.EphemeralEccPublicKey;
        return Bytes(message, oddities);
    }

    /// <summary>Makes a licence that only says what happens to another: a renewal, the receipt of a release.</summary>
    /// <param name="grant">What it is to say.</param>
    /// <param name="oddities">What is to be unusual about it.</param>
    /// <returns>The answer, signed with the signing key of the licence.</returns>
    public static byte[] WithoutKeys(LicenseGrant grant, Oddities oddities)
    {
        License license = Facts(grant, oddities);
        if (oddities.Odd("key_control")) license.Key.Add(new KeyContainer { Type = KeyType.KeyControl, KeyControl = Control(grant) });
        return Bytes(Sign(license, grant.SigningKey[..32], grant.SigningKey[32..], oddities), oddities);
    }

    private static License Facts(LicenseGrant grant, Oddities oddities)
    {
        Policy policy = grant.Policy.Clone();
        long start = grant.Start + oddities.StartSkew;
        if (oddities.Flaw("expired"))
        {
            if (policy.LicenseDurationSeconds <= 0) policy.LicenseDurationSeconds = 3600;
            start -= Math.Min(policy.LicenseDurationSeconds, int.MaxValue) + 60;
        }

        byte[] id = oddities.Flaw("request_id") ? RandomNumberGenerator.GetBytes(grant.RequestId.Length) : grant.RequestId;
        License license = new()
        {
            Id = new LicenseIdentification
            {
                RequestId = ByteString.CopyFrom(id),
                SessionId = ByteString.CopyFrom(id),
                PurchaseId = ByteString.Empty,
                Type = grant.Type,
                Version = grant.Version,
            },
            Policy = policy,
            LicenseStartTime = start,
        };
        if (grant.Scheme != 0) license.ProtectionScheme = grant.Scheme;
        license.GroupIds.AddRange(grant.GroupIds.Select(group => ByteString.CopyFrom(group)));
        if (oddities.Odd("unknown_fields"))
        {
            license.Id.OriginalRentalDurationSeconds = policy.RentalDurationSeconds;
            license.Id.OriginalPlaybackDurationSeconds = policy.PlaybackDurationSeconds;
            license.Id.OriginalStartTimeSeconds = start;
        }

        return license;
    }

    private static List<KeyContainer> Containers(LicenseGrant grant, byte[] encryption, Oddities oddities)
    {
        using Aes aes = Aes.Create();
        aes.SetKey(encryption);
        List<KeyContainer> containers = [];
        for (int signing = oddities.Flaw("no_signing_key") ? 0 : oddities.Flaw("two_signing_keys") ? 2 : 1; signing > 0; signing--)
            containers.Add(Container([], grant.SigningKey, KeyType.Signing));
        if (oddities.Flaw("no_content_key")) return containers;

        List<GrantedKey> keys = [.. grant.Keys];
        if (oddities.Odd("short_kid")) keys.Add(new GrantedKey("0"u8.ToArray(), RandomNumberGenerator.GetBytes(16), KeyType.Content, ""));
        if (oddities.Odd("long_kid")) keys.Add(new GrantedKey(RandomNumberGenerator.GetBytes(32), RandomNumberGenerator.GetBytes(16), KeyType.Content, ""));
        foreach (GrantedKey key in keys)
        {
            KeyContainer container = Container(key.Id, oddities.Flaw("key_length") ? key.Key[..8] : key.Key, key.Type, oddities.Flaw("padding"));
            grant.Terms.Apply(container, key.Label);
            if (oddities.Flaw("no_iv")) container.ClearIv();
            if (oddities.Odd("key_control")) container.KeyControl = Control(grant);
            if (grant.Terms.HasLabels && key.Label.Length > 0) container.TrackLabel = key.Label;
            containers.Add(container);
        }

        return containers;

        KeyContainer Container(byte[] id, byte[] key, KeyType type, bool isBadlyPadded = false)
        {
            byte[] iv = RandomNumberGenerator.GetBytes(16);
            byte[] wrapped = isBadlyPadded ? aes.EncryptCbc((byte[])[.. key, .. new byte[16]], iv, PaddingMode.None) : aes.EncryptCbc(key, iv);
            KeyContainer container = new() { Iv = ByteString.CopyFrom(iv), Key = ByteString.CopyFrom(wrapped), Type = type };
            if (id.Length > 0) container.Id = ByteString.CopyFrom(id);
            return container;
        }
    }

    /// <summary>A key control block in clear, as a service of 2024 sent it.</summary>
    /// <remarks><code>| 'kc18' | duration : 4 | nonce : 4 | control bits : 4 |</code></remarks>
    private static KeyContainer.Types.KeyControl Control(LicenseGrant grant)
    {
        byte[] block = [.. "kc18"u8, .. new byte[12]];
        BinaryPrimitives.WriteUInt32BigEndian(block.AsSpan(4), (uint)Math.Clamp(grant.Policy.LicenseDurationSeconds, 0, uint.MaxValue));
        BinaryPrimitives.WriteUInt32BigEndian(block.AsSpan(8), grant.Nonce);
        BinaryPrimitives.WriteUInt32BigEndian(block.AsSpan(12), 0x80000008);
        return new KeyContainer.Types.KeyControl { KeyControlBlock = ByteString.CopyFrom(block) };
    }

    private static SignedMessage Sign(License license, byte[] server, byte[] client, Oddities oddities)
    {
        byte[] msg = license.ToByteArray();
        if (oddities.Odd("unknown_fields")) msg = [.. msg, 0xA2, 0x06, 0x01, (byte)'?'];   // field 100, one byte

        // Any bytes do: only its maker and the client's hardware would read them.
        byte[] core = oddities.Odd("core") || oddities.Flaw("core_uncovered") ? [.. "core message of the sandbox"u8] : [];
        byte[] signed = oddities.Flaw("core_uncovered") ? msg : [.. core, .. msg];
        byte[] signature = HMACSHA256.HashData(oddities.Flaw("hmac_key") ? client : server, signed);
        if (oddities.Flaw("signature")) signature[0] ^= 1;
        if (oddities.Flaw("policy"))
        {
            License changed = license.Clone();
            changed.Policy.LicenseDurationSeconds += 86400;
            msg = changed.ToByteArray();
        }

        SignedMessage message = new()
        {
            Type = oddities.Flaw("type") ? MessageType.SubLicense : MessageType.License,
            Msg = ByteString.CopyFrom(msg),
            Signature = ByteString.CopyFrom(signature),
        };
        if (core.Length > 0) message.OemcryptoCoreMessage = ByteString.CopyFrom(core);
        return message;
    }

    private static byte[] Bytes(SignedMessage message, Oddities oddities) =>
        oddities.Odd("unknown_fields") ? [.. message.ToByteArray(), 0x58, 0x00] : message.ToByteArray();   // field 11 = 0, as services of 2024 write it
}
