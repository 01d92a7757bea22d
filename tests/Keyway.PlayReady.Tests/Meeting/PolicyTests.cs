using System.Globalization;
using System.Security.Cryptography;
using CsCheck;
using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Testing;

namespace Keyway.PlayReady.Meeting;

/// <summary>
/// Random policies, keys and headers, issued by the sandbox: what arrives is what its address asked for, and opens what the platform's AES has
/// closed. Expected values come from the address alone.
/// </summary>
[Collection(nameof(MeetingCollection))]
public sealed class PolicyTests(MeetingSandbox sandbox)
{
    private const int RevocationInfo = 77;

    private static readonly DateTimeOffset Today = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly long Now = Today.ToUnixTimeSeconds();
    private static readonly Guid HdcpType = new("ABB2C6F1-E663-4625-A945-972D17B231E7"), MaximalResolution = new("9645E831-E01D-4FFF-8342-0A720E3E028F");

    private static readonly Gen<Restriction> Restrictions = Gen.Select(Gen.OneOf(Gen.Guid, Gen.Const(HdcpType)), Gen.Byte.Array[0, 8], (id, data) => new Restriction(id, data));

    private static readonly Gen<Terms> Licenses =
        from key in Gen.Byte.Array[16]
        from persistent in Gen.Bool
        from level in Maybe(Gen.Long[0, 150])
        from begin in Maybe(Gen.Long[1, Now])
        from end in Maybe(Gen.Long[Now + 1, uint.MaxValue - 1L])
        from first in Maybe(Gen.Long[0, uint.MaxValue])
        from grace in Maybe(Gen.Long[0, uint.MaxValue])
        from revocation in Maybe(Gen.Long[0, RevocationInfo])
        from realTime in Gen.Bool
        from levels in Gen.Frequency((1, Gen.Const<int[]>([0, 0, 0, 0, 0])), (2, Gen.Int[0, 999].Array[5]), (1, Gen.Int[0, 1].Select(Gen.Int[100, 999], (there, value) => there * value).Array[5]))
        from video in Restrictions.Array[0, 2]
        from audio in Restrictions.Array[0, 2]
        from analog in Restrictions.Array[0, 2]
        from resolution in Maybe(Gen.Long[1, 4096])
        select new Terms(key, persistent, level, begin, end, first, grace, revocation, realTime, levels, video, audio, analog, resolution);

    private static readonly Gen<Case> Cases = Gen.Select(Gen.Int[0, 3], Gen.Bool, Gen.Guid.Array[1, 4], Licenses.Array[4], Gen.Bool, Gen.Bool,
        (version, chaining, ids, terms, said, sums) => new Case(chaining ? 3 : version, chaining, [.. ids.Distinct().Take(!chaining && version < 2 ? 1 : 4)], terms, said, sums));

    [Fact]
    public async Task Policies_keys_and_headers_arrive_exactly()
    {
        ManualClock clock = new(Today);
        PlayReadyKeySystem system = await sandbox.StartAsync(clock, ("RevocationInfo", RevocationInfo.ToString(CultureInfo.InvariantCulture)));
        await Cases.SampleAsync(asked => ArrivesAsync(system, clock, asked), iter: 40, threads: 1, print: asked => $"{asked.Markup()} {asked.Query()}");
    }

    private static Gen<long?> Maybe(Gen<long> values) => Gen.Select(Gen.Bool, values, (there, value) => there ? value : (long?)null);

    private async Task ArrivesAsync(PlayReadyKeySystem system, ManualClock clock, Case asked)
    {
        ProtectionScheme scheme = asked.Chaining ? ProtectionScheme.Cbcs : ProtectionScheme.Cenc;
        ProtectionHeader header = Meetings.Header(asked.Markup());
        KeyId[] ids = [.. asked.Ids.Select(Id)];
        header.KeyIds.Should().Equal(ids);
        RecordingSessionHost host = new();
        await using ILicenseSession session = await system.OpenSessionAsync(
            new SessionRequest { Headers = [header], Keys = [.. ids.Select(id => new WantedKey { Id = id, Scheme = scheme })], Kind = SessionKind.PersistentLicense }, host, CancellationToken.None);
        (await session.GiveAsync(await sandbox.AskAsync(session, clock, asked.Query()))).Should().Be(LicenseOutcome.Complete);

        host.Keys.Keys.Should().BeEquivalentTo(ids);
        host.Statuses.Should().BeEmpty();
        for (int i = 0; i < ids.Length; i++)
        {
            IsPolicy(host.Policies[ids[i]], asked.Terms[i]);
            using VaultSessionHost vault = new(clock);
            vault.Import(ids[i], host.Keys[ids[i]], new KeyPolicy { Output = new OutputRequirement { ClearExport = true } });
            vault.Decrypt(ids[i], asked.Terms[i].Key, scheme).Should().Be(DecryptStatus.Decrypted);
        }
    }

    private static void IsPolicy(KeyPolicy policy, Terms asked)
    {
        policy.NotBefore.Should().Be(At(asked.Begin));
        policy.NotAfter.Should().Be(At(asked.End));
        policy.AfterFirstUse.Should().Be(asked.First is { } first ? TimeSpan.FromSeconds(first) : null);
        policy.MayPersist.Should().Be(asked.Persistent);
        policy.Output.ClearExport.Should().BeTrue("the root is marked for development");

        // One level that is named makes the others 100, which asks for nothing.
        int[] levels = [.. asked.Levels.Select(level => level == 0 && asked.Levels.Any(other => other > 0) ? 100 : level)];
        policy.Output.Levels.Should().Be(new ProtectionLevels
        {
            CompressedVideo = levels[0],
            UncompressedVideo = levels[1],
            AnalogVideo = levels[2],
            CompressedAudio = levels[3],
            UncompressedAudio = levels[4],
        });
        List<string> restrictions = [.. asked.Video.Concat(asked.Audio).Concat(asked.Analog).Select(one => $"{one.Id} {Convert.ToHexString(one.Data)}")];
        if (asked.Resolution is { } width) restrictions.Add($"{MaximalResolution} {1080:X8}{width:X8}");
        policy.Output.Restrictions.Select(one => $"{one.Id} {Convert.ToHexString(one.Data.Span)}").Should().BeEquivalentTo(restrictions);
        (policy with { NotBefore = null, NotAfter = null, AfterFirstUse = null, MayPersist = false, Output = OutputRequirement.None }).Should().Be(new KeyPolicy());

        static DateTimeOffset? At(long? seconds) => seconds is { } time ? DateTimeOffset.FromUnixTimeSeconds(time) : null;
    }

    private static KeyId Id(Guid guid) => KeyId.TryRead(guid.ToByteArray(bigEndian: true), out KeyId id) ? id : default;

    private sealed record Restriction(Guid Id, byte[] Data);

    private sealed record Terms(
        byte[] Key, bool Persistent, long? Level, long? Begin, long? End, long? First, long? Grace, long? Revocation, bool RealTime, int[] Levels,
        Restriction[] Video, Restriction[] Audio, Restriction[] Analog, long? Resolution)
    {
        private static readonly string[] LevelNames = ["cvopl", "ucvopl", "avopl", "caopl", "ucaopl"];

        public string Bracket(Guid id, string? type) => "(" + string.Join(',', ((string?[])
        [
            $"kid:{id}", $"contentkey:{Convert.ToHexString(Key)}", type is null ? null : $"ckt:{type}",
            Persistent ? "persist:true" : null, Level is { } level ? $"sl:{level}" : null,
            Date("begindate", Begin), Date("enddate", End),
            First is { } first ? $"firstexp:{first}" : null, Grace is { } grace ? $"grace:{grace}" : null, Revocation is { } least ? $"revinfo:{least}" : null,
            RealTime ? "realtime:true" : null,
            .. LevelNames.Zip(Levels).Where(pair => pair.Second > 0).Select(pair => $"{pair.First}:{pair.Second}"),
            Restrict("dvop", Video), Restrict("daop", Audio), Restrict("avop", Analog), Resolution is { } width ? $"maxres:{width}x1080" : null,
        ]).OfType<string>()) + ")";

        private static string? Date(string name, long? seconds) => seconds is { } time ? $"{name}:{DateTimeOffset.FromUnixTimeSeconds(time):yyyyMMddHHmmss}" : null;

        private static string? Restrict(string name, Restriction[] restrictions) =>
            restrictions.Length == 0 ? null : $"{name}:{string.Concat(restrictions.Select(one => $"(guid:{one.Id},data:{Convert.ToHexString(one.Data)})"))}";
    }

    /// <param name="Version">The last but two number of the header's version.</param>
    /// <param name="Chaining">Whether the keys are for AES in CBC mode.</param>
    /// <param name="Ids">The keys.</param>
    /// <param name="Terms">The terms of each.</param>
    /// <param name="Said">Whether a 4.3 header says what its keys are for. If not, the address does.</param>
    /// <param name="Sums">Whether the header has checksums.</param>
    private sealed record Case(int Version, bool Chaining, Guid[] Ids, Terms[] Terms, bool Said, bool Sums)
    {
        public string Query() => "&cfg=" + string.Join(',', Ids.Select((id, i) => Terms[i].Bracket(id, Version == 3 && !Said ? Chaining ? "aes128bitcbc" : "aes128bitctr" : null)));

        public string Markup()
        {
            string data = Version switch
            {
                0 => $"<PROTECTINFO><KEYLEN>16</KEYLEN><ALGID>AESCTR</ALGID></PROTECTINFO><KID>{Kid(0)}</KID>{(Sums ? $"<CHECKSUM>{Sum(0)}</CHECKSUM>" : "")}",
                1 => $"<PROTECTINFO>{Element(0)}</PROTECTINFO>",
                _ => $"<PROTECTINFO><KIDS>{string.Concat(Enumerable.Range(0, Ids.Length).Select(Element))}</KIDS></PROTECTINFO>",
            };
            return $"<WRMHEADER xmlns=\"http://schemas.microsoft.com/DRM/2007/03/PlayReadyHeader\" version=\"4.{Version}.0.0\"><DATA>{data}<LA_URL>https://licence.example/?a=1&amp;b=2</LA_URL></DATA></WRMHEADER>";
        }

        private string Element(int i) =>
            $"<KID{(Version < 3 || Said ? $" ALGID=\"{(Chaining ? "AESCBC" : "AESCTR")}\"" : "")}{(Sums && !Chaining ? $" CHECKSUM=\"{Sum(i)}\"" : "")} VALUE=\"{Kid(i)}\"></KID>";

        private string Kid(int i) => Convert.ToBase64String(Ids[i].ToByteArray(bigEndian: false));

        private string Sum(int i)
        {
            using Aes aes = Aes.Create();
            aes.SetKey(Terms[i].Key);
            return Convert.ToBase64String(aes.EncryptEcb(Ids[i].ToByteArray(bigEndian: false), PaddingMode.None), 0, 8);
        }
    }
}
