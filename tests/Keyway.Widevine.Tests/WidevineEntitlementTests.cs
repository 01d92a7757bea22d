using System.Security.Cryptography;
using Keyway.Licensing;
using Keyway.Widevine.Issuing;

namespace Keyway.Widevine;

public sealed class WidevineEntitlementTests
{
    private static readonly byte[] Asking = new Proto().Bytes(4, "channel-1"u8).Number(11, 1);

    private readonly Bench _bench = new();
    private readonly IssuedKey _entitlement = new() { Type = 5, Key = RandomNumberGenerator.GetBytes(32), Required = new Proto().Number(1, 4) };

    [Fact]
    public async Task Later_periods_open_with_no_new_request()
    {
        (ILicenseSession session, RecordingHost host) = await _bench.OpenAsync(Bench.Request(Asking));
        await session.LicenseAsync(_bench.Issuer, new IssuedLicense { Keys = [_entitlement], Policy = new Dictionary<int, long> { [1] = 1, [6] = 600 } });
        host.Keys.Should().BeEmpty("an entitlement decrypts nothing by itself");

        for (int period = 0; period < 3; period++)
        {
            byte[] kid = RandomNumberGenerator.GetBytes(16), key = RandomNumberGenerator.GetBytes(16);
            (await session.OfferHeaderAsync(Bench.Header(Entitled(period, Entry(kid, key))), CancellationToken.None)).Should().Be(HeaderOutcome.Absorbed);
            host.Keys[KeyId.FromOpaque(kid)].Should().Be(Convert.ToHexStringLower(key));
            host.Policies[KeyId.FromOpaque(kid)].NotAfter.Should().Be(_bench.Clock.Now.AddSeconds(600));
            host.Policies[KeyId.FromOpaque(kid)].Output.Hdcp.Should().Be(HdcpLevel.V2_2, "a content key has the rules of its entitlement");
        }
    }

    [Theory]
    [InlineData(32, 16)]
    [InlineData(32, 32)]
    [InlineData(16, 16)]
    public async Task Both_paddings_and_both_sizes_unwrap(int entitlementSize, int wrappedSize)
    {
        IssuedKey entitlement = _entitlement with { Key = RandomNumberGenerator.GetBytes(entitlementSize) };
        (ILicenseSession session, RecordingHost host) = await _bench.OpenAsync(Bench.Request(Asking));
        await session.LicenseAsync(_bench.Issuer, new IssuedLicense { Keys = [entitlement] });
        byte[] key = RandomNumberGenerator.GetBytes(16);
        byte[] header = Entitled(1, Entry(Bench.Kid, key, entitlement, wrappedSize == 32, entitlementSize == 32 ? null : entitlementSize));
        (await session.OfferHeaderAsync(Bench.Header(header), CancellationToken.None)).Should().Be(HeaderOutcome.Absorbed);
        host.Keys.Values.Should().Equal(Convert.ToHexStringLower(key));
    }

    [Fact]
    public async Task Header_before_the_licence_waits_for_it()
    {
        byte[] key = RandomNumberGenerator.GetBytes(16);
        (ILicenseSession session, RecordingHost host) = await _bench.OpenAsync(Bench.Request(Asking));
        byte[] challenge = (await session.AskAsync()).Bytes;
        (await session.OfferHeaderAsync(Bench.Header(Entitled(1, Entry(Bench.Kid, key))), CancellationToken.None)).Should().Be(HeaderOutcome.ExchangeNeeded);
        await session.GiveAsync(_bench.Issuer.Issue(challenge, new IssuedLicense { Keys = [_entitlement] }));
        host.Keys[KeyId.FromOpaque(Bench.Kid)].Should().Be(Convert.ToHexStringLower(key));
    }

    [Fact]
    public async Task Header_among_those_of_the_request_opens_with_the_licence()
    {
        byte[] key = RandomNumberGenerator.GetBytes(16), entitled = Entitled(1, Entry(Bench.Kid, key));
        foreach (SessionRequest request in new[] { Bench.Request(Asking, entitled), Bench.Request(entitled) })
        {
            (ILicenseSession session, RecordingHost host) = await _bench.OpenAsync(request);
            byte[] challenge = (await session.AskAsync()).Bytes;
            _bench.Issuer.Read(challenge).Pssh.Should().ContainSingle().Which.Should().Equal(request.Headers.Count == 2 ? Asking : entitled);
            await session.GiveAsync(_bench.Issuer.Issue(challenge, new IssuedLicense { Keys = [_entitlement] }));
            host.Keys.Should().ContainKey(KeyId.FromOpaque(Bench.Kid));
        }
    }

    [Theory]
    [InlineData("other entitlement")]
    [InlineData("short iv")]
    [InlineData("long key")]
    [InlineData("bad padding")]
    [InlineData("other size")]
    [InlineData("no key id")]
    [InlineData("no entries")]
    public async Task Entry_that_does_not_fit_imports_nothing(string how)
    {
        (ILicenseSession session, RecordingHost host) = await _bench.OpenAsync(Bench.Request(Asking));
        await session.LicenseAsync(_bench.Issuer, new IssuedLicense { Keys = [_entitlement] });
        byte[] id = _entitlement.Id!, sixteen = new byte[16];
        Proto? entry = how switch
        {
            "other entitlement" => new Proto().Bytes(1, sixteen).Bytes(2, Bench.Kid).Bytes(3, sixteen).Bytes(4, sixteen),
            "short iv" => new Proto().Bytes(1, id).Bytes(2, Bench.Kid).Bytes(3, sixteen).Bytes(4, new byte[8].AsSpan()),
            "long key" => new Proto().Bytes(1, id).Bytes(2, Bench.Kid).Bytes(3, new byte[48].AsSpan()).Bytes(4, sixteen),
            "bad padding" => new Proto().Bytes(1, id).Bytes(2, Bench.Kid).Bytes(3, RandomNumberGenerator.GetBytes(32)).Bytes(4, sixteen),
            "other size" => new Proto().Bytes(1, id).Bytes(2, Bench.Kid).Bytes(3, sixteen).Bytes(4, sixteen).Number(5, 16),
            "no key id" => new Proto().Bytes(1, id).Bytes(3, sixteen).Bytes(4, sixteen),
            _ => null,
        };
        (await session.OfferHeaderAsync(Bench.Header(Entitled(1, entry is null ? [] : [entry.ToArray()])), CancellationToken.None)).Should().Be(HeaderOutcome.NotMine);
        host.Calls.Should().Be(0);
    }

    [Fact]
    public async Task Content_cannot_replace_a_key_that_is_held()
    {
        IssuedKey content = new() { Id = Bench.Kid };
        (ILicenseSession session, RecordingHost host) = await _bench.OpenAsync(Bench.Request(Asking));
        await session.LicenseAsync(_bench.Issuer, new IssuedLicense { Keys = [_entitlement, content] });
        (await session.OfferHeaderAsync(Bench.Header(Entitled(1, Entry(Bench.Kid, new byte[16]))), CancellationToken.None)).Should().Be(HeaderOutcome.Absorbed);
        host.Keys[KeyId.FromOpaque(Bench.Kid)].Should().Be(Convert.ToHexStringLower(content.Key!));
    }

    [Fact]
    public async Task Entitlement_above_the_level_leaves_its_keys_restricted()
    {
        (ILicenseSession session, RecordingHost host) = await _bench.OpenAsync(Bench.Request(Asking));
        await session.LicenseAsync(_bench.Issuer, new IssuedLicense { Keys = [_entitlement with { Level = 5 }, new IssuedKey()] });
        (await session.OfferHeaderAsync(Bench.Header(Entitled(1, Entry(Bench.Kid, new byte[16]))), CancellationToken.None)).Should().Be(HeaderOutcome.Absorbed);
        host.Statuses[KeyId.FromOpaque(Bench.Kid)].Should().Be(KeyStatus.OutputRestricted);
        host.Keys.Should().NotContainKey(KeyId.FromOpaque(Bench.Kid));
    }

    [Fact]
    public async Task Renewal_reaches_the_keys_of_every_period()
    {
        (ILicenseSession session, RecordingHost host) = await _bench.OpenAsync(Bench.Request(Asking));
        await session.LicenseAsync(_bench.Issuer, new IssuedLicense { Keys = [_entitlement], Policy = new Dictionary<int, long> { [1] = 1, [3] = 1, [6] = 60 } });
        await session.OfferHeaderAsync(Bench.Header(Entitled(1, Entry(Bench.Kid, new byte[16]))), CancellationToken.None);
        Challenge renewal = _bench.Issuer.Read((await session.AskAsync(ChallengeKind.Renewal)).Bytes);
        await session.GiveAsync(_bench.Issuer.Renew(renewal, new IssuedLicense { Version = 1, Policy = new Dictionary<int, long> { [1] = 1, [6] = 999 } }));
        host.Policies[KeyId.FromOpaque(Bench.Kid)].NotAfter.Should().Be(_bench.Clock.Now.AddSeconds(999));
    }

    [Fact]
    public async Task Other_headers_are_absorbed_only_when_their_keys_are_held()
    {
        (ILicenseSession session, _) = await _bench.OpenAsync();
        ProtectionHeader same = Bench.Header(Bench.Pssh), other = Bench.Header(new Proto().Bytes(2, new byte[16])), content = Bench.Header(new Proto().Bytes(4, "x"u8));
        (await session.OfferHeaderAsync(same, CancellationToken.None)).Should().Be(HeaderOutcome.ExchangeNeeded);
        (await session.OfferHeaderAsync(other, CancellationToken.None)).Should().Be(HeaderOutcome.NotMine);
        await session.LicenseAsync(_bench.Issuer, new IssuedLicense { Keys = [new IssuedKey { Id = Bench.Kid }, new IssuedKey { Id = new byte[16] }] });
        (await session.OfferHeaderAsync(same, CancellationToken.None)).Should().Be(HeaderOutcome.Absorbed);
        (await session.OfferHeaderAsync(other, CancellationToken.None)).Should().Be(HeaderOutcome.Absorbed);
        (await session.OfferHeaderAsync(content, CancellationToken.None)).Should().Be(HeaderOutcome.NotMine);
        (await session.OfferHeaderAsync(same with { System = new SystemId(Guid.Empty) }, CancellationToken.None)).Should().Be(HeaderOutcome.NotMine);
    }

    private byte[] Entry(byte[] kid, byte[] key, IssuedKey? entitlement = null, bool padded = false, int? size = null)
    {
        byte[] iv = RandomNumberGenerator.GetBytes(16);
        using Aes aes = Aes.Create();
        aes.Key = (entitlement ?? _entitlement).Key!;
        return new Proto().Bytes(1, (entitlement ?? _entitlement).Id).Bytes(2, kid).Bytes(3, aes.EncryptCbc(key, iv, padded ? PaddingMode.PKCS7 : PaddingMode.None)).Bytes(4, iv).Number(5, (long?)size);
    }

    private static byte[] Entitled(int period, params byte[][] entries)
    {
        Proto header = new Proto().Bytes(4, "channel-1"u8).Number(7, period).Number(11, 2);
        foreach (byte[] entry in entries) header.Bytes(14, entry);
        return header;
    }
}
