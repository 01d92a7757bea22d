using System.Collections.Concurrent;
using System.Text;
using System.Xml;
using System.Xml.Linq;
using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.PlayReady.Certificates;
using Keyway.PlayReady.Xmr;
using Keyway.Testing;

namespace Keyway.PlayReady.Meeting;

/// <summary>Single bits of what the sandbox has issued, flipped on their way (in a long run every one): refused with the right code where it counts, and harmless elsewhere.</summary>
[Collection(nameof(MeetingCollection))]
public sealed class TamperTests(MeetingSandbox sandbox)
{
    private const string Terms = "sl:150,enddate:20400101,firstexp:3600,cvopl:500,ucvopl:250,dvop:(guid:ABB2C6F1-E663-4625-A945-972D17B231E7,data:00000001)";

    private static readonly KeyId Id = SharedVectors.Id("6f651ae1-dbe4-4434-bcb4-690d1564c41c");

    private readonly ManualClock _clock = new();

    [Fact]
    public async Task Bits_of_a_licence()
    {
        (byte[] answer, _) = await AskAsync($"&cfg=({Terms})");
        byte[] license = Convert.FromBase64String(XDocument.Parse(Encoding.UTF8.GetString(answer)).Descendants().Single(element => element.Name.LocalName == "License").Value);
        XmrEnvelope.TryRead(license, out XmrEnvelope? whole, out _).Should().BeTrue();
        uint?[] expected = [.. Enumerable.Range(0, license.Length).Select(at => ExpectedCode(whole!, at))];
        using PlayReadyCredential credential = await CredentialAsync();

        ConcurrentDictionary<uint, int> codes = [];
        int flips = ForEachBit(license, 0, license.Length, (flipped, at) =>
        {
            byte[] key = new byte[16];
            (XmrEnvelope.TryRead(flipped, out XmrEnvelope? envelope, out PlayReadyFault fault) && envelope!.TryOpen(credential, key, out fault)).Should().BeFalse($"a bit of byte {at} was flipped");
            key.Should().OnlyContain(part => part == 0);
            if (expected[at] is { } code) PlayReadyError.Text(fault.Code).Should().Be(PlayReadyError.Text(code), $"a bit of byte {at} was flipped");
            codes.AddOrUpdate(fault.Code, 1, (_, count) => count + 1);
        });
        codes.Keys.Should().BeSubsetOf(
        [
            PlayReadyCode.LicenseIntegrity, PlayReadyCode.LicenseInvalid, PlayReadyCode.NoBindingKey, PlayReadyCode.XmrVersion, PlayReadyCode.XmrObjectMissing,
            PlayReadyCode.XmrUnknownObject, PlayReadyCode.CryptoFailed,
        ]);
        codes[PlayReadyCode.LicenseIntegrity].Should().BeGreaterThan(flips / 2);
    }

    [Fact]
    public async Task Bits_of_an_unsigned_answer()
    {
        (byte[] answer, byte[] nonce) = await AskAsync($"&cfg=({Terms})");
        using PlayReadyCredential credential = await CredentialAsync();
        Reader reader = new(credential, sandbox.Options(), _clock.GetUtcNow());
        string[] whole = Opened(answer, nonce, reader, out _)!;
        whole.Should().ContainSingle();

        // The licence's own characters are the last test's; here is everything around them.
        string text = Encoding.UTF8.GetString(answer);
        int from = text.IndexOf("<License>", StringComparison.Ordinal) + "<License>".Length, to = text.IndexOf("</License>", StringComparison.Ordinal);
        int refused = 0, same = 0;
        foreach ((int begin, int end) in ((int, int)[])[(0, from), (to, answer.Length)])
        {
            ForEachBit(answer, begin, end, (flipped, at) =>
            {
                if (Opened(flipped, nonce, reader, out _) is not { } opened)
                {
                    Interlocked.Increment(ref refused);
                    return;
                }

                opened.Should().Equal(whole, $"a bit of byte {at} was flipped");
                Interlocked.Increment(ref same);
            });
        }

        refused.Should().BeGreaterThan(100);
        same.Should().BeGreaterThan(10, "names that nobody reads may change");
    }

    [Fact]
    public async Task Bits_of_a_signed_answer()
    {
        (byte[] answer, byte[] nonce) = await AskAsync($"&cfg=(persist:true,{Terms})");
        using PlayReadyCredential credential = await CredentialAsync();
        Reader reader = new(credential, sandbox.Options(), _clock.GetUtcNow());
        string[] whole = Opened(answer, nonce, reader, out _)!;
        whole.Should().ContainSingle();
        string text = Encoding.UTF8.GetString(answer);
        (int From, int To)[] digested = [Range(text, "LicenseResponse"), Range(text, "SignedInfo")];
        (int From, int To) value = Range(text, "SignatureValue");

        ConcurrentDictionary<string, int> codes = [];
        int same = 0;
        ForEachBit(answer, 0, answer.Length, (flipped, at) =>
        {
            string[]? opened = Opened(flipped, nonce, reader, out PlayReadyFault fault);
            if (!digested.Any(range => at >= range.From && at < range.To))
            {
                // Only what no verifier looks at may change: nothing of what arrives.
                if (opened is not null)
                {
                    opened.Should().Equal(whole, $"a bit of byte {at} was flipped");
                    Interlocked.Increment(ref same);
                }
                else if (at >= value.From && at < value.To && IsAnswer(flipped)) fault.Code.Should().Be(PlayReadyCode.ResponseSignature);
                return;
            }

            opened.Should().BeNull($"a bit of byte {at} was flipped");
            uint expected = IsAnswer(flipped) ? PlayReadyCode.ResponseSignature : PlayReadyCode.LicenseInvalid;
            PlayReadyError.Text(fault.Code).Should().Be(PlayReadyError.Text(expected), $"a bit of byte {at} was flipped");
            codes.AddOrUpdate(PlayReadyError.Text(fault.Code), 1, (_, count) => count + 1);
        });
        same.Should().BePositive("what no verifier looks at may change");
        codes.Should().ContainKeys("0x8004C076", "0x8004C006");
        codes["0x8004C076"].Should().BeGreaterThan(codes["0x8004C006"]);
    }

    [Fact]
    public async Task Bits_of_certificates()
    {
        PlayReadyOptions options = sandbox.Options();
        (byte[] answer, _) = await AskAsync("&cfg=(persist:true)");
        byte[] server = Convert.FromBase64String(XDocument.Parse(Encoding.UTF8.GetString(answer)).Descendants().Single(element => element.Name.LocalName == "SigningCertificateChain").Value);
        foreach ((byte[] bytes, BCertType leaf, BCertUsage usage) in ((byte[], BCertType, BCertUsage)[])
            [(sandbox.Device.Chain, BCertType.Device, BCertUsage.IssuerDevice), (server, BCertType.Server, BCertUsage.IssuerServer)])
        {
            Verify(bytes, leaf, usage).Reason.Should().BeNull();
            BCertChain.TryRead(bytes, out BCertChain? chain, out _).Should().BeTrue();
            foreach (BCert certificate in chain!.Certificates)
            {
                int wrong = 0;
                int flips = ForEachBit(bytes, certificate.Offset, certificate.Offset + certificate.SignedLength, (flipped, at) =>
                {
                    BCertFault fault = Verify(flipped, leaf, usage);
                    fault.Reason.Should().NotBeNull($"a bit of byte {at} was flipped");

                    // 0: it cannot be read, and the code is that of what needed it.
                    fault.Code.Should().BeOneOf(0, PlayReadyCode.CertificateVerification);
                    if (fault.Code != 0) Interlocked.Increment(ref wrong);
                });
                wrong.Should().BeGreaterThan(flips / 3, "most bits leave a certificate that can be read");
            }
        }

        BCertFault Verify(byte[] bytes, BCertType leaf, BCertUsage usage)
        {
            if (!BCertChain.TryRead(bytes, out BCertChain? chain, out BCertFault fault)) return fault;
            chain!.TryVerify(leaf, usage, options.Roots, _clock.GetUtcNow(), out _, out fault);
            return fault;
        }
    }

    [Fact]
    public async Task Flipped_device_does_not_start_and_flipped_answer_imports_nothing()
    {
        // What the others show of the parts holds of the whole key system.
        byte[] chain = [.. sandbox.Device.Chain];
        chain[100] ^= 1;
        Func<Task> start = () => sandbox.StartAsync(sandbox.Device with { Chain = chain }, _clock);
        (await start.Should().ThrowAsync<LicenseServiceException>()).Which.Should()
            .Match<LicenseServiceException>(refusal => refusal.ProviderCode == "0x8004C836" && refusal.Kind == LicenseErrorKind.CredentialInvalid);

        RecordingSessionHost host = new();
        await using ILicenseSession session = await OpenAsync(host);
        byte[] answer = await sandbox.AskAsync(session, _clock, "&cfg=(persist:true)");
        (int from, int to) = Range(Encoding.UTF8.GetString(answer), "License");
        answer[(from + to) / 2] ^= 1;
        (await session.RefusedAsync(answer)).ProviderCode.Should().Be("0x8004C076");
        host.Keys.Should().BeEmpty();
    }

    /// <summary>What must be said of a changed byte; <see langword="null"/>: it is part of the structure, and what it breaks depends on the bit.</summary>
    private static uint? ExpectedCode(XmrEnvelope license, int at)
    {
        if (at < 4) return PlayReadyCode.LicenseInvalid;
        if (at < 8) return PlayReadyCode.XmrVersion;
        if (at < 24) return PlayReadyCode.LicenseIntegrity;   // the rights id
        XmrObject item = XmrEnvelope.Everything(license.Outer).Last(candidate => at >= candidate.Offset && at < candidate.Offset + candidate.Length);
        int inside = at - item.Offset - XmrObject.HeadLength;
        return item.Type switch
        {
            _ when inside < 0 => null,
            XmrType.DeviceKey => inside < 4 ? PlayReadyCode.LicenseInvalid : PlayReadyCode.NoBindingKey,
            XmrType.ContentKey when inside is 18 or 19 => PlayReadyCode.CryptoFailed,   // the cipher type
            XmrType.ContentKey when inside is 20 or 21 => PlayReadyCode.LicenseInvalid,
            _ => PlayReadyCode.LicenseIntegrity,
        };
    }

    /// <summary>Whether it is still a message with one answer in it.</summary>
    private static bool IsAnswer(byte[] bytes)
    {
        try
        {
            XDocument document = XDocument.Parse(new UTF8Encoding(false, true).GetString(bytes));
            return document.Descendants().Count(element => element.Name.LocalName == "LicenseResponse" && element.Parent!.Name.LocalName == "Response") == 1;
        }
        catch (Exception exception) when (exception is XmlException or DecoderFallbackException)
        {
            return false;
        }
    }

    private static (int From, int To) Range(string text, string name)
    {
        int from = text.IndexOf($"<{name} ", StringComparison.Ordinal);
        if (from < 0) from = text.IndexOf($"<{name}>", StringComparison.Ordinal);
        return (from, text.IndexOf($"</{name}>", StringComparison.Ordinal) + name.Length + 3);
    }

    /// <summary>Judges bytes with one bit of a stretch flipped, for a part of the bits or, in a long run, for each.</summary>
    /// <returns>How many bits were flipped.</returns>
    private static int ForEachBit(byte[] bytes, int from, int to, Action<byte[], int> judge)
    {
        IReadOnlyList<(int Byte, int Bit)> bits = LongRun.Bits(from, to, 1000);
        Parallel.ForEach(bits, place =>
        {
            byte[] flipped = [.. bytes];
            flipped[place.Byte] ^= (byte)(1 << place.Bit);
            judge(flipped, place.Byte);
        });
        return bits.Count;
    }

    /// <summary>What an answer brings, every value of it; <see langword="null"/>: it is refused.</summary>
    private static string[]? Opened(byte[] answer, byte[] nonce, Reader reader, out PlayReadyFault fault)
    {
        if (!OpenedLicenses.TryOpen(new(answer), nonce, reader.Credential, reader.Options, reader.Now, out OpenedLicenses? opened, out fault)) return null;
        using (opened)
        {
            return [.. opened!.Items.Select(item =>
            {
                KeyPolicy policy = XmrEnforcement.PolicyOf(item.License, new XmrClient { SecurityLevel = 150, RevocationInfo = 0, HasClock = true, ClearExport = false, Now = reader.Now });
                string restrictions = string.Join(',', policy.Output.Restrictions.Select(one => $"{one.Id}={Convert.ToHexString(one.Data.Span)}"));
                return $"{item.License.Envelope.KeyId} {Convert.ToHexString(item.Key)} {item.License.SecurityLevel} {policy with { Output = OutputRequirement.None }} {policy.Output.Levels} {restrictions}";
            })];
        }
    }

    private async Task<PlayReadyCredential> CredentialAsync() => await PlayReadyCredential.LoadAsync(sandbox.Options(), sandbox.Device, _clock.GetUtcNow(), CancellationToken.None);

    private async Task<ILicenseSession> OpenAsync(RecordingSessionHost host) =>
        await (await sandbox.StartAsync(_clock)).OpenSessionAsync(new SessionRequest { Keys = [new WantedKey { Id = Id, Scheme = ProtectionScheme.Cenc }] }, host, CancellationToken.None);

    /// <summary>An answer, and the nonce that it is for.</summary>
    private async Task<(byte[] Answer, byte[] Nonce)> AskAsync(string query)
    {
        await using ILicenseSession session = await OpenAsync(new RecordingSessionHost());
        System.Buffers.ArrayBufferWriter<byte> written = new();
        await session.WriteChallengeAsync(new ChallengeRequest { Kind = ChallengeKind.License }, written, CancellationToken.None);
        string nonce = XDocument.Parse(Encoding.UTF8.GetString(written.WrittenSpan)).Descendants().Single(element => element.Name.LocalName == "LicenseNonce").Value;
        return (await sandbox.PostAsync(written.WrittenSpan.ToArray(), _clock, query), Convert.FromBase64String(nonce));
    }

    private sealed record Reader(PlayReadyCredential Credential, PlayReadyOptions Options, DateTimeOffset Now);
}
