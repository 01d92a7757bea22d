using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.PlayReady.Issuer;

namespace Keyway.PlayReady.Xmr;

/// <summary>Every rule of a licence, with the protocol's code and the shared kind, and the order among them.</summary>
public sealed class XmrEnforcementTests
{
    private static readonly KeyId Id = SharedVectors.Id("6f651ae1-dbe4-4434-bcb4-690d1564c41c");
    private static readonly byte[] Key = Convert.FromHexString("88da852ae4fa2e1e36aeb2d5c94997b1");
    private static readonly uint Now = (uint)TestClient.Today.ToUnixTimeSeconds();

    private static TestLicense Good => new() { KeyId = Id, Key = Key };

    public static TheoryData<string, string, LicenseErrorKind> Rules => new()
    {
        { "level above the client's", "0x8004A004", LicenseErrorKind.SecurityLevelTooLow },
        { "newer revocation information", "0x8004C0C4", LicenseErrorKind.PolicyInvalid },
        { "no play container", "0x8004C00B", LicenseErrorKind.PolicyInvalid },
        { "unknown object that must be understood", "0x8004C0E3", LicenseErrorKind.LicenseMalformed },
        { "unknown object inside a container", "0x8004C0E3", LicenseErrorKind.LicenseMalformed },
        { "unknown rights bit", "0x8004C0E3", LicenseErrorKind.LicenseMalformed },
        { "not yet valid", "0x8004C00A", LicenseErrorKind.LicenseExpired },
        { "expired", "0x8004C009", LicenseErrorKind.LicenseExpired },
        { "expired this second", "0x8004C009", LicenseErrorKind.LicenseExpired },
        { "end zero", "0x8004C009", LicenseErrorKind.LicenseExpired },
        { "CBC key for a CTR track", "0x8004C0C1", LicenseErrorKind.ContentMismatch },
        { "RC4 key", "0x8004C0C1", LicenseErrorKind.ContentMismatch },
        { "key exchange key", "0x8004C0C1", LicenseErrorKind.ContentMismatch },
        { "another key identifier", "0x8004C0C1", LicenseErrorKind.KeyNotFound },
        { "unknown flags", "0x8004C006", LicenseErrorKind.LicenseMalformed },
        { "misplaced object", "0x8004C006", LicenseErrorKind.LicenseMalformed },
        { "two security levels", "0x8004C006", LicenseErrorKind.LicenseMalformed },
        { "malformed levels", "0x8004C006", LicenseErrorKind.LicenseMalformed },
        { "container flag on a value", "0x8004C006", LicenseErrorKind.LicenseMalformed },
        { "twice the same", "0x8004C070", LicenseErrorKind.LicenseMalformed },
    };

    [Theory]
    [MemberData(nameof(Rules))]
    public async Task Rules_are_refused_with_their_code(string what, string code, LicenseErrorKind kind)
    {
        TestLicense license = what switch
        {
            "level above the client's" => Good with { Level = 2000 },
            "newer revocation information" => Good with { RevocationInfo = 1 },
            "no play container" => Good with { Play = false },
            "unknown object that must be understood" => Good with { OuterMore = TestLicense.Object(1, 0x0777, []) },
            "unknown object inside a container" => Good with { PlayMore = TestLicense.Object(2, 0x0778, TestLicense.Object(1, 0x0777, [1])) },
            "unknown rights bit" => Good with { Rights = 3 },
            "not yet valid" => Good with { Begin = Now + 1 },
            "expired" => Good with { End = Now - 1 },
            "expired this second" => Good with { End = Now },
            "end zero" => Good with { End = 0 },
            "CBC key for a CTR track" => Good with { KeyType = 5 },
            "RC4 key" => Good with { KeyType = 2 },
            "key exchange key" => Good with { KeyType = 6 },
            "another key identifier" => Good with { KeyId = default },
            "unknown flags" => Good with { GlobalMore = TestLicense.Object(4, 0x0777, []) },
            "misplaced object" => Good with { Level = null, OuterMore = TestLicense.Object(1, 0x34, [0, 1]) },
            "two security levels" => Good with { GlobalMore = TestLicense.Object(1, 0x34, [0, 1]) },
            "malformed levels" => Good with { PlayMore = TestLicense.Object(1, 0x05, new byte[8]) },
            "container flag on a value" => Good with { GlobalMore = TestLicense.Object(3, 0x55, []) },
            _ => Good,
        };
        TestClient client = new(new TestWorld(), TestClient.Wanting((Id, ProtectionScheme.Cenc)));
        TestLicense[] licenses = [license];
        if (what == "twice the same")
        {
            TestWorld world = new();
            client = new TestClient(world, TestClient.Wanting((Id, ProtectionScheme.Cenc)));
            TestChallenge challenge = await client.AskAsync();
            byte[] answer = world.Answer(challenge, [Good with { RightsId = challenge.Nonce }, Good with { RightsId = challenge.Nonce }]);
            LicenseServiceException twice = (await TestClient.Awaiting(() => client.AcceptAsync(answer)).Should().ThrowAsync<LicenseServiceException>()).Which;
            (twice.ProviderCode, twice.Kind).Should().Be((code, kind));
            client.Host.Keys.Should().BeEmpty();
            return;
        }

        LicenseServiceException refusal = await client.RefusedAsync(licenses);
        refusal.ProviderCode.Should().Be(code);
        refusal.Kind.Should().Be(kind);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(0)]   // 4.3: the licence says what its checksum is of
    public async Task Wrong_checksum_is_refused(int said)
    {
        HeaderAlgorithm algorithm = (HeaderAlgorithm)said;
        PlayReadyHeader header = Parse(PlayReadyHeader.Write([Id], algorithm).Markup.Replace(" VALUE", " CHECKSUM=\"AAAAAAAAAAA=\" VALUE", StringComparison.Ordinal));
        TestClient client = new(new TestWorld(), new SessionRequest { Headers = [PlayReadySessionTests.Header(header)] });
        LicenseServiceException refusal = await client.RefusedAsync(Good);
        (refusal.ProviderCode, refusal.Kind).Should().Be(("0x80041109", LicenseErrorKind.ContentMismatch));

        PlayReadyHeader right = Parse(PlayReadyHeader.Write([Id], algorithm).Markup.Replace(" VALUE", " CHECKSUM=\"KLj3QzQP/NA=\" VALUE", StringComparison.Ordinal));
        TestClient fits = new(new TestWorld(), new SessionRequest { Headers = [PlayReadySessionTests.Header(right)] });
        await fits.ExchangeAsync(Good);
        fits.Host.Keys.Should().ContainKey(Id);
    }

    [Fact]
    public async Task Foreign_device_is_refused()
    {
        TestWorld world = new();
        TestClient client = new(world, TestClient.Wanting((Id, ProtectionScheme.Cenc)));
        TestChallenge challenge = await client.AskAsync();
        byte[] answer = world.Wrap([Convert.ToBase64String(Good.Issue(new TestKey().PublicKey, challenge.Nonce))], challenge.Nonce, signed: false);
        LicenseServiceException refusal = (await TestClient.Awaiting(() => client.AcceptAsync(answer)).Should().ThrowAsync<LicenseServiceException>()).Which;
        (refusal.ProviderCode, refusal.Kind).Should().Be(("0x8004C056", LicenseErrorKind.LicenseNotForThisDevice));
    }

    [Fact]
    public async Task Rules_of_time_need_a_clock_that_is_set()
    {
        TestKey root = new();
        TestWorld world = new();
        byte[] chain = TestCertificate.Chain((world.DeviceTemplate with { Features = [9, 13] }).Issue(root));
        PlayReadyOptions options = world.Options(("Roots:test:PublicKey", Convert.ToBase64String(root.PublicKey)));
        PlayReadyCredential clockless = PlayReadyCredential.Load(chain, world.SignKey.Pkcs8(), world.EncryptKey.Pkcs8(), options, TestClient.Today);
        TestClient client = new(world, TestClient.Wanting((Id, ProtectionScheme.Cenc)), options, clockless);
        (await client.RefusedAsync(Good with { FirstPlay = 100 })).ProviderCode.Should().Be("0x8004C05C");
        await client.ExchangeAsync(Good);

        TestClient unset = new(world, TestClient.Wanting((Id, ProtectionScheme.Cenc)));
        unset.Clock.Now = DateTimeOffset.UnixEpoch.AddDays(1);
        (await unset.RefusedAsync(Good with { Begin = 1, Grace = 86400 })).ProviderCode.Should().Be("0x8004C05B", "no grace is given: nobody could say when it ends");
    }

    [Fact]
    public async Task First_of_several_broken_rules_is_the_one_that_is_told()
    {
        TestLicense all = Good with
        {
            Level = 2000,
            RevocationInfo = 1,
            Play = false,
            OuterMore = TestLicense.Object(1, 0x0777, []),
            Begin = Now + 10,
            End = Now - 10,
            KeyType = 5,
        };
        (TestLicense License, string Code)[] steps =
        [
            (all, "0x8004A004"),
            (all with { Level = 150 }, "0x8004C0C4"),
            (all with { Level = 150, RevocationInfo = null }, "0x8004C00B"),
            (all with { Level = 150, RevocationInfo = null, Play = true }, "0x8004C0E3"),
            (all with { Level = 150, RevocationInfo = null, Play = true, OuterMore = [] }, "0x8004C00A"),
            (all with { Level = 150, RevocationInfo = null, Play = true, OuterMore = [], Begin = null }, "0x8004C009"),
            (all with { Level = 150, RevocationInfo = null, Play = true, OuterMore = [], Begin = null, End = null }, "0x8004C0C1"),
        ];
        TestWorld world = new();
        foreach ((TestLicense license, string code) in steps)
            (await new TestClient(world, TestClient.Wanting((Id, ProtectionScheme.Cenc))).RefusedAsync(license)).ProviderCode.Should().Be(code);
    }

    [Fact]
    public async Task One_licence_that_is_not_met_costs_no_other()
    {
        KeyId other = SharedVectors.Id("334b5d3d-44f5-4f56-a410-e07caaa7160e");
        TestClient client = new(new TestWorld(), TestClient.Wanting((Id, ProtectionScheme.Cenc), (other, ProtectionScheme.Cenc)));
        await client.ExchangeAsync(Good with { Level = 3000 }, Good with { KeyId = other });
        client.Host.Keys.Keys.Should().Equal(other);
        client.Host.Statuses.Should().Equal(new Dictionary<KeyId, KeyStatus> { [Id] = KeyStatus.InternalError });

        TestClient second = new(new TestWorld(), TestClient.Wanting((Id, ProtectionScheme.Cenc)));
        await second.ExchangeAsync(Good with { Level = 3000 }, Good with { Level = 150 });
        second.Host.Keys.Should().ContainKey(Id, "a lower licence for the same key serves");
        second.Host.Statuses.Should().BeEmpty();
    }

    [Fact]
    public async Task Outputs_reach_the_policy()
    {
        byte[] hdcp = [0, 0, 0, 1];
        byte[] size = [0, 0, 4, 0x38, 0, 0, 7, 0x80];
        Guid unknown = new("11112222-3333-4444-5555-666677778888");
        TestClient client = new(new TestWorld(), TestClient.Wanting((Id, ProtectionScheme.Cenc)));
        await client.ExchangeAsync(Good with
        {
            Levels = [500, 300, 200, 150, 100],
            RealTime = true,
            Restrictions =
            [
                (0x58, 0x59, ExplicitRestrictions.HdcpType.ToByteArray(bigEndian: false), hdcp),
                (0x58, 0x59, ExplicitRestrictions.MaximumResolution.ToByteArray(bigEndian: true), size),
                (0x2E, 0x31, ExplicitRestrictions.Scms.ToByteArray(bigEndian: false), [0, 0, 0, 3]),
                (0x07, 0x08, unknown.ToByteArray(bigEndian: false), []),
                (0x36, 0x39, unknown.ToByteArray(bigEndian: false), []),
            ],
        });
        OutputRequirement output = client.Host.Keys[Id].Policy.Output;
        output.ClearExport.Should().BeTrue("the device is of level 150");
        output.Levels.Should().Be(new ProtectionLevels { CompressedVideo = 500, UncompressedVideo = 300, AnalogVideo = 200, CompressedAudio = 150, UncompressedAudio = 100 });
        output.Restrictions.Select(entry => (entry.Id, Convert.ToHexString(entry.Data.Span))).Should().BeEquivalentTo(
        [
            (ExplicitRestrictions.HdcpType, "00000001"), (ExplicitRestrictions.MaximumResolution, "0000043800000780"), (ExplicitRestrictions.Scms, "00000003"), (unknown, ""),
        ]);
        output.Resolutions.Should().BeEmpty();
    }

    private static PlayReadyHeader Parse(string markup)
    {
        PlayReadyHeader.TryParse(markup, out PlayReadyHeader? header, out PlayReadyFault fault).Should().BeTrue(fault.Reason);
        return header!;
    }
}
