using System.Buffers;
using System.Buffers.Text;
using System.Text.Json.Nodes;
using Keyway.Cdm.Child;
using Keyway.Licensing;
using Keyway.Protection;
using Keyway.Testing;

namespace Keyway.Cdm.Firefox;

/// <summary>What every key system promises, of one that is a module of another's in a process of its own.</summary>
public sealed class FirefoxConformanceTests
{
    private static readonly KeyId Id = Parse("00112233445566778899aabbccddeeff");
    private static readonly Dictionary<KeyId, ReadOnlyMemory<byte>> Keys = new() { [Id] = Convert.FromHexString("a0b1c2d3e4f5061728394a5b6c7d8e9f") };

    public static TheoryData<string> Promises => [.. KeySystemConformance.Promises];

    [Theory]
    [MemberData(nameof(Promises))]
    public Task Keeps(string promise)
    {
        Assert.SkipWhen(FirefoxModule.IsAbsent, FirefoxModule.Absent);
        return new KeySystemConformance(static () => new KeySystemUnderTest
        {
            Create = static () => new CdmKeySystem(
                new CdmOptions { Name = "firefox", Module = FirefoxModule.Path, ModuleKeySystem = CdmConstants.ClearKey, Systems = CdmConstants.Systems[CdmConstants.ClearKey], SandboxRequired = true },
                LyingModule.Context(), ChildProgram.Own with { Environment = FirefoxModule.Needs }),
            Headers =
            [
                new InitializationData { Kind = InitializationDataKind.Pssh, System = SystemIds.Common, Payload = default, BoxKeyIds = [Id] },
                new InitializationData { Kind = InitializationDataKind.KeyIds, System = SystemIds.Common, Payload = """{"kids":["ABEiM0RVZneImaq7zN3u_w"]}"""u8.ToArray() },
            ],
            Keys = Keys,
            LicensesAreSigned = false,
            ChallengesDiffer = false,
            Answer = static challenge => new LicenseAnswer { Body = new ReadOnlySequence<byte>(Grant(challenge)), Status = 200, ContentType = "application/json" },
            // Each is a session in a process.
            Alterations = LongRun.Times(200, 12),
        }).CheckAsync(promise);
    }

    private static byte[] Grant(ReadOnlyMemory<byte> challenge)
    {
        JsonArray keys = [];
        foreach (JsonNode? kid in JsonNode.Parse(challenge.Span)!["kids"]!.AsArray())
            if (KeyId.TryRead(Base64Url.DecodeFromChars((string)kid!), out KeyId id) && Keys.TryGetValue(id, out ReadOnlyMemory<byte> key))
                keys.Add(new JsonObject { ["kty"] = "oct", ["kid"] = (string)kid!, ["k"] = Base64Url.EncodeToString(key.Span) });
        return System.Text.Encoding.UTF8.GetBytes(new JsonObject { ["keys"] = keys, ["type"] = "temporary" }.ToJsonString());
    }

    private static KeyId Parse(string text) => KeyId.TryParse(text, out KeyId id) ? id : throw new FormatException(text);
}
