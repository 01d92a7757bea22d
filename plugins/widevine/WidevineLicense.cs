using System.Security.Cryptography;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using KeyType = Keyway.Widevine.Wire.License.Types.KeyContainer.Types.KeyType;

namespace Keyway.Widevine;

/// <summary>A licence that was proven authentic and opened. Every key in it is cleared when disposed.</summary>
internal sealed class WidevineLicense : IDisposable
{
    private WidevineLicense(Wire.License license, byte[] signingKey, IReadOnlyList<WidevineKey> keys, IReadOnlyList<WidevineKey> entitlements)
    {
        SigningKey = signingKey;
        Keys = keys;
        Entitlements = entitlements;
        Revocations = license.SrmRequirement;
        Id = license.Id;
        Policy = license.Policy ?? new Wire.License.Types.Policy();
        Start = DateTimeOffset.FromUnixTimeSeconds(license.LicenseStartTime);
    }

    /// <summary>The identification that the next renewal names.</summary>
    public Wire.LicenseIdentification Id { get; private set; }

    public Wire.License.Types.Policy Policy { get; private set; }

    public DateTimeOffset Start { get; private set; }

    public ByteString Revocations { get; private set; }

    /// <summary>64 bytes: service → client, client → service.</summary>
    public byte[] SigningKey { get; }

    public IReadOnlyList<WidevineKey> Keys { get; }

    public IReadOnlyList<WidevineKey> Entitlements { get; }

    /// <summary>Opens an answer that carries a session key.</summary>
    /// <param name="answer">The answer.</param>
    /// <param name="credential">The device.</param>
    /// <param name="outstanding">The requests that it may answer.</param>
    /// <param name="offered">The highest security level that the client offers.</param>
    /// <param name="logger">Told what is skipped.</param>
    /// <param name="answered">The request that it does answer.</param>
    /// <exception cref="Licensing.LicenseServiceException">The answer is malformed, not authentic, or for another device. Nothing of it was used.</exception>
    public static WidevineLicense Open(
        Wire.SignedMessage answer, WidevineCredential credential, IReadOnlyList<WidevineRequest> outstanding, int offered, ILogger logger,
        out WidevineRequest answered)
    {
        if ((int)answer.SessionKeyType == 2) throw WidevineError.Malformed("its session key is agreed by elliptic curves; ECC credentials are not supported");
        if ((int)answer.SessionKeyType is not (0 or 1)) throw WidevineError.Malformed("its session key is of a type that is not known");
        byte[] sessionKey = credential.Unwrap(answer.SessionKey.Span) ?? throw WidevineError.NotForThisDevice();
        try
        {
            if (sessionKey.Length != WidevineConstants.BlockLength) throw WidevineError.Malformed("its session key is not 16 bytes long");

            // Which request it answers is found by the signature alone: before that is checked, not one field of the message is read.
            foreach (WidevineRequest request in outstanding)
            {
                using WidevineDerivation derived = WidevineDerivation.Derive(sessionKey, request.Message);
                if (!WidevineDerivation.IsAuthentic(derived.ServerMac, answer)) continue;
                answered = request;
                return Open(Parse(answer.Msg), request, derived.Encryption, offered, logger);
            }

            throw WidevineError.NotAuthentic(outstanding.Count == 0 ? "nothing was asked" : "its signature is not right for what was asked");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(sessionKey);
        }
    }

    /// <summary>Checks an answer that carries no session key against the licence's own keys, and reads it.</summary>
    public Wire.License Verify(Wire.SignedMessage answer)
    {
        if (!WidevineDerivation.IsAuthentic(SigningKey.AsSpan(0, WidevineConstants.MacKeyLength), answer))
            throw WidevineError.NotAuthentic("it is not signed with this licence's keys");
        Wire.License license = Parse(answer.Msg);
        if (license.Id is null || license.Id.RequestId != Id.RequestId || license.Id.SessionId != Id.SessionId)
            throw WidevineError.NotAuthentic("it is for another licence");
        return license;
    }

    /// <summary>Takes up a verified renewal: policy and start are replaced, keys stay.</summary>
    public void Renew(Wire.License renewal)
    {
        // Each renewal counts up; without this an old, more generous answer could be played again.
        if (renewal.Id.Version <= Id.Version) throw WidevineError.NotAuthentic("it is a renewal that was overtaken by the one that is held");
        if (renewal.Policy is null) throw WidevineError.Malformed("the renewal has no policy");
        WidevinePolicy.Check(renewal.Policy, renewal.LicenseStartTime);
        if (!renewal.HasLicenseStartTime) throw WidevineError.Malformed("the renewal has no start");
        Id = renewal.Id;
        Policy = renewal.Policy;
        Start = DateTimeOffset.FromUnixTimeSeconds(renewal.LicenseStartTime);
        if (renewal.HasSrmRequirement) Revocations = renewal.SrmRequirement;
    }

    /// <summary>Clears the content keys: they are in the framework's hands. Signing key and entitlements stay until the end.</summary>
    public void ForgetContentKeys()
    {
        foreach (WidevineKey key in Keys) key.Dispose();
    }

    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(SigningKey);
        ForgetContentKeys();
        foreach (WidevineKey key in Entitlements) key.Dispose();
    }

    private static WidevineLicense Open(Wire.License license, WidevineRequest request, ReadOnlySpan<byte> encryptionKey, int offered, ILogger logger)
    {
        if (license.Id is null || license.Id.RequestId != request.RequestId) throw WidevineError.NotAuthentic("it names another request than it is signed for");
        if ((int)license.Id.Type == 3)
            throw WidevineError.Policy("it is of type AUTOMATIC; only STREAMING and OFFLINE are asked for and supported");
        license.Policy ??= new Wire.License.Types.Policy();
        if (!license.HasLicenseStartTime) license.LicenseStartTime = RequestTime(request);
        WidevinePolicy.Check(license.Policy, license.LicenseStartTime);
        if (license.HasProviderClientToken) Log.Skipped(logger, "provider_client_token: provider client tokens are not supported", null);
        if (license.GroupIds.Count > 0) Log.Skipped(logger, "group_ids: group bundles are not supported", null);

        using Aes aes = Aes.Create();
        aes.SetKey(encryptionKey);
        List<byte[]> signing = [];
        List<WidevineKey> keys = [], entitlements = [];
        try
        {
            foreach (Wire.License.Types.KeyContainer container in license.Key)
            {
                switch (container.HasType ? container.Type : 0)
                {
                    case KeyType.Signing:
                        signing.Add(Unwrap(aes, container, 2 * WidevineConstants.MacKeyLength));
                        break;
                    case KeyType.Content or KeyType.OemContent:
                        Add(keys, container, aes, offered, logger, WidevineConstants.BlockLength);
                        break;
                    case KeyType.Entitlement:
                        Add(entitlements, container, aes, offered, logger, WidevineConstants.BlockLength, 2 * WidevineConstants.BlockLength);
                        break;
                    case KeyType.KeyControl:
                        Log.Skipped(logger, "a container KEY_CONTROL: key control blocks are not supported", null);
                        break;
                    case KeyType.OperatorSession:
                        Log.Skipped(logger, "a container OPERATOR_SESSION: it opens no content", null);
                        break;
                    default:
                        Log.Skipped(logger, "a container of a type that is not known", null);
                        break;
                }
            }

            if (signing.Count != 1) throw WidevineError.Malformed($"it has {signing.Count} SIGNING keys; exactly one belongs in a licence");
            if (keys.Count + entitlements.Count == 0) throw WidevineError.Malformed("it has no key for content");
            if (keys.Concat(entitlements).All(key => key.IsOutOfReach))
                throw WidevineError.Level(keys.Concat(entitlements).Min(key => (int)key.Container.Level), offered);
            return new WidevineLicense(license, signing[0], keys, entitlements);
        }
        catch
        {
            foreach (byte[] key in signing) CryptographicOperations.ZeroMemory(key);
            foreach (WidevineKey key in keys.Concat(entitlements)) key.Dispose();
            throw;
        }
    }

    private static void Add(List<WidevineKey> keys, Wire.License.Types.KeyContainer container, Aes aes, int offered, ILogger logger, params ReadOnlySpan<int> lengths)
    {
        if (container.Id.Length is 0 or > WidevineConstants.MaxKeyIdLength) throw WidevineError.Malformed($"a container {container.Type} has no usable key id");
        if (!container.HasKey) throw WidevineError.Malformed($"a container {container.Type} has no key");
        bool inReach = (int)container.Level <= offered && (int)container.Level >= 1;
        KeyId id = WidevinePayload.ToKeyId(container.Id.Span);
        int known = keys.FindIndex(key => key.Id == id);
        if (known >= 0 && !(keys[known].IsOutOfReach && inReach))
        {
            Log.Skipped(logger, "a container whose key id came before", null);
            return;
        }

        WidevineKey opened = new() { Id = id, OpaqueId = container.Id, Container = container, Bytes = inReach ? Unwrap(aes, container, lengths) : [] };
        if (known >= 0) keys[known] = opened;
        else keys.Add(opened);
    }

    private static byte[] Unwrap(Aes aes, Wire.License.Types.KeyContainer container, params ReadOnlySpan<int> lengths)
    {
        if (container.Iv.Length != WidevineConstants.BlockLength) throw WidevineError.Malformed($"a container {container.Type} has no IV of 16 bytes");
        byte[] buffer = new byte[container.Key.Length];
        try
        {
            int length = aes.DecryptCbc(container.Key.Span, container.Iv.Span, buffer, PaddingMode.PKCS7);
            if (!lengths.Contains(length)) throw WidevineError.Malformed($"the key in a container {container.Type} is {length} bytes long");
            return buffer[..length];
        }
        catch (CryptographicException cause)
        {
            throw WidevineError.Malformed($"the key in a container {container.Type} does not unwrap", cause);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(buffer);
        }
    }

    private static Wire.License Parse(ByteString message)
    {
        try
        {
            return Wire.License.Parser.ParseFrom(message);
        }
        catch (InvalidProtocolBufferException cause)
        {
            throw WidevineError.Malformed("its licence cannot be read", cause);
        }
    }

    private static long RequestTime(WidevineRequest request) => Wire.LicenseRequest.Parser.ParseFrom(request.Message).RequestTime;

    private static class Log
    {
        public static readonly Action<ILogger, string, Exception?> Skipped =
            LoggerMessage.Define<string>(LogLevel.Information, new EventId(2, nameof(Skipped)), "Skipped in a licence: {What}");
    }
}
