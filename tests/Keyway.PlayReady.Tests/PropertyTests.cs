using System.Collections.Concurrent;
using System.Text;
using CsCheck;
using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.PlayReady.Issuer;

namespace Keyway.PlayReady;

/// <summary>What an issuer means arrives exactly, and what is changed on the way does not arrive.</summary>
public sealed class PropertyTests
{
    private static readonly uint Now = (uint)TestClient.Today.ToUnixTimeSeconds();

    private static readonly Gen<KeyId> Ids = Gen.Byte.Array[16].Select(bytes => KeyId.TryRead(bytes, out KeyId id) ? id : default);

    private static readonly Gen<TestLicense> Policies =
        from persistent in Gen.Bool
        from begin in Maybe(Gen.UInt[1, Now])
        from end in Maybe(Gen.UInt[Now + 1, uint.MaxValue - 1])
        from first in Maybe(Gen.UInt)
        from levels in Gen.Select(Gen.Bool, Gen.Int[0, 999].Array[5], (there, array) => there ? array : null)
        from restrictions in Gen.Select(Gen.Byte.Array[16], Gen.Byte.Array[0, 12]).Array[0, 4]
        from realTime in Gen.Bool
        from level in Maybe(Gen.Int[0, 150])
        from key in Gen.Byte.Array[16]
        select new TestLicense
        {
            KeyId = default,
            Key = key,
            Persistent = persistent,
            Begin = begin,
            End = end,
            FirstPlay = first,
            Levels = levels,
            RealTime = realTime,
            Level = level,
            Restrictions = [.. restrictions.Select((entry, i) => i % 2 == 0 ? (0x58, 0x59, entry.Item1, entry.Item2) : (0x2E, 0x31, entry.Item1, entry.Item2))],
        };

    private static Gen<T?> Maybe<T>(Gen<T> values)
        where T : struct => Gen.Select(Gen.Bool, values, (there, value) => there ? value : (T?)null);

    [Fact]
    public async Task Random_policies_keys_and_headers_arrive_exactly()
    {
        TestWorld world = new();
        using PlayReadyCredential credential = world.Credential();
        await Gen.Select(Gen.Int[0, 3], Gen.Bool, Ids.Array[1, 4], Policies.Array[4]).SampleAsync(
            async (form, chaining, ids, policies) =>
            {
                // 4.0 and 4.1 name one key; CBC needs 4.3.
                int version = chaining ? 3 : form;
                KeyId[] wanted = [.. ids.Distinct().Take(version < 2 ? 1 : 4)];
                ProtectionScheme scheme = chaining ? ProtectionScheme.Cbcs : ProtectionScheme.Cenc;
                TestLicense[] licenses = [.. wanted.Select((id, i) => policies[i] with { KeyId = id, KeyType = chaining ? 5 : 1 })];
                string markup = Markup(version, chaining, licenses);
                TestClient client = new(
                    world,
                    new SessionRequest { Headers = [Read(markup)], Keys = [.. wanted.Select(id => new WantedKey { Id = id, Scheme = scheme })], Kind = SessionKind.PersistentLicense },
                    credential: credential);
                TestChallenge challenge = await client.AskAsync();
                challenge.Header.Should().Be(markup);
                (await client.AcceptAsync(world.Answer(challenge, licenses))).Should().Be(LicenseOutcome.Complete);

                client.Host.Keys.Keys.Should().BeEquivalentTo(wanted);
                foreach (TestLicense license in licenses) Compare(license, client.Host.Keys[license.KeyId]);
                return true;
            },
            iter: 20);
    }

    [Fact]
    public async Task Bit_flips_in_an_unsigned_answer_import_the_same_or_nothing()
    {
        TestWorld world = new();
        KeyId id = SharedVectors.Id("6f651ae1-dbe4-4434-bcb4-690d1564c41c");
        TestLicense license = new() { KeyId = id, Key = [.. Enumerable.Range(1, 16).Select(n => (byte)n)], End = Now + 1000, Levels = [400, 250, 150, 150, 150] };
        await FlipsAsync(world, id, license, signed: false, iterations: 130);
    }

    [Fact]
    public async Task Bit_flips_in_a_signed_answer_import_the_same_or_nothing()
    {
        TestWorld world = new();
        KeyId id = SharedVectors.Id("6f651ae1-dbe4-4434-bcb4-690d1564c41c");
        TestLicense license = new() { KeyId = id, Key = [.. Enumerable.Range(1, 16).Select(n => (byte)n)], Persistent = true, End = Now + 1000, FirstPlay = 60, Levels = [400, 250, 150, 150, 150] };
        await FlipsAsync(world, id, license, signed: true, iterations: 130);
    }

    [Fact]
    public async Task Bit_flips_in_digested_ranges_are_refused_as_a_broken_signature()
    {
        TestWorld world = new();
        using PlayReadyCredential credential = world.Credential();
        KeyId id = SharedVectors.Id("6f651ae1-dbe4-4434-bcb4-690d1564c41c");
        TestLicense license = new() { KeyId = id, Key = new byte[16], Persistent = true };
        license = license with { Wrapped = license.Wrap(world.EncryptKey.PublicKey) };
        ConcurrentDictionary<string, int> codes = [];
        await Gen.Select(Gen.Bool, Gen.Double[0, 1], Gen.Int[0, 7]).SampleAsync(
            async (data, where, bit) =>
            {
                TestClient client = new(world, TestClient.Wanting((id, ProtectionScheme.Cenc)), credential: credential);
                byte[] answer = world.Answer(await client.AskAsync(), [license]);
                string text = Encoding.UTF8.GetString(answer);
                string name = data ? "LicenseResponse" : "SignedInfo";
                int from = text.IndexOf("<" + name + " ", StringComparison.Ordinal);
                int to = text.IndexOf($"</{name}>", StringComparison.Ordinal) + name.Length + 3;
                int at = from + (int)(where * (to - from - 1));
                answer[at] ^= (byte)(1 << bit);
                LicenseServiceException refusal = (await TestClient.Awaiting(() => client.AcceptAsync(answer)).Should().ThrowAsync<LicenseServiceException>()).Which;
                client.Host.Keys.Should().BeEmpty();
                codes[refusal.ProviderCode!] = 1;
                refusal.ProviderCode.Should().Be(IsXml(answer) ? "0x8004C076" : "0x8004C006");
                return true;
            },
            iter: 130);
        codes.Should().ContainKey("0x8004C076");
    }

    private static bool IsXml(byte[] bytes)
    {
        try
        {
            System.Xml.Linq.XDocument.Parse(new UTF8Encoding(false, true).GetString(bytes));
            return true;
        }
        catch (Exception cause) when (cause is System.Xml.XmlException or DecoderFallbackException)
        {
            return false;
        }
    }

    private static async Task FlipsAsync(TestWorld world, KeyId id, TestLicense license, bool signed, int iterations)
    {
        using PlayReadyCredential credential = world.Credential();
        license = license with { Wrapped = license.Wrap(world.EncryptKey.PublicKey) };
        int refused = 0;
        await Gen.Select(Gen.Double[0, 1], Gen.Int[0, 7]).SampleAsync(
            async (where, bit) =>
            {
                TestClient client = new(world, TestClient.Wanting((id, ProtectionScheme.Cenc)) with { Kind = SessionKind.PersistentLicense }, credential: credential);
                byte[] answer = world.Answer(await client.AskAsync(), [license], sign: signed);
                answer[(int)(where * (answer.Length - 1))] ^= (byte)(1 << bit);
                try
                {
                    await client.AcceptAsync(answer);
                    client.Host.Keys.Should().ContainSingle();
                    Compare(license, client.Host.Keys[id]);
                }
                catch (LicenseServiceException)
                {
                    client.Host.Keys.Should().BeEmpty();
                    Interlocked.Increment(ref refused);
                }

                return true;
            },
            iter: iterations);
        refused.Should().BeGreaterThan(iterations / 3);
    }

    private static void Compare(TestLicense license, (byte[] Key, KeyPolicy Policy) arrived)
    {
        arrived.Key.Should().Equal(license.Key);
        KeyPolicy policy = arrived.Policy;
        policy.NotBefore.Should().Be(license.Begin is uint begin ? DateTimeOffset.FromUnixTimeSeconds(begin) : null);
        policy.NotAfter.Should().Be(license.End is uint end ? DateTimeOffset.FromUnixTimeSeconds(end) : null);
        policy.AfterFirstUse.Should().Be(license.FirstPlay is uint first ? TimeSpan.FromSeconds(first) : null);
        policy.MayPersist.Should().Be(license.Persistent);
        policy.Output.ClearExport.Should().BeTrue();
        int[] levels = license.Levels ?? [0, 0, 0, 0, 0];
        policy.Output.Levels.Should().Be(new ProtectionLevels
        {
            CompressedVideo = levels[0],
            UncompressedVideo = levels[1],
            AnalogVideo = levels[2],
            CompressedAudio = levels[3],
            UncompressedAudio = levels[4],
        });
        policy.Output.Restrictions.Select(entry => Convert.ToHexString([.. entry.Id.ToByteArray(bigEndian: false), .. entry.Data.Span]))
            .Should().BeEquivalentTo(license.Restrictions.Select(entry => Convert.ToHexString([.. entry.Id, .. entry.Data])));
        (policy with { NotBefore = null, NotAfter = null, AfterFirstUse = null, MayPersist = false, Output = OutputRequirement.None }).Should().Be(new KeyPolicy());
    }

    private static string Markup(int version, bool chaining, TestLicense[] licenses)
    {
        string xmlns = $"xmlns=\"{PlayReadyConstants.HeaderNamespace}\" version=\"4.{version}.0.0\"";
        string Kid(TestLicense license) => KeyIdOrder.ToBase64(license.KeyId);
        string Sum(TestLicense license) => Convert.ToBase64String(KeyChecksum.Make(license.Key, license.KeyId));
        string Attributes(TestLicense license) => chaining ? $"ALGID=\"AESCBC\" VALUE=\"{Kid(license)}\"" : $"ALGID=\"AESCTR\" CHECKSUM=\"{Sum(license)}\" VALUE=\"{Kid(license)}\"";
        string data = version switch
        {
            0 => $"<PROTECTINFO><KEYLEN>16</KEYLEN><ALGID>AESCTR</ALGID></PROTECTINFO><KID>{Kid(licenses[0])}</KID><CHECKSUM>{Sum(licenses[0])}</CHECKSUM>",
            1 => $"<PROTECTINFO><KID {Attributes(licenses[0])}></KID></PROTECTINFO>",
            _ => $"<PROTECTINFO><KIDS>{string.Concat(licenses.Select(license => $"<KID {Attributes(license)}></KID>"))}</KIDS></PROTECTINFO>",
        };
        return $"<WRMHEADER {xmlns}><DATA>{data}</DATA></WRMHEADER>";
    }

    private static ProtectionHeader Read(string markup) => PlayReadyHeader.Read(PlayReadyHeaderTests.Pssh(PlayReadyHeaderTests.Pro(markup)));
}
