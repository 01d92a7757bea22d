using Keyway.Licensing;
using Keyway.Testing;
using Keyway.Widevine.Issuing;

namespace Keyway.Widevine;

/// <summary>What every key system promises.</summary>
public sealed class ConformanceTests
{
    private static readonly byte[] Key = Convert.FromHexString("6fc96fe628a265b13aeddec0bc421f4d");

    public static TheoryData<string> Promises => [.. KeySystemConformance.Promises];

    [Theory]
    [MemberData(nameof(Promises))]
    public Task Keeps(string promise) => new KeySystemConformance(static () => new KeySystemUnderTest
    {
        Create = static () => new Bench().Create(),
        Headers = [new InitializationData { Kind = InitializationDataKind.Pssh, System = WidevineConstants.System, Payload = Bench.Pssh }],
        Keys = new Dictionary<KeyId, ReadOnlyMemory<byte>> { [KeyId.FromOpaque(Bench.Kid)] = Key },
        AnswersAreBound = true,
        Secrets = [TestPki.Device.ExportParameters(includePrivateParameters: true).D!],
        // A key's way into a licence is slow on purpose: RSA.
        Alterations = LongRun.Times(2000, 120),
        Answer = static challenge => Bench.Answer(new Issuer().Issue(challenge.ToArray(), new IssuedLicense
        {
            // May be kept and lasts for a while, so that there is something to save and something to change.
            Policy = new Dictionary<int, long> { [1] = 1, [2] = 1, [5] = 3600 },
            Keys = [new IssuedKey { Id = Bench.Kid, Key = Key }],
        })),
    }).CheckAsync(promise);
}
