using Keyway.Licensing;
using Keyway.Widevine.Issuing;

namespace Keyway.Widevine;

public sealed class WidevineSessionTests
{
    private readonly Bench _bench = new();

    [Fact]
    public async Task Licence_brings_the_issued_key()
    {
        (ILicenseSession session, RecordingHost host) = await _bench.OpenAsync();
        IssuedKey key = new() { Id = Bench.Kid };

        (byte[] challenge, ChallengeInfo info) = await session.AskAsync();
        info.Kind.Should().Be(ChallengeKind.License);
        info.Url.Should().BeNull();
        LicenseOutcome outcome = await session.GiveAsync(_bench.Issuer.Issue(challenge, new IssuedLicense { Keys = [key] }));

        outcome.Should().Be(LicenseOutcome.Complete);
        host.Keys.Should().ContainSingle().Which.Value.Should().Be(Convert.ToHexStringLower(key.Key!));
    }
}
