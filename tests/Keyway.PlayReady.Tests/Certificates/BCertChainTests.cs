using System.Text.Json.Nodes;
using CsCheck;
using Keyway.PlayReady.Issuer;

namespace Keyway.PlayReady.Certificates;

public sealed class BCertChainTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Recorded_device_chain_has_the_recorded_layout_and_verifies()
    {
        JsonNode world = SharedVectors.Exchanges["world"]!;
        byte[] bytes = world["device"].Base64("chain_b64");
        BCertChain.TryRead(bytes, out BCertChain? chain, out BCertFault fault).Should().BeTrue(fault.Reason);
        JsonArray layout = SharedVectors.Exchanges["crypto"]!["device_chain_layout"]!["certs"]!.AsArray();
        chain!.Certificates.Select(certificate => (certificate.Offset, certificate.Bytes.Length, certificate.SignedLength))
            .Should().Equal(layout.Select(entry => ((int)entry!["off"]!, (int)entry["total"]!, (int)entry["signed"]!)));
        chain.Leaf.Type.Should().Be(BCertType.Device);
        chain.Leaf.SecurityLevel.Should().Be(2000);
        chain.Leaf.Features.Select(feature => (uint)feature).Should().Equal(4, 9, 13);
        chain.Leaf.KeyFor(BCertUsage.Sign).Should().NotBeNull();
        chain.Leaf.KeyFor(BCertUsage.EncryptKey).Should().NotBeNull();
        Verify(bytes, world.Hex("root_pub"), BCertType.Device, BCertUsage.IssuerDevice).Should().Be(default(BCertFault));
        Verify(bytes, new TestKey().PublicKey, BCertType.Device, BCertUsage.IssuerDevice).Code.Should().Be(PlayReadyCode.CertificateVerification);

        byte[] signing = world["server"].Base64("sign_chain_b64");
        Verify(signing, world.Hex("root_pub"), BCertType.Server, BCertUsage.IssuerServer).Should().Be(default(BCertFault));
    }

    [Fact]
    public void Head_of_the_printed_server_chain_agrees_with_the_layout()
    {
        byte[] head = SharedVectors.Public["bcert"]![0].Hex("bytes_hex");
        BCertChain.LooksLikeChain(head).Should().BeTrue();
        BCertChain.TryRead(head, out _, out BCertFault fault).Should().BeFalse("its body was left out");
        fault.Reason.Should().Contain("length");
    }

    [Fact]
    public void Own_chains_verify()
    {
        TestWorld world = new();
        Verify(world.DeviceChain, world.Root.PublicKey, BCertType.Device, BCertUsage.IssuerDevice).Should().Be(default(BCertFault));
        Verify(world.SigningChain, world.Root.PublicKey, BCertType.Server, BCertUsage.IssuerServer).Should().Be(default(BCertFault));
    }

    [Fact]
    public void Every_bit_of_each_signed_part_counts()
    {
        TestWorld world = new();
        foreach ((byte[] bytes, BCertType type, BCertUsage usage) in ((byte[], BCertType, BCertUsage)[])
            [(world.DeviceChain, BCertType.Device, BCertUsage.IssuerDevice), (world.SigningChain, BCertType.Server, BCertUsage.IssuerServer)])
        {
            BCertChain.TryRead(bytes, out BCertChain? chain, out _).Should().BeTrue();
            (int From, int To)[] signed = [.. chain!.Certificates.Select(certificate => (certificate.Offset, certificate.Offset + certificate.SignedLength))];
            int[] bits = [.. signed.SelectMany(range => Enumerable.Range(range.From * 8, (range.To - range.From) * 8))];
            Gen.Int[0, bits.Length - 1].Sample(
                which =>
                {
                    byte[] flipped = Flip(bytes, bits[which]);
                    BCertFault fault = Verify(flipped, world.Root.PublicKey, type, usage);
                    return fault.Reason is not null && fault.Code is 0 or PlayReadyCode.CertificateVerification;
                },
                iter: 400);
        }
    }

    [Fact]
    public void Every_bit_outside_the_signed_parts_is_refused_too_but_for_one_flag()
    {
        TestWorld world = new();
        byte[] bytes = world.DeviceChain;
        BCertChain.TryRead(bytes, out BCertChain? chain, out _).Should().BeTrue();
        int[] flags = [.. chain!.Certificates.Select(certificate => ((certificate.Offset + certificate.SignedLength + 1) * 8))];   // "must be understood" of SIGNATURE
        Gen.Int[0, (bytes.Length * 8) - 1].Sample(
            bit => flags.Contains(bit) || Verify(Flip(bytes, bit), world.Root.PublicKey, BCertType.Device, BCertUsage.IssuerDevice).Reason is not null, iter: 400);
    }

    public static TheoryData<string, uint> Wrong => new()
    {
        { "issuer of another type", PlayReadyCode.CertificateIssuerMismatch },
        { "another issuer", PlayReadyCode.CertificateIssuerMismatch },
        { "issuer without the usage", PlayReadyCode.CertificateNoKeyForUsage },
        { "level above the issuer's", PlayReadyCode.CertificateVerification },
        { "expired", PlayReadyCode.CertificateExpired },
        { "leaf of another type", PlayReadyCode.CertificateVerification },
        { "unknown attribute that must be understood", 0 },
        { "no key", 0 },
        { "two BASIC", 0 },
        { "extended data flag without data", 0 },
        { "extended data signed by another", PlayReadyCode.CertificateVerification },
        { "seven certificates", 0 },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Wrong_chains_are_refused(string what, uint code)
    {
        TestKey root = new();
        TestKey ca = new();
        TestKey sign = new();
        TestCertificate leaf = new() { Keys = [(sign, [1]), (new TestKey(), [2])] };
        TestCertificate issuer = new() { Type = 4, Level = 2000, Keys = [(ca, [6])] };
        byte[] good = TestCertificate.Chain(leaf.Issue(ca), issuer.Issue(root));
        Verify(good, root.PublicKey, BCertType.Device, BCertUsage.IssuerDevice).Should().Be(default(BCertFault));

        byte[] chain = what switch
        {
            "issuer of another type" => TestCertificate.Chain(leaf.Issue(ca), (issuer with { Type = 6 }).Issue(root)),
            "another issuer" => TestCertificate.Chain(leaf.Issue(new TestKey()), issuer.Issue(root)),
            "issuer without the usage" => TestCertificate.Chain(leaf.Issue(ca), (issuer with { Keys = [(ca, [15])] }).Issue(root)),
            "level above the issuer's" => TestCertificate.Chain((leaf with { Level = 3000 }).Issue(ca), issuer.Issue(root)),
            "expired" => TestCertificate.Chain((leaf with { Expiry = (uint)Now.ToUnixTimeSeconds() }).Issue(ca), issuer.Issue(root)),
            "leaf of another type" => TestCertificate.Chain((leaf with { Type = 1 }).Issue(ca), issuer.Issue(root)),
            "unknown attribute that must be understood" => TestCertificate.Chain((leaf with { More = TestCertificate.Attribute(1, 0x77, [1, 2, 3, 4]) }).Issue(ca), issuer.Issue(root)),
            "no key" => TestCertificate.Chain(WithoutKey(leaf, ca), issuer.Issue(root)),
            "two BASIC" => TestCertificate.Chain((leaf with { More = TestCertificate.Attribute(1, 1, new byte[80]) }).Issue(ca), issuer.Issue(root)),
            "extended data flag without data" => TestCertificate.Chain((leaf with { Flags = 1 }).Issue(ca), issuer.Issue(root)),
            "extended data signed by another" => Chain(leaf with { ExtendedData = (new TestKey(), [1, 2, 3]) }, ca, issuer.Issue(root), spoil: true),
            _ => TestCertificate.Chain([.. Enumerable.Repeat(leaf.Issue(ca), 7)]),
        };
        BCertFault fault = Verify(chain, root.PublicKey, BCertType.Device, BCertUsage.IssuerDevice);
        fault.Reason.Should().NotBeNull();
        PlayReadyError.Text(fault.Code).Should().Be(PlayReadyError.Text(code));
    }

    [Fact]
    public void Optional_unknown_attributes_and_extended_data_are_taken()
    {
        TestKey root = new();
        TestKey ca = new();
        TestCertificate leaf = new() { Keys = [(new TestKey(), [1]), (new TestKey(), [2])], More = TestCertificate.Attribute(0, 0x77, [1, 2, 3, 4]), ExtendedData = (new TestKey(), [1, 2, 3, 4, 5]) };
        byte[] chain = TestCertificate.Chain(leaf.Issue(ca), new TestCertificate { Type = 4, Level = 150, Keys = [(ca, [4])] }.Issue(root));
        Verify(chain, root.PublicKey, BCertType.Device, BCertUsage.IssuerDevice).Should().Be(default(BCertFault));
    }

    [Fact]
    public void Hostile_bytes_are_refused_and_nothing_else()
    {
        byte[] seed = new TestWorld().DeviceChain;
        Gen.Select(Gen.Int[0, seed.Length - 1], Gen.Byte, Gen.Int[0, seed.Length * 2]).Sample(
            (at, value, cut) =>
            {
                byte[] bytes = [.. seed];
                bytes[at] = value;
                BCertChain.TryRead(cut < bytes.Length ? bytes[..cut] : bytes, out _, out _);
            },
            iter: 1500);
    }

    private static byte[] Chain(TestCertificate leaf, TestKey ca, byte[] issuer, bool spoil)
    {
        byte[] bytes = leaf.Issue(ca);
        if (spoil) bytes[^1] ^= 1;   // the last byte is one of the extended data's signature
        return TestCertificate.Chain(bytes, issuer);
    }

    private static byte[] WithoutKey(TestCertificate leaf, TestKey issuer)
    {
        // The KEY attribute becomes an optional one that nobody knows; everything is signed anew.
        byte[] bytes = leaf.Issue(issuer);
        int at = bytes.AsSpan().IndexOf((ReadOnlySpan<byte>)[0, 1, 0, 6, 0, 0, 0]);
        bytes[at + 1] = 0;
        bytes[at + 3] = 0x77;
        byte[] signed = bytes[..^144];
        issuer.Sign(signed).CopyTo(bytes, signed.Length + 12);
        return bytes;
    }

    private static BCertFault Verify(byte[] bytes, byte[] root, BCertType type, BCertUsage usage)
    {
        if (!BCertChain.TryRead(bytes, out BCertChain? chain, out BCertFault fault)) return fault;
        chain!.TryVerify(type, usage, [new PlayReadyRoot("test", root, Development: false)], Now, out _, out fault);
        return fault;
    }

    private static byte[] Flip(byte[] bytes, int bit)
    {
        byte[] flipped = [.. bytes];
        flipped[bit / 8] ^= (byte)(1 << (bit % 8));
        return flipped;
    }
}
