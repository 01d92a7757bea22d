using System.Buffers.Text;
using System.Text.Json.Nodes;
using Keyway.ClearKey.Fakes;
using Keyway.Licensing;
using Keyway.Protection;
using Keyway.Testing;

namespace Keyway.ClearKey;

/// <summary>What every key system promises.</summary>
public sealed class ConformanceTests
{
    private static readonly KeyId First = Given.Key("2f05477fc24bb4faefd86517156daffc"), Second = Given.Key("d0376d53da1df818792f7c5bbf45dffc");

    private static readonly Dictionary<KeyId, ReadOnlyMemory<byte>> Keys = new()
    {
        [First] = Convert.FromHexString("b50d1b25559be9bd0a3cbe8ab59232fc"),
        [Second] = Convert.FromHexString("0ac5c1f4f23ac1a0ff4d4dbd9a54f2e7"),
    };

    public static TheoryData<string> Promises => [.. KeySystemConformance.Promises];

    [Theory]
    [MemberData(nameof(Promises))]
    public Task Keeps(string promise) => new KeySystemConformance(static () => new KeySystemUnderTest
    {
        Create = static () => Given.System(),
        Headers =
        [
            new InitializationData { Kind = InitializationDataKind.Pssh, System = SystemIds.Common, Payload = default, BoxKeyIds = [First, Second] },
            new InitializationData { Kind = InitializationDataKind.KeyIds, System = SystemIds.Common, Payload = """{"kids":["LwVHf8JLtPrv2GUXFW2v_A"]}"""u8.ToArray() },
            new InitializationData { Kind = InitializationDataKind.WebM, System = SystemIds.Common, Payload = "abc"u8.ToArray() },
        ],
        Keys = Keys,
        // Its answers are JSON that nobody has signed, and its requests are what they ask for and no more.
        LicensesAreSigned = false,
        ChallengesDiffer = false,
        Answer = static challenge => Given.Answer(Grant(challenge)),
    }).CheckAsync(promise);

    private static string Grant(ReadOnlyMemory<byte> challenge)
    {
        JsonArray keys = [];
        foreach (JsonNode? kid in JsonNode.Parse(challenge.Span)!["kids"]!.AsArray())
            if (KeyId.TryRead(Base64Url.DecodeFromChars((string)kid!), out KeyId id) && Keys.TryGetValue(id, out ReadOnlyMemory<byte> key))
                keys.Add(new JsonObject { ["kty"] = "oct", ["kid"] = (string)kid!, ["k"] = Base64Url.EncodeToString(key.Span) });
        return new JsonObject { ["keys"] = keys, ["type"] = "temporary" }.ToJsonString();
    }
}
