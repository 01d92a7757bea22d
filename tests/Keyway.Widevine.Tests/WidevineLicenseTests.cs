using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Keyway.Licensing;
using Keyway.Widevine.Issuing;

namespace Keyway.Widevine;

public sealed class WidevineLicenseTests
{
    private readonly Bench _bench = new();

    [Fact]
    public async Task Every_container_type_is_opened_or_skipped_by_name()
    {
        (ILicenseSession session, RecordingHost host) = await _bench.OpenAsync();
        IssuedKey content = new() { Label = "HD" }, oem = new() { Type = 6 };

        await session.LicenseAsync(_bench.Issuer, new IssuedLicense
        {
            Keys =
            [
                content, oem, new IssuedKey { Type = 5, Key = RandomNumberGenerator.GetBytes(32) }, new IssuedKey { Type = 3, Id = null, Key = null, KeyControl = new Proto().Bytes(1, new byte[16]) },
                new IssuedKey { Type = 4 }, new IssuedKey { Type = 77 },
            ],
        });

        host.Keys.Values.Should().BeEquivalentTo(Convert.ToHexStringLower(content.Key!), Convert.ToHexStringLower(oem.Key!));
        _bench.Logger.Lines.Should().Contain(line => line.Contains("OPERATOR_SESSION", StringComparison.Ordinal))
            .And.Contain(line => line.Contains("not known", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Core_message_and_unknown_fields_are_covered_and_tolerated()
    {
        (ILicenseSession session, RecordingHost host) = await _bench.OpenAsync();
        await session.LicenseAsync(_bench.Issuer, new IssuedLicense { Core = RandomNumberGenerator.GetBytes(40), UnknownFields = true, SessionKeyType = 1 });
        host.Keys.Should().HaveCount(1);
    }

    [Fact]
    public async Task Key_ids_of_every_length_are_taken()
    {
        (ILicenseSession session, RecordingHost host) = await _bench.OpenAsync();
        byte[] digits = Encoding.ASCII.GetBytes("00112233445566778899aabbccddeeff"), odd = RandomNumberGenerator.GetBytes(32);
        await session.LicenseAsync(_bench.Issuer, new IssuedLicense { Keys = [new IssuedKey { Id = [0x30] }, new IssuedKey { Id = digits }, new IssuedKey { Id = odd }] });
        host.Keys.Keys.Should().Equal(KeyId.FromOpaque("0"u8), KeyId.FromOpaque(Bench.Kid), KeyId.FromOpaque(odd));
    }

    [Fact]
    public async Task Key_that_comes_twice_counts_once()
    {
        (ILicenseSession session, RecordingHost host) = await _bench.OpenAsync();
        IssuedKey reachable = new() { Id = Bench.Kid }, later = new() { Id = Bench.Kid }, high = new() { Id = Bench.Kid, Level = 5 };
        await session.LicenseAsync(_bench.Issuer, new IssuedLicense { Keys = [high, reachable, later] });
        host.Keys.Values.Should().Equal(Convert.ToHexStringLower(reachable.Key!));
        host.Statuses.Should().BeEmpty();
    }

    [Theory]
    [InlineData(1, 1, true)]
    [InlineData(2, 1, false)]
    [InlineData(2, 2, true)]
    [InlineData(3, 2, false)]
    [InlineData(9, 2, false)]
    [InlineData(0, 2, false)]
    public async Task Key_above_the_offered_level_stays_closed_and_the_others_do_not(int level, int offered, bool open)
    {
        _bench.Settings["SecurityLevel"] = $"{offered}";
        (ILicenseSession session, RecordingHost host) = await _bench.OpenAsync();
        IssuedKey low = new(), asked = new() { Id = Bench.Kid, Level = level };
        await session.LicenseAsync(_bench.Issuer, new IssuedLicense { Keys = [low, asked] });
        host.Keys.ContainsKey(KeyId.FromOpaque(Bench.Kid)).Should().Be(open);
        host.Keys.Should().ContainKey(KeyId.FromOpaque(low.Id!));
        if (!open) host.Statuses[KeyId.FromOpaque(Bench.Kid)].Should().Be(KeyStatus.OutputRestricted);
    }

    public static TheoryData<string, LicenseErrorKind> Faults => new()
    {
        { "session key length", LicenseErrorKind.LicenseMalformed },
        { "no signing key", LicenseErrorKind.LicenseMalformed },
        { "two signing keys", LicenseErrorKind.LicenseMalformed },
        { "short signing key", LicenseErrorKind.LicenseMalformed },
        { "no content key", LicenseErrorKind.LicenseMalformed },
        { "iv missing", LicenseErrorKind.LicenseMalformed },
        { "key missing", LicenseErrorKind.LicenseMalformed },
        { "id missing", LicenseErrorKind.LicenseMalformed },
        { "id too long", LicenseErrorKind.LicenseMalformed },
        { "bad padding", LicenseErrorKind.LicenseMalformed },
        { "key of 24 bytes", LicenseErrorKind.LicenseMalformed },
        { "negative duration", LicenseErrorKind.LicenseMalformed },
        { "negative start", LicenseErrorKind.LicenseMalformed },
        { "other request id", LicenseErrorKind.LicenseNotAuthentic },
        { "only high levels", LicenseErrorKind.SecurityLevelTooLow },
        { "other keys", LicenseErrorKind.KeyNotFound },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Faulty_licence_is_refused_and_a_good_one_still_taken(string fault, LicenseErrorKind kind)
    {
        (ILicenseSession session, RecordingHost host) = await _bench.OpenAsync(Bench.Request(Bench.Pssh) with
        {
            Keys = fault == "other keys" ? [new WantedKey { Id = KeyId.FromOpaque(Bench.Kid), Scheme = Decryption.ProtectionScheme.Cenc }] : [],
        });
        byte[] challenge = (await session.AskAsync()).Bytes;
        IssuedLicense bad = fault switch
        {
            "session key length" => new() { SessionKeyLength = 15 },
            "no signing key" => new() { SigningKeys = 0 },
            "two signing keys" => new() { SigningKeys = 2 },
            "short signing key" => new() { SigningLength = 32 },
            "no content key" => new() { Keys = [] },
            "iv missing" => new() { Keys = [new IssuedKey { WithoutIv = true }] },
            "key missing" => new() { Keys = [new IssuedKey { Key = null }] },
            "id missing" => new() { Keys = [new IssuedKey { Id = null }] },
            "id too long" => new() { Keys = [new IssuedKey { Id = new byte[513] }] },
            "bad padding" => new() { Keys = [new IssuedKey { BadPadding = true }] },
            "key of 24 bytes" => new() { Keys = [new IssuedKey { Key = new byte[24] }] },
            "negative duration" => new() { Policy = new Dictionary<int, long> { [1] = 1, [5] = -1 } },
            "negative start" => new() { Start = -1 },
            "other request id" => new() { RequestId = new byte[16] },
            "only high levels" => new() { Keys = [new IssuedKey { Level = 3 }, new IssuedKey { Level = 5 }] },
            _ => new(),
        };

        (await session.RefusedAsync(_bench.Issuer.Issue(challenge, bad))).Kind.Should().Be(kind);
        host.Calls.Should().Be(0);

        await session.GiveAsync(_bench.Issuer.Issue(challenge, new IssuedLicense { Keys = [new IssuedKey { Id = Bench.Kid }] }));
        host.Keys.Should().HaveCount(1);
    }

    [Fact]
    public async Task Answer_is_good_once()
    {
        (ILicenseSession session, RecordingHost host) = await _bench.OpenAsync();
        byte[] answer = _bench.Issuer.Issue((await session.AskAsync()).Bytes, new IssuedLicense());
        await session.GiveAsync(answer);
        (await session.RefusedAsync(answer)).Kind.Should().Be(LicenseErrorKind.LicenseNotAuthentic);
        host.Calls.Should().Be(1);
    }

    [Fact]
    public async Task Older_request_may_still_be_answered_but_only_in_its_own_session()
    {
        await using WidevineKeySystem system = await _bench.StartAsync();
        (ILicenseSession session, RecordingHost host) = await _bench.OpenAsync(system: system);
        (ILicenseSession other, RecordingHost otherHost) = await _bench.OpenAsync(system: system);
        byte[] older = (await session.AskAsync()).Bytes;
        await session.AskAsync();
        await other.AskAsync();

        byte[] answer = _bench.Issuer.Issue(older, new IssuedLicense());
        (await other.RefusedAsync(answer)).Kind.Should().Be(LicenseErrorKind.LicenseNotAuthentic);
        otherHost.Calls.Should().Be(0);
        await session.GiveAsync(answer);
        host.Keys.Should().HaveCount(1);
    }

    [Fact]
    public async Task Requests_that_nobody_answers_are_forgotten_in_the_end()
    {
        (ILicenseSession session, RecordingHost host) = await _bench.OpenAsync();
        byte[] first = (await session.AskAsync()).Bytes;
        for (int i = 0; i < 8; i++) await session.AskAsync();
        (await session.RefusedAsync(_bench.Issuer.Issue(first, new IssuedLicense()))).Kind.Should().Be(LicenseErrorKind.LicenseNotAuthentic);
        host.Calls.Should().Be(0);
    }

    [Fact]
    public async Task Licence_without_a_start_counts_from_the_request()
    {
        (ILicenseSession session, RecordingHost host) = await _bench.OpenAsync();
        await session.LicenseAsync(_bench.Issuer, new IssuedLicense { WithoutStart = true, Policy = new Dictionary<int, long> { [1] = 1, [6] = 60 } });
        host.Policies.Values.Single().NotAfter.Should().Be(_bench.Clock.Now.AddSeconds(60));
    }

    [Theory]
    [InlineData(1, LicenseErrorKind.DeviceUnverified, "INVALID_DRM_DEVICE_CERTIFICATE", false)]
    [InlineData(2, LicenseErrorKind.DeviceRevoked, "REVOKED_DRM_DEVICE_CERTIFICATE", false)]
    [InlineData(3, LicenseErrorKind.ServerFault, "SERVICE_UNAVAILABLE", true)]
    [InlineData(4, LicenseErrorKind.CredentialInvalid, "EXPIRED_DRM_DEVICE_CERTIFICATE", false)]
    [InlineData(99, LicenseErrorKind.Unknown, "99", false)]
    [InlineData(null, LicenseErrorKind.Unknown, "none", false)]
    public async Task Refusal_is_translated(int? code, LicenseErrorKind kind, string provider, bool retryable)
    {
        (ILicenseSession session, RecordingHost host) = await _bench.OpenAsync();
        await session.AskAsync();
        byte[] body = new Proto().Number(1, 3).Bytes(2, new Proto().Number(1, (long?)code).ToArray());

        LicenseServiceException refusal = session.ReadRefusal(Bench.Answer(body, 500))!;
        (refusal.Kind, refusal.ProviderCode, refusal.Retryable, refusal.Status).Should().Be((kind, provider, retryable, 500));
        (await session.RefusedAsync(body)).Kind.Should().Be(kind);
        host.Calls.Should().Be(0);
    }

    [Fact]
    public async Task Other_bodies_are_no_refusals_of_the_protocol()
    {
        (ILicenseSession session, _) = await _bench.OpenAsync();
        session.ReadRefusal(Bench.Answer([], 500)).Should().BeNull();
        session.ReadRefusal(Bench.Answer("{\"errorCode\":7}"u8.ToArray(), 403)).Should().BeNull();
        session.ReadRefusal(Bench.Answer(new Proto().Number(1, 2), 200)).Should().BeNull();
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("{\"license\":\"CAIS\"}", "json.unwrap")]
    [InlineData("<html>", "markup")]
    [InlineData("CAISmwgKVAog", "base64")]
    [InlineData("\u0001\u0002", "not a SignedMessage")]
    public async Task Body_that_is_no_message_is_named(string body, string hint)
    {
        (ILicenseSession session, _) = await _bench.OpenAsync();
        await session.AskAsync();
        LicenseServiceException refused = await session.RefusedAsync(Encoding.UTF8.GetBytes(body));
        refused.Kind.Should().Be(LicenseErrorKind.LicenseMalformed);
        refused.Message.Should().Contain(hint);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(10)]
    [InlineData(12345)]
    public async Task Message_of_another_type_is_refused(int type)
    {
        (ILicenseSession session, RecordingHost host) = await _bench.OpenAsync();
        byte[] genuine = _bench.Issuer.Issue((await session.AskAsync()).Bytes, new IssuedLicense());
        byte[] answer = [.. new Proto().Number(1, type).ToArray(), .. genuine[2..]];
        (await session.RefusedAsync(answer)).Kind.Should().Be(LicenseErrorKind.LicenseMalformed);
        await session.GiveAsync(genuine);
        host.Keys.Should().HaveCount(1);
    }

    [Fact]
    public async Task Answer_in_pieces_is_read_whole()
    {
        (ILicenseSession session, RecordingHost host) = await _bench.OpenAsync();
        byte[] answer = _bench.Issuer.Issue((await session.AskAsync()).Bytes, new IssuedLicense());
        Segment first = new(answer.AsMemory(0, 7)), last = first.Append(answer.AsMemory(7));
        await session.AcceptAsync(new LicenseAnswer { Status = 200, Body = new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length) }, CancellationToken.None);
        host.Keys.Should().HaveCount(1);
    }

    [Fact]
    public async Task No_text_of_the_plugin_holds_a_secret()
    {
        (ILicenseSession session, _) = await _bench.OpenAsync();
        IssuedKey key = new();
        byte[] challenge = (await session.AskAsync()).Bytes;
        List<string> texts = [];
        foreach (IssuedLicense bad in new IssuedLicense[] { new() { SigningKeys = 2 }, new() { Keys = [key with { BadPadding = true }] }, new() { RequestId = new byte[16] } })
            texts.Add((await session.RefusedAsync(_bench.Issuer.Issue(challenge, bad))).ToString());
        await session.GiveAsync(_bench.Issuer.Issue(challenge, new IssuedLicense { Keys = [key, new IssuedKey { Type = 4 }] }));
        texts.AddRange(_bench.Logger.Lines);

        string all = string.Join('\n', texts);
        foreach (byte[] secret in new[] { key.Key!, _bench.Issuer.SigningKey[..16], TestPki.Device.ExportParameters(true).D![..16], TestPki.ClientId[^16..] })
            all.Should().NotContainEquivalentOf(Convert.ToHexString(secret)).And.NotContain(Convert.ToBase64String(secret)[..16]);
    }

    [Fact]
    public async Task Closed_session_has_cleared_its_keys()
    {
        (ILicenseSession session, _) = await _bench.OpenAsync();
        await session.LicenseAsync(_bench.Issuer, new IssuedLicense { Keys = [new IssuedKey(), new IssuedKey { Type = 5, Key = RandomNumberGenerator.GetBytes(32) }] });
        WidevineLicense license = ((WidevineSession)session).License!;
        license.Keys.Should().OnlyContain(key => key.Bytes.All(value => value == 0), "a content key is the framework's once it was handed over");
        license.Entitlements.Should().NotContain(key => key.Bytes.All(value => value == 0));
        await session.DisposeAsync();
        license.SigningKey.Should().OnlyContain(value => value == 0);
        license.Entitlements.Should().OnlyContain(key => key.Bytes.All(value => value == 0));
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory) => Memory = memory;

        public Segment Append(ReadOnlyMemory<byte> memory)
        {
            Segment next = new(memory) { RunningIndex = RunningIndex + Memory.Length };
            Next = next;
            return next;
        }
    }
}
