using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Keyway;
using Keyway.Licensing;

namespace Acme;

/// <summary>
/// Asks with <c>{"kids":[HEX,…]}</c> and takes <c>{"keys":[{"kid":HEX,"key":BASE64},…],"seconds":N}</c>, each key wrapped for the device
/// (AES key wrap with padding, RFC 5649). Retries, transport, states and the keys themselves are the framework's.
/// </summary>
public sealed class AcmeSession(SessionRequest request, ISessionHost host, Func<CancellationToken, ValueTask<IMemoryOwner<byte>>> deviceKey) : ILicenseSession
{
    public ValueTask<ChallengeInfo> WriteChallengeAsync(ChallengeRequest challenge, IBufferWriter<byte> destination, CancellationToken cancellationToken)
    {
        JsonArray kids = [.. request.Keys.Select(static key => (JsonNode)key.Id.ToString())];
        destination.Write(Encoding.UTF8.GetBytes(new JsonObject { ["kids"] = kids }.ToJsonString()));
        return new(new ChallengeInfo { Kind = ChallengeKind.License, ContentType = "application/json" });
    }

    public async ValueTask<LicenseOutcome> AcceptAsync(LicenseAnswer answer, CancellationToken cancellationToken)
    {
        JsonNode license = Parse(answer.Body) ?? throw new LicenseServiceException(LicenseErrorKind.LicenseMalformed, "the licence is no JSON");
        KeyPolicy policy = new()
        {
            NotAfter = license["seconds"] is { } seconds ? DateTimeOffset.UtcNow.AddSeconds((int)seconds) : null,
            Output = new OutputRequirement { ClearExport = true },
        };
        using IMemoryOwner<byte> device = await deviceKey(cancellationToken);
        using Aes aes = Aes.Create();
        aes.Key = Convert.FromHexString(Encoding.ASCII.GetString(device.Memory.Span).Trim());
        foreach (JsonNode? entry in license["keys"]!.AsArray())
        {
            byte[] key = aes.DecryptKeyWrapPadded(Convert.FromBase64String((string)entry!["key"]!));
            if (KeyId.TryParse((string?)entry["kid"], out KeyId id)) host.Import(id, key, policy);
            CryptographicOperations.ZeroMemory(key);
        }

        return LicenseOutcome.Complete;
    }

    private static JsonNode? Parse(ReadOnlySequence<byte> body)
    {
        try
        {
            return JsonNode.Parse(body.ToArray());
        }
        catch (System.Text.Json.JsonException)
        {
            return null;
        }
    }
}
