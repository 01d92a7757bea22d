using System.Text.Json.Nodes;
using CsCheck;
using Keyway.Licensing;
using Keyway.PlayReady.Issuer;

namespace Keyway.PlayReady.Xmr;

public sealed class XmrEnvelopeTests
{
    private static readonly KeyId Id = SharedVectors.Id("6f651ae1-dbe4-4434-bcb4-690d1564c41c");
    private static readonly byte[] Key = Convert.FromHexString("88da852ae4fa2e1e36aeb2d5c94997b1");

    [Fact]
    public void Public_samples_have_the_published_structure()
    {
        foreach (JsonNode? vector in SharedVectors.Public["xmr"]!.AsArray())
        {
            byte[] bytes = vector.Base64("b64");
            XmrEnvelope.TryRead(bytes, out XmrEnvelope? envelope, out PlayReadyFault fault).Should().BeTrue(fault.Reason);
            bytes.Length.Should().Be((int)vector!["length"]!);
            envelope!.RightsId.ToArray().Should().Equal(vector.Hex("rights_id_hex"));
            envelope.KeyId.Should().Be(SharedVectors.Id(vector.Text("kid_guid")));
            ((int)envelope.KeyType).Should().Be((int)vector["key_type"]!);
            ((int)envelope.CipherType).Should().Be((int)vector["cipher_type"]!);
            (bytes.Length - 28).Should().Be((int)vector["signed_length"]!);
            Compare(envelope.Outer, vector["objects"]![0]!);
            LicenseDescription shown = XmrFacts.Describe(bytes);
            shown.Facts.Should().HaveCountGreaterThan(15);
            shown.KeyIds.Should().Equal(envelope.KeyId);
            shown.Refusal.Should().BeNull();
        }
    }

    [Fact]
    public void Public_samples_have_the_published_rules()
    {
        XmrLicense[] licenses = [.. SharedVectors.Public["xmr"]!.AsArray().Select(vector => Open(vector.Base64("b64")))];
        licenses[0].Should().Match<XmrLicense>(license => license.IsPersistent && license.Begin == null && license.End == DateTimeOffset.FromUnixTimeSeconds(0x5633A166)
            && license.IssueDate == DateTimeOffset.FromUnixTimeSeconds(0x5633A12A) && license.RevocationInfo == 30 && license.SecurityLevel == 2000 && license.AllowsPlay);
        licenses[1].Should().Match<XmrLicense>(license => !license.IsPersistent && license.RevocationInfo == 0x2B && !license.HasTimeRules && license.AllowsPlay);
        licenses[2].Should().Match<XmrLicense>(license => license.AfterFirstPlay == TimeSpan.FromSeconds(172800) && license.Grace == TimeSpan.FromSeconds(86400));
        licenses[2].Levels.Should().Be(new ProtectionLevels { CompressedVideo = 500, UncompressedVideo = 250, AnalogVideo = 150, CompressedAudio = 100, UncompressedAudio = 100 });
        licenses.Should().OnlyContain(license => license.NotUnderstood.Count == 0);
    }

    [Fact]
    public void Test_cmac_agrees_with_the_published_one()
    {
        JsonNode vector = SharedVectors.Exchanges["crypto"]!["cmac"]!;
        TestCmac.Make(vector.Hex("key"), vector.Base64("message_b64")).Should().Equal(vector.Hex("aes_cmac"));
    }

    [Fact]
    public void Licence_for_this_device_opens()
    {
        TestWorld world = new();
        using PlayReadyCredential credential = world.Credential();
        (PlayReadyFault fault, byte[] key) = TryOpen(credential, License().Issue(world.EncryptKey.PublicKey, new byte[16]));
        fault.Should().Be(default(PlayReadyFault));
        key.Should().Equal(Key);
    }

    [Fact]
    public void Licence_for_another_device_is_refused()
    {
        using PlayReadyCredential credential = new TestWorld().Credential();
        TryOpen(credential, License().Issue(new TestKey().PublicKey, new byte[16])).Fault.Should()
            .Match<PlayReadyFault>(fault => fault.Code == PlayReadyCode.NoBindingKey && fault.Kind == LicenseErrorKind.LicenseNotForThisDevice);
    }

    [Fact]
    public void Every_single_bit_counts()
    {
        TestWorld world = new();
        using PlayReadyCredential credential = world.Credential();
        byte[] bytes = (License() with { Begin = 5, End = 4000000000, FirstPlay = 100, Levels = [1, 2, 3, 4, 5] }).Issue(world.EncryptKey.PublicKey, new byte[16]);
        HashSet<uint> allowed =
        [
            PlayReadyCode.LicenseIntegrity, PlayReadyCode.LicenseInvalid, PlayReadyCode.XmrVersion, PlayReadyCode.XmrObjectMissing,
            PlayReadyCode.XmrUnknownObject, PlayReadyCode.NoBindingKey, PlayReadyCode.CryptoFailed,
        ];
        int macs = 0;
        IReadOnlyList<(int Byte, int Bit)> bits = LongRun.Bits(0, bytes.Length, 800);
        foreach ((int at, int bit) in bits)
        {
            byte[] flipped = [.. bytes];
            flipped[at] ^= (byte)(1 << bit);
            (PlayReadyFault fault, byte[] key) = TryOpen(credential, flipped);
            allowed.Should().Contain(fault.Code, $"bit {bit} of byte {at} was flipped");
            key.Should().Equal(new byte[16]);
            if (fault.Code == PlayReadyCode.LicenseIntegrity) macs++;
        }

        macs.Should().BeGreaterThan(bits.Count / 2, "most bits change nothing but content, and content is under the MAC");
    }

    public static TheoryData<string, uint> Broken => new()
    {
        { "version 2", PlayReadyCode.XmrVersion }, { "magic", PlayReadyCode.LicenseInvalid }, { "cut short", PlayReadyCode.LicenseInvalid },
        { "trailing bytes", PlayReadyCode.LicenseInvalid }, { "nested too deeply", PlayReadyCode.LicenseInvalid }, { "empty", PlayReadyCode.LicenseInvalid },
        { "many objects", PlayReadyCode.LicenseInvalid }, { "two content keys", PlayReadyCode.LicenseInvalid },
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public void Broken_structure_is_refused(string what, uint code)
    {
        byte[] good = License().Issue(new TestKey().PublicKey, new byte[16]);
        byte[] bytes = what switch
        {
            "version 2" => [.. good[..7], 2, .. good[8..]],
            "magic" => [1, .. good[1..]],
            "cut short" => good[..^1],
            "trailing bytes" => [.. good, 0],
            "nested too deeply" => (License() with { GlobalMore = Nest(10) }).Issue(new TestKey().PublicKey, new byte[16]),
            "many objects" => (License() with { GlobalMore = Big.Join(Enumerable.Repeat(TestLicense.Object(0, 0x77, []), 600)) }).Issue(new TestKey().PublicKey, new byte[16]),
            "two content keys" => (License() with { KeyMore = TestLicense.Object(1, 0x0A, new byte[150]) }).Issue(new TestKey().PublicKey, new byte[16]),
            _ => [],
        };
        XmrEnvelope.TryRead(bytes, out _, out PlayReadyFault fault).Should().BeFalse();
        PlayReadyError.Text(fault.Code).Should().Be(PlayReadyError.Text(code));
    }

    [Fact]
    public void Hostile_bytes_are_refused_and_nothing_else()
    {
        byte[] seed = (License() with { Restrictions = [(0x58, 0x59, new byte[16], [1, 2])] }).Issue(new TestKey().PublicKey, new byte[16]);
        Gen.Select(Gen.Int[0, seed.Length - 1], Gen.Byte, Gen.Int[0, seed.Length * 2]).Sample(
            (at, value, cut) =>
            {
                byte[] bytes = [.. seed];
                bytes[at] = value;
                if (XmrEnvelope.TryRead(cut < bytes.Length ? bytes[..cut] : bytes, out XmrEnvelope? envelope, out _)) XmrLicense.TryRead(envelope!, out _, out _);
            },
            iter: 5000);
    }

    private static TestLicense License() => new() { KeyId = Id, Key = Key };

    private static byte[] Nest(int depth) => depth == 0 ? [] : TestLicense.Object(2, 0x77, Nest(depth - 1));

    private static XmrLicense Open(byte[] bytes)
    {
        XmrEnvelope.TryRead(bytes, out XmrEnvelope? envelope, out PlayReadyFault fault).Should().BeTrue(fault.Reason);
        XmrLicense.TryRead(envelope!, out XmrLicense license, out fault).Should().BeTrue(fault.Reason);
        return license;
    }

    private static (PlayReadyFault Fault, byte[] Key) TryOpen(PlayReadyCredential credential, byte[] bytes)
    {
        byte[] key = new byte[16];
        if (XmrEnvelope.TryRead(bytes, out XmrEnvelope? envelope, out PlayReadyFault fault)) envelope!.TryOpen(credential, key, out fault);
        return (fault, key);
    }

    private static void Compare(XmrObject item, JsonNode expected)
    {
        item.Offset.Should().Be((int)expected["off"]!);
        item.Flags.Should().Be((ushort)(int)expected["flags"]!);
        $"0x{(ushort)item.Type:x4}".Should().Be(expected.Text("type"));
        item.Length.Should().Be((int)expected["len"]!);
        JsonArray children = expected["children"]?.AsArray() ?? [];
        item.Children.Should().HaveCount(children.Count);
        for (int i = 0; i < children.Count; i++) Compare(item.Children[i], children[i]!);
    }
}
