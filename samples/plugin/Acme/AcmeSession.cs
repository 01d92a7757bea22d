using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Keyway;
using Keyway.Licensing;

namespace Acme;

/// <summary>
/// Asks with <c>{"kids":[HEX,…]}</c> and takes <c>{"keys":[{"kid":HEX,"key":BASE64},…],"seconds":N}</c>, each key wrapped for the device
/// (AES key wrap with padding, RFC 5649). Retries, transport, states and the keys themselves are the framework's.
/// </summary>
public sealed class AcmeSession(SessionRequest request, ISessionHost host, TimeProvider clock, Func<CancellationToken, ValueTask<IMemoryOwner<byte>>> deviceKey) : ILicenseSession
{
    public ValueTask<ChallengeInfo> WriteChallengeAsync(ChallengeRequest challenge, IBufferWriter<byte> destination, CancellationToken cancellationToken)
    {
        JsonArray kids = [.. request.Keys.Select(static key => (JsonNode)key.Id.ToString())];
        destination.Write(Encoding.UTF8.GetBytes(new JsonObject { ["kids"] = kids }.ToJsonString()));
        return new(new ChallengeInfo { Kind = ChallengeKind.License, ContentType = "application/json" });
    }

    public async ValueTask<LicenseOutcome> AcceptAsync(LicenseAnswer answer, CancellationToken cancellationToken)
    {
        // Everything is checked before the first key goes in: a server's answer is not trusted.
        (DateTimeOffset? end, List<(KeyId Id, byte[] Wrapped)> entries) = Read(answer.Body);
        KeyPolicy policy = new() { NotAfter = end, Output = new OutputRequirement { ClearExport = true } };
        using Aes aes = await DeviceCipherAsync(cancellationToken);
        List<(KeyId Id, byte[] Key)> keys = [];
        try
        {
            foreach ((KeyId id, byte[] wrapped) in entries) keys.Add((id, Unwrap(aes, wrapped)));
            foreach ((KeyId id, byte[] key) in keys) host.Import(id, key, policy);
        }
        finally
        {
            foreach ((_, byte[] key) in keys) CryptographicOperations.ZeroMemory(key);
        }

        return LicenseOutcome.Complete;
    }

    private (DateTimeOffset? End, List<(KeyId Id, byte[] Wrapped)> Keys) Read(ReadOnlySequence<byte> body)
    {
        using JsonDocument license = Parse(body);
        try
        {
            return (EndOf(license.RootElement), [.. KeysOf(license.RootElement)]);
        }
        catch (InvalidOperationException)
        {
            // The parser looks at a text only when somebody wants it.
            throw Malformed("a text in it is not UTF-8, or has half a surrogate pair");
        }
    }

    private static JsonDocument Parse(ReadOnlySequence<byte> body)
    {
        try
        {
            JsonDocument license = JsonDocument.Parse(body);
            if (license.RootElement.ValueKind == JsonValueKind.Object) return license;
            license.Dispose();
        }
        catch (JsonException)
        {
            // Said below; the parser's own text may repeat what it read.
        }

        throw Malformed("it is no JSON object");
    }

    private DateTimeOffset? EndOf(JsonElement license)
    {
        if (!license.TryGetProperty("seconds", out JsonElement seconds)) return null;
        return seconds.ValueKind == JsonValueKind.Number && seconds.TryGetInt32(out int count) && count > 0 ? clock.GetUtcNow().AddSeconds(count) : throw Malformed("'seconds' is no number above zero");
    }

    private static IEnumerable<(KeyId Id, byte[] Wrapped)> KeysOf(JsonElement license)
    {
        if (!license.TryGetProperty("keys", out JsonElement keys) || keys.ValueKind != JsonValueKind.Array) throw Malformed("there is no list 'keys'");
        foreach (JsonElement entry in keys.EnumerateArray())
        {
            if (entry.ValueKind != JsonValueKind.Object
                || !entry.TryGetProperty("kid", out JsonElement kid) || kid.ValueKind != JsonValueKind.String || !KeyId.TryParse(kid.GetString(), out KeyId id)
                || !entry.TryGetProperty("key", out JsonElement key) || key.ValueKind != JsonValueKind.String || !key.TryGetBytesFromBase64(out byte[]? wrapped))
                throw Malformed("an entry of 'keys' has no 'kid' of 32 digits, or no 'key' in base64");
            yield return (id, wrapped);
        }
    }

    private async ValueTask<Aes> DeviceCipherAsync(CancellationToken cancellationToken)
    {
        using IMemoryOwner<byte> device = await deviceKey(cancellationToken);
        byte[] key = new byte[16];
        try
        {
            if (Convert.FromHexString(Encoding.ASCII.GetString(device.Memory.Span).Trim(), key, out _, out int length) != OperationStatus.Done || length != key.Length)
                throw new LicenseServiceException(LicenseErrorKind.CredentialInvalid, "the device key is not 32 hexadecimal digits");
            Aes aes = Aes.Create();
            aes.Key = key;
            return aes;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    private static byte[] Unwrap(Aes aes, byte[] wrapped)
    {
        try
        {
            byte[] key = aes.DecryptKeyWrapPadded(wrapped);
            if (key.Length == 16) return key;
            CryptographicOperations.ZeroMemory(key);
            throw Malformed("a key is not 16 bytes long");
        }
        catch (CryptographicException)
        {
            throw new LicenseServiceException(LicenseErrorKind.LicenseNotForThisDevice, "a key is wrapped for another device");
        }
    }

    private static LicenseServiceException Malformed(string what) => new(LicenseErrorKind.LicenseMalformed, $"the licence cannot be read: {what}");
}
