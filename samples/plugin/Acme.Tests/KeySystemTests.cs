using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Keyway;
using Keyway.Licensing;
using Keyway.Messaging;
using Keyway.Plugins;
using Keyway.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace Acme.Tests;

/// <summary>What every key system promises, a sentence each. Say here how yours is made, which headers it reads, and how its service answers.</summary>
public sealed class KeySystemTests
{
    // Made for these tests, and worth nothing.
    private static readonly byte[] DeviceKey = Convert.FromHexString("000102030405060708090a0b0c0d0e0f");
    private static readonly SystemId Common = new(new Guid("1077efec-c0b2-4d02-ace3-3c1e52e2fb4b"));
    private static readonly KeyId Kid = new(0x0123456789abcdef);
    private static readonly byte[] Key = Convert.FromHexString("a0a1a2a3a4a5a6a7a8a9aaabacadaeaf");

    public static TheoryData<string> Promises => [.. KeySystemConformance.Promises];

    [Theory]
    [MemberData(nameof(Promises))]
    public Task Keeps(string promise) => new KeySystemConformance(static () => new KeySystemUnderTest
    {
        Create = static () => new AcmeKeySystem("secret:acme-device", Context()),
        Headers = [new InitializationData { Kind = InitializationDataKind.Pssh, System = Common, Payload = default, BoxKeyIds = [Kid] }],
        Keys = new Dictionary<KeyId, ReadOnlyMemory<byte>> { [Kid] = Key },
        Answer = static challenge => Grant(challenge),
        Secrets = [DeviceKey],
        // What Acme's service answers is wrapped for the device and signed by nobody, and what is asked is the same each time.
        LicensesAreSigned = false,
        ChallengesDiffer = false,
    }).CheckAsync(promise);

    /// <summary>Answers as the service does.</summary>
    private static LicenseAnswer Grant(ReadOnlyMemory<byte> challenge)
    {
        using Aes aes = Aes.Create();
        aes.Key = DeviceKey;
        JsonArray keys = [.. JsonNode.Parse(challenge.Span)!["kids"]!.AsArray().Select(kid => (JsonNode)new JsonObject { ["kid"] = (string)kid!, ["key"] = Convert.ToBase64String(aes.EncryptKeyWrapPadded(Key)) })];
        return new LicenseAnswer { Status = 200, ContentType = "application/json", Body = new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(new JsonObject { ["keys"] = keys, ["seconds"] = 3600 }.ToJsonString())) };
    }

    /// <summary>What a host gives a plugin.</summary>
    private static PluginContext Context() => new()
    {
        PluginId = "acme",
        Settings = new ConfigurationBuilder().Build().GetSection("Keyway:Plugins:Allow:acme"),
        Logging = NullLoggerFactory.Instance,
        Events = new InProcessBus(),
        Secrets = new Secrets(),
        Http = new HttpMessageInvoker(new SocketsHttpHandler()),
        Clock = TimeProvider.System,
    };

    private sealed class Secrets : ISecretReader
    {
        public ValueTask<IMemoryOwner<byte>> ReadAsync(string name, CancellationToken cancellationToken) =>
            name == "acme-device" ? new(new Owner(Encoding.ASCII.GetBytes(Convert.ToHexString(DeviceKey)))) : throw new SecretException(name, "these tests have none");
    }

    private sealed class Owner(byte[] bytes) : IMemoryOwner<byte>
    {
        public Memory<byte> Memory => bytes;

        public void Dispose() => Array.Clear(bytes);
    }
}
