using System.Buffers;
using System.Text;
using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.PlayReady.Issuer;

namespace Keyway.PlayReady;

public sealed class PlayReadySessionTests
{
    private static readonly KeyId A = SharedVectors.Id("6f651ae1-dbe4-4434-bcb4-690d1564c41c");
    private static readonly KeyId B = SharedVectors.Id("334b5d3d-44f5-4f56-a410-e07caaa7160e");
    private static readonly byte[] KeyA = Convert.FromHexString("88da852ae4fa2e1e36aeb2d5c94997b1");
    private static readonly byte[] KeyB = Convert.FromHexString("ae8b0d6d853c83a74a744fb80dfc8191");

    [Theory]
    [InlineData(TestWorld.Soap11, false)]
    [InlineData(TestWorld.Soap12, true)]
    public async Task Several_licences_arrive_in_either_soap_and_either_order_of_nonces(string soap, bool bigEndian)
    {
        TestWorld world = new();
        TestClient client = new(world, TestClient.Wanting((A, ProtectionScheme.Cenc), (B, ProtectionScheme.Cbcs)));
        TestChallenge challenge = await client.AskAsync();
        byte[] answer = world.Answer(challenge, [License(A, KeyA), License(B, KeyB) with { KeyType = 5 }], soap: soap, bigEndianNonces: bigEndian);
        (await client.AcceptAsync(Indent(answer))).Should().Be(LicenseOutcome.Complete);
        client.Host.Keys[A].Key.Should().Equal(KeyA);
        client.Host.Keys[B].Key.Should().Equal(KeyB);
    }

    [Fact]
    public async Task Each_header_is_asked_with_until_no_wanted_key_is_missing()
    {
        TestWorld world = new();
        ProtectionHeader first = Header(PlayReadyHeader.Write([A], HeaderAlgorithm.AesCtr));
        ProtectionHeader second = Header(PlayReadyHeader.Write([B], HeaderAlgorithm.AesCbc));
        TestClient client = new(world, new SessionRequest { Headers = [first, first, second], Keys = [new WantedKey { Id = A, Scheme = ProtectionScheme.Cenc }, new WantedKey { Id = B, Scheme = ProtectionScheme.Cbcs }] });
        (await client.ExchangeAsync(License(A, KeyA))).Should().Be(LicenseOutcome.AnotherExchangeNeeded);
        TestChallenge challenge = await client.AskAsync();
        challenge.Header.Should().Contain(KeyIdOrder.ToBase64(B));
        (await client.AcceptAsync(world.Answer(challenge, [License(B, KeyB) with { KeyType = 5 }]))).Should().Be(LicenseOutcome.Complete);
        client.Host.Keys.Keys.Should().BeEquivalentTo([A, B]);

        (await client.Session.OfferHeaderAsync(second, TestContext.Current.CancellationToken)).Should().Be(HeaderOutcome.Absorbed);
        (await client.Session.OfferHeaderAsync(Header(PlayReadyHeader.Write([default], HeaderAlgorithm.AesCtr)), TestContext.Current.CancellationToken)).Should().Be(HeaderOutcome.NotMine);
        (await client.AskAsync()).Header.Should().Contain(KeyIdOrder.ToBase64(A), "a renewal begins anew");
    }

    [Fact]
    public async Task One_answer_may_bring_what_the_next_header_would_ask_for()
    {
        TestClient client = new(new TestWorld(), new SessionRequest
        {
            Headers = [Header(PlayReadyHeader.Write([A], HeaderAlgorithm.AesCtr)), Header(PlayReadyHeader.Write([B], HeaderAlgorithm.AesCtr))],
        });
        (await client.ExchangeAsync(License(A, KeyA), License(B, KeyB))).Should().Be(LicenseOutcome.Complete);
        client.Host.Keys.Should().HaveCount(2);
    }

    [Fact]
    public async Task Licences_beyond_the_wanted_ones_are_kept_up_to_the_maximum()
    {
        TestWorld world = new();
        TestClient client = new(world, TestClient.Wanting((A, ProtectionScheme.Cenc)));
        await client.ExchangeAsync(License(A, KeyA), License(B, KeyB));
        client.Host.Keys.Keys.Should().BeEquivalentTo([A, B]);

        TestClient strict = new(world, TestClient.Wanting((A, ProtectionScheme.Cenc)), world.Options(("MaxLicenses", "1")));
        (await strict.RefusedAsync(License(A, KeyA), License(B, KeyB))).ProviderCode.Should().Be("0x8004C700");
    }

    [Fact]
    public async Task Answers_are_taken_once_and_only_to_their_challenge()
    {
        TestWorld world = new();
        TestClient client = new(world, TestClient.Wanting((A, ProtectionScheme.Cenc)));
        byte[] answer = world.Answer(await client.AskAsync(), [License(A, KeyA)]);
        await client.AcceptAsync(answer);
        await ShouldRefuse(client, answer, "0x8004D000", LicenseErrorKind.LicenseNotAuthentic);
        await client.AskAsync();
        await ShouldRefuse(client, answer, "0x8004D000", LicenseErrorKind.LicenseNotAuthentic);

        TestClient other = new(world, TestClient.Wanting((A, ProtectionScheme.Cenc)));
        TestChallenge challenge = await other.AskAsync();
        await ShouldRefuse(other, world.Answer(challenge, [License(A, KeyA) with { RightsId = Add(challenge.Nonce, 1) }]), "0x8004D000", LicenseErrorKind.LicenseNotAuthentic);
        other.Host.Keys.Should().BeEmpty();
    }

    [Fact]
    public async Task Persistent_licences_need_a_signed_answer_to_this_challenge()
    {
        TestWorld world = new();
        TestLicense license = License(A, KeyA) with { Persistent = true };
        TestClient client = new(world, TestClient.Wanting((A, ProtectionScheme.Cenc)));

        await ShouldRefuse(client, world.Answer(await client.AskAsync(), [license], sign: false), "0x8004C078", LicenseErrorKind.LicenseNotAuthentic);
        await client.AskAsync();
        await ShouldRefuse(client, world.Wrap([Convert.ToBase64String(license.Issue(world.EncryptKey.PublicKey, new byte[16]))], new byte[16], signed: true), "0x8004D000", LicenseErrorKind.LicenseNotAuthentic);
        TestChallenge challenge = await client.AskAsync();
        await ShouldRefuse(client, world.Wrap([Convert.ToBase64String(license.Issue(world.EncryptKey.PublicKey, new byte[16]))], challenge.Nonce, signed: true, responseId: false), "0x8004C077", LicenseErrorKind.LicenseNotAuthentic);
        client.Host.Keys.Should().BeEmpty();
        await client.ExchangeAsync(license);
        client.Host.Keys[A].Policy.MayPersist.Should().BeTrue();
    }

    [Fact]
    public async Task All_answers_must_be_signed_where_the_setting_says_so()
    {
        TestWorld world = new();
        TestClient client = new(world, TestClient.Wanting((A, ProtectionScheme.Cenc)), world.Options(("ResponseSigning", "Always")));
        (await client.RefusedAsync(License(A, KeyA))).ProviderCode.Should().Be("0x8004C078");
        await client.AcceptAsync(world.Answer(await client.AskAsync(), [License(A, KeyA)], sign: true));
        client.Host.Keys.Should().ContainKey(A);
    }

    [Fact]
    public async Task Signers_that_are_not_trusted_or_not_for_this_are_refused()
    {
        TestWorld world = new();
        TestKey signer = world.ResponseKey;
        TestKey ca = new();
        TestCertificate leaf = new() { Type = 11, Level = 0, Keys = [(signer, [20])] };
        byte[] issuer = new TestCertificate { Type = 4, Level = 2000, Keys = [(ca, [15])] }.Issue(world.Root);
        (byte[] Chain, string Code)[] chains =
        [
            (new TestWorld().SigningChain, "0x8004C836"),
            (TestCertificate.Chain((leaf with { Keys = [(signer, [1])] }).Issue(ca), issuer), "0x8004C838"),
            (TestCertificate.Chain((leaf with { Type = 12 }).Issue(ca), issuer), "0x8004C836"),
            (TestCertificate.Chain((leaf with { Expiry = 1700000000 }).Issue(ca), issuer), "0x8004C81C"),
            (world.DeviceChain, "0x8004C838"),
        ];
        foreach ((byte[] chain, string code) in chains)
        {
            TestClient client = new(world, TestClient.Wanting((A, ProtectionScheme.Cenc)));
            TestChallenge challenge = await client.AskAsync();
            string license = Convert.ToBase64String((License(A, KeyA) with { Persistent = true }).Issue(world.EncryptKey.PublicKey, new byte[16]));
            string data = $"<LicenseResponse xmlns=\"{TestWorld.Protocol}\" Id=\"SignedData\"><Licenses><License>{license}</License></Licenses><LicenseNonce>{Convert.ToBase64String(challenge.Nonce)}</LicenseNonce>"
                + $"<ResponseID>AAAA</ResponseID><SigningCertificateChain>{Convert.ToBase64String(chain)}</SigningCertificateChain></LicenseResponse>";
            await ShouldRefuse(client, TestWorld.Envelope(data + world.Signature(data)), code, LicenseErrorKind.CertificateNotTrusted);
            client.Host.Keys.Should().BeEmpty();
        }
    }

    [Fact]
    public async Task Signatures_cannot_be_wrapped_around_other_content()
    {
        // The signed answer is genuine; beside it stands another LicenseResponse, before, behind, and inside a comment.
        TestWorld world = new();
        foreach (int where in (int[])[0, 1, 2, 3])
        {
            TestClient client = new(world, TestClient.Wanting((A, ProtectionScheme.Cenc)));
            TestChallenge challenge = await client.AskAsync();
            string text = Encoding.UTF8.GetString(world.Answer(challenge, [License(A, KeyA) with { Persistent = true }]));
            string evil = Convert.ToBase64String((License(A, KeyB) with { Persistent = true }).Issue(world.EncryptKey.PublicKey, new byte[16]));
            string other = $"<LicenseResponse xmlns=\"{TestWorld.Protocol}\" Id=\"SignedData\"><Licenses><License>{evil}</License></Licenses></LicenseResponse>";
            int at = where switch { 0 or 2 or 3 => text.IndexOf("<LicenseResponse", StringComparison.Ordinal), _ => text.IndexOf("<Signature", StringComparison.Ordinal) };
            if (where == 3)
            {
                // The genuine one hides in a comment, and a prefixed one takes its place.
                int end = text.IndexOf("</LicenseResponse>", StringComparison.Ordinal) + "</LicenseResponse>".Length;
                text = text[..at] + "<!--" + text[at..end] + "-->" + other.Replace("<LicenseResponse xmlns=", "<p:LicenseResponse xmlns:p=", StringComparison.Ordinal).Replace("</Lic", "</p:Lic", StringComparison.Ordinal).Replace("<Lic", "<p:Lic", StringComparison.Ordinal) + text[end..];
            }
            else text = text.Insert(at, where == 2 ? $"<!--{other}-->" : other);

            try
            {
                await client.AcceptAsync(Encoding.UTF8.GetBytes(text));
            }
            catch (LicenseServiceException refusal)
            {
                refusal.Kind.Should().BeOneOf(LicenseErrorKind.LicenseNotAuthentic, LicenseErrorKind.LicenseMalformed);
            }

            client.Host.Keys.Values.Should().NotContain(entry => entry.Key.SequenceEqual(KeyB));
        }
    }

    [Fact]
    public async Task Persistent_licences_are_saved_and_resumed_without_a_server()
    {
        TestWorld world = new(2000);
        SessionRequest request = TestClient.Wanting((A, ProtectionScheme.Cenc)) with { Kind = SessionKind.PersistentLicense };
        TestClient client = new(world, request);
        (await SaveAsync(client)).Should().BeEmpty();
        await client.ExchangeAsync(License(A, KeyA) with { Persistent = true, Level = 2000, End = 1900000000, FirstPlay = 3600, Levels = [400, 250, 100, 100, 100] });
        byte[] stored = await SaveAsync(client);
        Encoding.Latin1.GetString(stored).Should().NotContain(Encoding.Latin1.GetString(KeyA));

        TestClient again = new(world, request with { Stored = stored });
        again.Session.Should().NotBeNull();
        again.Host.Keys[A].Should().BeEquivalentTo(client.Host.Keys[A]);
        again.Host.Keys[A].Policy.Output.ClearExport.Should().BeFalse("the root is not marked development");
        again.Host.Keys[A].Policy.AfterFirstUse.Should().Be(TimeSpan.FromHours(1));
        (await SaveAsync(again)).Should().Equal(stored, "what was resumed is saved again as it was");

        await again.ExchangeAsync(License(A, KeyA) with { Persistent = true, Level = 2000 });
        (await SaveAsync(again)).Length.Should().BeCloseTo(stored.Length, 400, "a renewed licence takes the place of the old one");
    }

    [Fact]
    public async Task Stored_licences_are_verified_again()
    {
        TestWorld world = new();
        SessionRequest request = TestClient.Wanting((A, ProtectionScheme.Cenc)) with { Kind = SessionKind.PersistentLicense };
        TestClient client = new(world, request);
        await client.ExchangeAsync(License(A, KeyA) with { Persistent = true });
        byte[] stored = await SaveAsync(client);

        Resume(new TestWorld(), stored).Should().NotBeNull("its root and its device are others");
        LicenseServiceException foreign = Resume(world, stored, new TestWorld().Credential())!;
        foreign.ProviderCode.Should().Be("0x8004C056");
        int refused = 0;
        for (int at = 8; at < stored.Length; at += 97)
        {
            byte[] changed = [.. stored];
            changed[at] ^= 4;
            TestClient resumed = new(world, request with { Stored = changed });
            Action open = () => _ = resumed.Session;
            if (Throws(open))
            {
                resumed.Host.Keys.Should().BeEmpty();
                refused++;
            }
            else
            {
                resumed.Host.Keys[A].Key.Should().Equal(KeyA);
            }
        }

        refused.Should().BeGreaterThan(stored.Length / 97 / 2, "most of it is signed");

        Resume(world, stored[..^1])!.Kind.Should().Be(LicenseErrorKind.LicenseMalformed);
        Resume(world, [1, 2, 3])!.Kind.Should().Be(LicenseErrorKind.LicenseMalformed);
    }

    [Fact]
    public async Task Stored_licences_leave_time_to_the_framework()
    {
        TestWorld world = new();
        SessionRequest request = TestClient.Wanting((A, ProtectionScheme.Cenc)) with { Kind = SessionKind.PersistentLicense };
        TestClient client = new(world, request);
        DateTimeOffset end = TestClient.Today.AddHours(1);
        await client.ExchangeAsync(License(A, KeyA) with { Persistent = true, End = (uint)end.ToUnixTimeSeconds() });
        TestClient later = new(world, request with { Stored = await SaveAsync(client) });
        later.Clock.Now = end.AddDays(1);
        later.Session.Should().NotBeNull();
        later.Host.Keys[A].Policy.NotAfter.Should().BeCloseTo(end, TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task Temporary_sessions_and_in_memory_licences_are_not_saved()
    {
        TestWorld world = new();
        TestClient temporary = new(world, TestClient.Wanting((A, ProtectionScheme.Cenc)));
        await temporary.ExchangeAsync(License(A, KeyA) with { Persistent = true });
        (await SaveAsync(temporary)).Should().BeEmpty();
        TestClient memory = new(world, TestClient.Wanting((A, ProtectionScheme.Cenc)) with { Kind = SessionKind.PersistentLicense });
        await memory.ExchangeAsync(License(A, KeyA));
        (await SaveAsync(memory)).Should().BeEmpty();
    }

    [Fact]
    public async Task Faults_are_refused_also_where_nobody_looked_for_them()
    {
        TestClient client = new(new TestWorld(), TestClient.Wanting((A, ProtectionScheme.Cenc)));
        await client.AskAsync();
        await ShouldRefuse(client, TestWorld.Fault("0x8004C065"), "0x8004C065", LicenseErrorKind.DeviceRevoked);
        await client.AskAsync();
        await ShouldRefuse(client, Encoding.UTF8.GetBytes("<html></html>"), "0x8004C006", LicenseErrorKind.LicenseMalformed);
    }

    [Fact]
    public void Sessions_without_anything_to_ask_for_are_refused()
    {
        Action open = () => _ = new TestClient(new TestWorld(), new SessionRequest()).Session;
        open.Should().Throw<LicenseServiceException>().Where(refusal => refusal.Kind == LicenseErrorKind.HeaderUnsupported && refusal.ProviderCode == "0x8004C03C");
        Action unreadable = () => _ = new TestClient(new TestWorld(), new SessionRequest { Headers = [new ProtectionHeader { System = PlayReadyConstants.System, Data = new byte[] { 1, 2 } }] }).Session;
        unreadable.Should().Throw<LicenseServiceException>().Where(refusal => refusal.ProviderCode == "0x80041108");
    }

    [Fact]
    public async Task Exceptions_hold_no_secret()
    {
        TestWorld world = new();
        TestClient client = new(world, TestClient.Wanting((A, ProtectionScheme.Cenc)));
        byte[] answer = world.Answer(await client.AskAsync("token-4711"), [License(A, KeyA) with { Level = 3000 }]);
        LicenseServiceException refusal = (await TestClient.Awaiting(() => client.AcceptAsync(answer)).Should().ThrowAsync<LicenseServiceException>()).Which;
        foreach (string secret in (string[])["4711", Convert.ToHexStringLower(KeyA), Convert.ToBase64String(KeyA), "WE1S"]) refusal.ToString().Should().NotContain(secret);
    }

    internal static TestLicense License(KeyId id, byte[] key) => new() { KeyId = id, Key = key };

    internal static ProtectionHeader Header(PlayReadyHeader header) => PlayReadyHeader.Read(PlayReadyHeaderTests.Pssh(PlayReadyHeaderTests.Pro(header.Markup)));

    private static async Task ShouldRefuse(TestClient client, byte[] body, string code, LicenseErrorKind kind)
    {
        LicenseServiceException refusal = (await TestClient.Awaiting(() => client.AcceptAsync(body)).Should().ThrowAsync<LicenseServiceException>()).Which;
        refusal.ProviderCode.Should().Be(code);
        refusal.Kind.Should().Be(kind);
    }

    private static LicenseServiceException? Resume(TestWorld world, byte[] stored, PlayReadyCredential? credential = null)
    {
        TestClient client = new(world, TestClient.Wanting((A, ProtectionScheme.Cenc)) with { Stored = stored, Kind = SessionKind.PersistentLicense }, world.Options(), credential);
        try
        {
            _ = client.Session;
            return null;
        }
        catch (LicenseServiceException refusal)
        {
            client.Host.Keys.Should().BeEmpty();
            return refusal;
        }
    }

    private static bool Throws(Action action)
    {
        try
        {
            action();
            return false;
        }
        catch (LicenseServiceException)
        {
            return true;
        }
    }

    private static async Task<byte[]> SaveAsync(TestClient client)
    {
        ArrayBufferWriter<byte> written = new();
        bool saved = await client.Session.SaveAsync(written, TestContext.Current.CancellationToken);
        saved.Should().Be(written.WrittenCount > 0);
        return written.WrittenSpan.ToArray();
    }

    private static byte[] Add(byte[] nonce, int n)
    {
        byte[] sum = [.. nonce];
        for (int i = 4; i < 12; i++) sum[i] += (byte)n;
        return sum;
    }

    /// <summary>White space between the elements of an unsigned answer.</summary>
    private static byte[] Indent(byte[] answer) => Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(answer).Replace("><", ">\r\n  <", StringComparison.Ordinal).Replace("<License>", "<License>\n ", StringComparison.Ordinal));
}
