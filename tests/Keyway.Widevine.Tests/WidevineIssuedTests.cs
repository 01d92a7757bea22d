using CsCheck;
using Keyway.Licensing;
using Keyway.Testing;
using Keyway.Widevine.Issuing;

namespace Keyway.Widevine;

/// <summary>Whatever is issued arrives exactly. The expectation is written from the published messages, field by field, apart from the plugin's mapping.</summary>
public sealed class WidevineIssuedTests
{
    private static readonly Gen<long?> Seconds = Gen.Select(Gen.Int[0, 3], Gen.Long[1, 400_000_000], (which, value) => which switch { 0 => (long?)null, 1 => 0, _ => value });
    private static readonly Gen<long?> Flags = Gen.Int[0, 2].Select(which => which == 2 ? (long?)null : which);
    private static readonly int[] HdcpLevels = [0, 1, 2, 3, 4, 5, 255];
    private static readonly Gen<int> Hdcp = Gen.Int[0, 6].Select(index => HdcpLevels[index]);
    private static readonly Gen<byte[]> Sixteen = Gen.Byte.Array[16];

    private static readonly Gen<IReadOnlyDictionary<int, long>> Policies =
        from numbers in Gen.Select(Seconds, Seconds, Seconds, Seconds, Seconds)
        from more in Gen.Select(Seconds, Seconds, Flags, Flags, Flags)
        from flags in Gen.Select(Flags, Flags, Flags, Flags)
        select (IReadOnlyDictionary<int, long>)new Dictionary<int, long?>
        {
            [1] = flags.Item1,
            [2] = flags.Item2,
            [3] = flags.Item3,
            [4] = numbers.Item1,
            [5] = numbers.Item2,
            [6] = numbers.Item3,
            [7] = numbers.Item4,
            [9] = numbers.Item5,
            [10] = more.Item1,
            [11] = flags.Item4,
            [13] = more.Item2,
            [14] = more.Item3,
            [15] = more.Item4,
        }.Where(entry => entry.Value is not null).ToDictionary(entry => entry.Key, entry => entry.Value!.Value);

    private static readonly Gen<(byte[]? Protection, int Hdcp)> Protections =
        Gen.Select(Gen.Bool, Hdcp, (said, hdcp) => said ? ((byte[]?)new Proto().Number(1, hdcp).ToArray(), hdcp) : (null, 0));

    private static readonly Gen<(IssuedKey Key, int Hdcp, (uint Min, uint Max, int Hdcp)[] Rules)> Keys =
        from id in Sixteen
        from key in Sixteen
        from type in Gen.Bool.Select(oem => oem ? 6 : 2)
        from protection in Protections
        from rules in Gen.Select(Gen.UInt[0, 1_000_000], Gen.UInt[1_000_000, 9_000_000], Hdcp).Array[0, 3]
        select (new IssuedKey
        {
            Id = id,
            Key = key,
            Type = type,
            Required = protection.Protection,
            Constraints = [.. rules.Select(rule => new Proto().Number(1, rule.Item1).Number(2, rule.Item2).Bytes(3, new Proto().Number(1, rule.Item3).ToArray()).ToArray())],
        }, protection.Hdcp, rules.Select(rule => (rule.Item1, rule.Item2, rule.Item3)).ToArray());

    private readonly Bench _bench = new();

    [Fact]
    public async Task Random_keys_and_policies_arrive_exactly()
    {
        await using WidevineKeySystem system = await _bench.StartAsync();
        await Gen.Select(Policies, Keys.Array[1, 6], Gen.Byte.Array[0, 30]).SampleAsync(async sample =>
        {
            (IReadOnlyDictionary<int, long> policy, (IssuedKey Key, int Hdcp, (uint, uint, int)[] Rules)[] keys, byte[] core) = sample;
            (ILicenseSession session, RecordingHost host) = await _bench.OpenAsync(system: system);
            Issuer issuer = new();
            await session.LicenseAsync(issuer, new IssuedLicense { Policy = policy, Keys = [.. keys.Select(key => key.Key)], Core = core.Length == 0 ? null : core });

            host.Keys.Should().HaveCount(keys.Length);
            foreach ((IssuedKey key, int hdcp, (uint Min, uint Max, int Hdcp)[] rules) in keys)
            {
                KeyId.TryRead(key.Id, out KeyId id);
                host.Keys[id].Should().Be(Convert.ToHexStringLower(key.Key!));
                RecordingHost.Show(host.Policies[id]).Should().Be(RecordingHost.Show(Expect(policy, hdcp, rules)));
            }
        }, iter: 150, threads: 2);
    }

    [Fact]
    public async Task Issued_keys_open_what_was_encrypted_with_them()
    {
        await using WidevineKeySystem system = await _bench.StartAsync();
        IssuedKey[] keys = [new(), new() { Type = 6 }];
        using VaultSessionHost host = new(_bench.Clock);
        ILicenseSession session = await system.OpenSessionAsync(Bench.Request(Bench.Pssh), host, CancellationToken.None);
        await session.LicenseAsync(_bench.Issuer, new IssuedLicense { Keys = keys });

        host.Keys.Select(entry => (entry.Id, entry.Status)).Should().BeEquivalentTo(
            keys.Select(key => (KeyId.FromOpaque(key.Id!), KeyStatus.Usable)), "the test's root is marked for development");
        host.Keys.Should().OnlyContain(entry => entry.Policy.Output.ClearExport);
    }

    [Fact]
    public async Task Under_a_root_without_the_mark_nothing_may_be_exported()
    {
        _bench.Settings["Roots:test:Development"] = "false";
        await using WidevineKeySystem system = await _bench.StartAsync();
        using VaultSessionHost host = new(_bench.Clock);
        ILicenseSession session = await system.OpenSessionAsync(Bench.Request(Bench.Pssh), host, CancellationToken.None);
        await session.LicenseAsync(_bench.Issuer, new IssuedLicense());
        host.Keys.Should().OnlyContain(entry => entry.Status == KeyStatus.OutputRestricted);
    }

    private KeyPolicy Expect(IReadOnlyDictionary<int, long> policy, int hdcp, (uint Min, uint Max, int Hdcp)[] rules)
    {
        DateTimeOffset start = _bench.Clock.Now;
        DateTimeOffset? At(long seconds) => seconds == 0 ? null : start.AddSeconds(seconds);
        TimeSpan? For(long seconds) => seconds == 0 ? null : TimeSpan.FromSeconds(seconds);
        long Field(int number, long absent = 0) => policy.TryGetValue(number, out long value) ? value : absent;

        bool renewable = Field(3) == 1, hardRental = Field(15, absent: 1) == 0;
        long license = Field(6), rental = Field(4), end = license, grace = renewable ? Field(7) : 0;
        if (hardRental && rental > 0)
        {
            end = license == 0 ? rental : Math.Min(license, rental);
            grace = end == rental ? 0 : Math.Min(grace, rental - end);
        }

        DateTimeOffset? renew = !renewable ? null : Field(9) > 0 ? At(Field(9)) : license == 0 ? null : start.AddSeconds(license) - TimeSpan.FromTicks(Math.Min(TimeSpan.FromMinutes(1).Ticks, TimeSpan.FromSeconds(license).Ticks / 2));
        bool playable = Field(1) == 1;
        return new KeyPolicy
        {
            NotAfter = playable ? At(end) : DateTimeOffset.UnixEpoch,
            RenewalGrace = playable ? TimeSpan.FromSeconds(grace) : TimeSpan.Zero,
            FirstUseBefore = At(rental),
            AfterFirstUse = For(Field(5)),
            FirstUseGrace = TimeSpan.FromSeconds(Field(13)),
            MayFinish = Field(14) == 1,
            RenewAt = renew,
            RenewEvery = renewable ? For(Field(10)) : null,
            RenewOnFirstUse = renewable && Field(11) == 1,
            MayPersist = Field(2) == 1,
            Output = new OutputRequirement
            {
                ClearExport = true,
                Hdcp = (HdcpLevel)hdcp,
                Resolutions = [.. rules.Select(rule => new ResolutionRule { MinPixels = rule.Min, MaxPixels = rule.Max, Hdcp = (HdcpLevel)rule.Hdcp })],
            },
        };
    }
}
