using Keyway.Licensing;
using Keyway.Widevine.Issuing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Keyway.Widevine;

/// <summary>
/// One flipped bit, in places that are signed and in every place that is not. A run tries a part of the bits, so that it takes seconds; a long run tries all.
/// </summary>
public sealed class WidevineTamperTests
{
    private readonly Bench _bench = new();

    [Fact]
    public async Task Flipped_bit_of_an_answer_opens_nothing_else()
    {
        (ILicenseSession session, RecordingHost host) = await _bench.OpenAsync();
        byte[] challenge = (await session.AskAsync()).Bytes;
        byte[] genuine = _bench.Issuer.Issue(challenge, new IssuedLicense
        {
            Core = new byte[24],
            UnknownFields = true,
            SessionKeyType = 1,
            Keys = [new IssuedKey { Required = new Proto().Number(1, 3) }, new IssuedKey()],
            Policy = new Dictionary<int, long> { [1] = 1, [3] = 1, [4] = 100, [6] = 200, [15] = 0 },
        });
        Dictionary<int, Field> fields = Proto.Read(genuine).Where(field => field.Data is not null && field.Id < 60).ToDictionary(field => field.Id);
        LicenseErrorKind? Expected(int at) => fields.Values.FirstOrDefault(field => at >= field.At && at < field.At + field.Data!.Length)?.Id switch
        {
            2 or 3 or 9 => LicenseErrorKind.LicenseNotAuthentic,
            4 => LicenseErrorKind.LicenseNotForThisDevice,
            _ => null,
        };

        int outside = 0, same = 0;
        foreach (int bit in LongRun.Of(Enumerable.Range(0, genuine.Length * 8), 600, bit => Expected(bit / 8) is null))
        {
            byte[] flipped = Flip(genuine, bit);
            if (Expected(bit / 8) is LicenseErrorKind kind)
            {
                (await session.RefusedAsync(flipped)).Kind.Should().Be(kind, "bit {0} is signed", bit);
                host.Calls.Should().Be(0);
                continue;
            }

            // Framing and fields that nothing signs: whatever happens, the keys and policies are the issued ones or none.
            outside++;
            (ILicenseSession other, RecordingHost otherHost) = await ReplayAsync(challenge);
            try
            {
                await other.GiveAsync(flipped);
                otherHost.ToString().Should().Be(await GenuineAsync(challenge, genuine));
                same++;
            }
            catch (LicenseServiceException)
            {
                otherHost.Calls.Should().Be(0);
            }
        }

        outside.Should().BeGreaterThan(100);
        same.Should().BePositive("fields that nothing signs may change").And.BeLessThan(outside, "and the framing may not");
        await session.GiveAsync(genuine);
        host.Keys.Should().HaveCount(2, "no refused answer changed the session");
    }

    [Fact]
    public async Task Flipped_bit_of_a_renewal_changes_nothing()
    {
        (ILicenseSession session, RecordingHost host) = await _bench.OpenAsync();
        Dictionary<int, long> policy = new() { [1] = 1, [3] = 1, [6] = 60 };
        await session.LicenseAsync(_bench.Issuer, new IssuedLicense { Policy = policy });
        byte[] genuine = _bench.Issuer.Renew(_bench.Issuer.Read((await session.AskAsync(ChallengeKind.Renewal)).Bytes), new IssuedLicense { Version = 1, Policy = policy, Core = new byte[4] });
        string before = host.ToString();
        Field[] fields = [.. Proto.Read(genuine).Where(field => field.Data is not null)];
        foreach (int bit in LongRun.Of(Enumerable.Range(0, genuine.Length * 8), 800))
        {
            LicenseServiceException refused = await session.RefusedAsync(Flip(genuine, bit));
            if (fields.Any(field => bit / 8 >= field.At && bit / 8 < field.At + field.Data!.Length)) refused.Kind.Should().Be(LicenseErrorKind.LicenseNotAuthentic);
        }

        host.ToString().Should().Be(before);
        await session.GiveAsync(genuine);
    }

    [Fact]
    public void Flipped_bit_of_the_device_chain_is_refused()
    {
        byte[] key = TestPki.Device.ExportPkcs8PrivateKey();
        IReadOnlyList<Field> client = Proto.Read(TestPki.ClientId), leaf = client.Message(2), model = leaf.Message(3);
        int leafAt = client.Single(field => field.Id == 2).At, modelAt = leafAt + leaf.Single(field => field.Id == 3).At;
        (int From, int To)[] signed =
        [
            .. leaf.Where(field => field.Id < 3).Select(field => (leafAt + field.At, leafAt + field.At + field.Data!.Length)),
            .. model.Where(field => field.Id < 3).Select(field => (modelAt + field.At, modelAt + field.At + field.Data!.Length)),
        ];
        WidevineOptions options = _bench.Create().Options;

        foreach ((int from, int to) in signed)
            foreach (int bit in LongRun.Of(Enumerable.Range(0, (to - from) * 8), 100))
                FluentActions.Invoking(() => WidevineCredential.Read(key, Flip(TestPki.ClientId, (from * 8) + bit), options, _bench.Clock.Now, NullLogger.Instance))
                    .Should().Throw<LicenseServiceException>().Which.Kind.Should().Be(LicenseErrorKind.CredentialInvalid);
    }

    [Fact]
    public void Flipped_bit_of_the_service_certificate_is_refused()
    {
        WidevineRoot root = _bench.Create().Options.Roots[0];
        foreach (Field field in Proto.Read(TestPki.ServiceCertificate))
            foreach (int bit in LongRun.Of(Enumerable.Range(0, field.Data!.Length * 8), 200))
                FluentActions.Invoking(() => WidevineServiceCertificate.Verify(Flip(TestPki.ServiceCertificate, (field.At * 8) + bit), root, _bench.Clock.Now))
                    .Should().Throw<LicenseServiceException>().Which.Kind.Should().Be(LicenseErrorKind.CertificateNotTrusted);
    }

    private static byte[] Flip(byte[] source, int bit)
    {
        byte[] flipped = [.. source];
        flipped[bit / 8] ^= (byte)(1 << (bit % 8));
        return flipped;
    }

    private async Task<string> GenuineAsync(byte[] challenge, byte[] genuine)
    {
        (ILicenseSession session, RecordingHost host) = await ReplayAsync(challenge);
        await session.GiveAsync(genuine);
        return host.ToString();
    }

    private WidevineKeySystem? _system;

    /// <summary>A session that has sent exactly these bytes.</summary>
    private async Task<(ILicenseSession Session, RecordingHost Host)> ReplayAsync(byte[] challenge)
    {
        _system ??= await _bench.StartAsync();
        (ILicenseSession session, RecordingHost host) = await _bench.OpenAsync(system: _system);
        Challenge read = _bench.Issuer.Read(challenge);
        ((WidevineSession)session).Remember(new WidevineRequest(ChallengeKind.License, Google.Protobuf.ByteString.CopyFrom(read.RequestId), read.Message));
        return (session, host);
    }
}
