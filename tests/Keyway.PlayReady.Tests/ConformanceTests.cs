using System.Buffers;
using Keyway.Licensing;
using Keyway.PlayReady.Issuer;
using Keyway.Plugins;
using Keyway.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Keyway.PlayReady;

/// <summary>What every key system promises.</summary>
public sealed class ConformanceTests
{
    private static readonly KeyId Id = SharedVectors.Id("6f651ae1-dbe4-4434-bcb4-690d1564c41c");
    private static readonly byte[] Key = Convert.FromHexString("88da852ae4fa2e1e36aeb2d5c94997b1");
    private static readonly TestWorld World = new();
    private static readonly TestLicense License = Wrapped(new TestLicense { KeyId = Id, Key = Key, Persistent = true });

    public static TheoryData<string> Promises => [.. KeySystemConformance.Promises];

    [Theory]
    [MemberData(nameof(Promises))]
    public Task Keeps(string promise) => new KeySystemConformance(static () => new KeySystemUnderTest
    {
        Create = static () => new PlayReadyKeySystem(World.Options(), new Credential(), new StandingClock(TestClient.Today), NullLogger.Instance),
        Headers = [new InitializationData { Kind = InitializationDataKind.Pssh, System = PlayReadyConstants.System, Payload = PlayReadyHeaderTests.Pssh(PlayReadyHeaderTests.Pro(PlayReadyHeader.Write([Id], HeaderAlgorithm.AesCtr).Markup)).Payload }],
        Keys = new Dictionary<KeyId, ReadOnlyMemory<byte>> { [Id] = Key },
        AnswersAreBound = true,
        Secrets = [World.SignKey.Secret.ToByteArray(isUnsigned: true, isBigEndian: true), World.EncryptKey.Secret.ToByteArray(isUnsigned: true, isBigEndian: true)],
        // Curves in plain code: a licence takes milliseconds.
        Alterations = LongRun.Times(2000, 40),
        Answer = static challenge => TestWorld.Http(World.Answer(TestChallenge.Read(challenge.Span), [License])),
    }).CheckAsync(promise);

    private static TestLicense Wrapped(TestLicense license) => license with { Wrapped = license.Wrap(World.EncryptKey.PublicKey) };

    private sealed class Credential : ISecretReader
    {
        public ValueTask<IMemoryOwner<byte>> ReadAsync(string name, CancellationToken cancellationToken) => new(new Owner(name switch
        {
            "chain" => [.. World.DeviceChain],
            "sign" => World.SignKey.Pkcs8(),
            "encrypt" => World.EncryptKey.Pkcs8(),
            _ => throw new SecretException(name, "there is none"),
        }));
    }

    private sealed class Owner(byte[] bytes) : IMemoryOwner<byte>
    {
        public Memory<byte> Memory => bytes;

        public void Dispose() => Array.Clear(bytes);
    }
}
