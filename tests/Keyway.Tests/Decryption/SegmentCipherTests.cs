using System.Security.Cryptography;
using Keyway.Licensing;

namespace Keyway.Decryption;

public sealed class SegmentCipherTests
{
    [Theory]
    [InlineData(Acceleration.Auto)]
    [InlineData(Acceleration.Portable)]
    public void Vector_of_nist_is_met(Acceleration acceleration)
    {
        // SP 800-38A, F.2.2, and behind it a block of padding, whose chaining value is the last block of the vector.
        byte[] key = Bytes.Hex("2b7e151628aed2a6abf7158809cf4f3c"), vector = Bytes.Hex("000102030405060708090a0b0c0d0e0f");
        byte[] chained = Bytes.Hex("7649abac8119b246cee98e9b12e9197d 5086cb9b507219ee95db113a917678b2 73bed6b8e3c1743b7116e69e22229516 3ff1caa1681fac09120eca307586e1a7");
        byte[] plain = Bytes.Hex("6bc1bee22e409f96e93d7e117393172a ae2d8a571e03ac9c9eb76fac45af8e51 30c81c46a35ce411e5fbc1191a0a52ef f69f2445df4f9b17ad2b417be66c3710");
        using Aes aes = Aes.Create();
        aes.Key = key;
        byte[] padding = aes.EncryptCbc(Array.Empty<byte>(), chained[^16..]);
        SegmentMessages.Open([.. chained, .. padding], static () => 7, acceleration, key, vector).Should().BeEquivalentTo((SegmentEnd.Complete, plain));
    }

    [Theory]
    // head -c N /dev/zero | tr '\0' K | openssl enc -aes-128-cbc -K 000102030405060708090a0b0c0d0e0f -iv f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff
    [InlineData(0, "d02a48244eccdc2379224dbc54703612")]
    [InlineData(1, "5cc3c566cda4a607c1f11f57b6afa412")]
    [InlineData(15, "a2268fe4f89f18af35eb55de30454085")]
    [InlineData(16, "b0173dbef61659161dba146689ac339790696570bca53d44c0acdf380017f2ec")]
    [InlineData(17, "b0173dbef61659161dba146689ac3397717a9149de221c9bc932598c8a81a311")]
    [InlineData(31, "b0173dbef61659161dba146689ac3397e60e0ba8093101e1f9b46debeb8118eb")]
    [InlineData(32, "b0173dbef61659161dba146689ac33970b7b121155edb0e33d70a41f034207db41c81d14493a7360eb287da79f4d47f8")]
    public void What_openssl_encrypts_is_opened(int length, string encrypted)
    {
        (SegmentEnd end, byte[] clear) = SegmentMessages.Open(
            Bytes.Hex(encrypted), static () => 5, key: Bytes.Hex("000102030405060708090a0b0c0d0e0f"), vector: Bytes.Hex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"));
        end.Should().Be(SegmentEnd.Complete);
        clear.Should().Equal(Enumerable.Repeat((byte)'K', length));
    }

    [Theory]
    [InlineData(Acceleration.Auto)]
    [InlineData(Acceleration.Portable)]
    public void Every_length_in_every_chunking_is_what_was_encrypted(Acceleration acceleration)
    {
        for (int length = 0; length <= 100; length++)
        {
            byte[] clear = Bytes.Random(length, length), encrypted = SegmentMessages.Encrypt(clear);
            for (int piece = 1; piece <= encrypted.Length; piece++)
            {
                (SegmentEnd end, byte[] found) = SegmentMessages.Open(encrypted, () => piece, acceleration);
                (end, found.AsSpan().SequenceEqual(clear)).Should().Be((SegmentEnd.Complete, true), "of {0} bytes by {1}", length, piece);
            }

            byte[] lengths = Bytes.Random(200, length);
            int next = 0;
            SegmentMessages.Open(encrypted, () => 1 + (lengths[next++] % 40), acceleration).Clear.Should().Equal(clear);
        }
    }

    [Fact]
    public void What_is_large_is_what_was_encrypted()
    {
        byte[] clear = Bytes.Random((1 << 20) + 3, 1), encrypted = SegmentMessages.Encrypt(clear);
        foreach (int piece in new[] { 188, 4096, 65536, 65521, 1 << 21 })
            SegmentMessages.Open(encrypted, () => piece).Clear.AsSpan().SequenceEqual(clear).Should().BeTrue("by {0}", piece);
    }

    [Fact]
    public void What_is_cut_is_told_from_what_has_no_padding()
    {
        byte[] encrypted = SegmentMessages.Encrypt(Bytes.Random(90, 1));
        encrypted.Length.Should().Be(96);
        SegmentMessages.Open([], static () => 1).End.Should().Be(SegmentEnd.Empty);
        for (int length = 1; length < 96; length++)
        {
            (SegmentEnd end, byte[] clear) = SegmentMessages.Open(encrypted[..length], static () => 9);
            end.Should().Be(length % 16 == 0 ? SegmentEnd.BadPadding : SegmentEnd.Truncated, "of {0} bytes", length);
            clear.Should().HaveCount((length - 1) / 16 * 16, "what is held back when it ends badly is not clear");
        }
    }

    [Fact]
    public void Padding_is_what_its_last_byte_says_and_nothing_else()
    {
        for (int last = 0; last < 256; last++)
        {
            byte[] block = Bytes.Random(16, last);
            // No byte of them is what the last one says, unless it is put there.
            for (int i = 0; i < 16; i++) block[i] = (byte)(last ^ 0x80);
            block[15] = (byte)last;
            SegmentMessages.Open(SegmentMessages.Encrypt(block, padding: PaddingMode.None), static () => 16).End.Should().Be(last == 1 ? SegmentEnd.Complete : SegmentEnd.BadPadding, "{0}", last);
            if (last is 0 or > 16) continue;
            for (int count = 1; count <= 16; count++)
            {
                block[^count] = (byte)last;
                (SegmentEnd end, byte[] clear) = SegmentMessages.Open(SegmentMessages.Encrypt(block, padding: PaddingMode.None), static () => 16);
                end.Should().Be(count >= last ? SegmentEnd.Complete : SegmentEnd.BadPadding, "{0} times {1}", count, last);
                clear.Should().HaveCount(end == SegmentEnd.Complete ? 16 - last : 0);
            }
        }
    }

    [Theory]
    [InlineData(Acceleration.Auto)]
    [InlineData(Acceleration.Portable)]
    public void Nothing_is_allocated_by_a_call(Acceleration acceleration)
    {
        using SegmentCipher cipher = SegmentMessages.Cipher(acceleration);
        byte[] buffer = Bytes.Random(5000, 1);
        for (int i = 0; i < 3; i++) cipher.Decrypt(buffer);
        Allocations.Least(() =>
        {
            for (int i = 0; i < 50; i++) cipher.Decrypt(buffer.AsSpan(0, 4000 + i));
        }).Should().Be(0);
    }

    [Fact]
    public void Key_that_is_revoked_serves_the_segment_that_it_was_leased_for_and_is_zeroed_with_it()
    {
        using VaultFixture fixture = new();
        fixture.Vault.Import(fixture.Session, Bytes.Id(1), SegmentMessages.Key, VaultFixture.Export);
        byte[] clear = Bytes.Random(100, 1), encrypted = SegmentMessages.Encrypt(clear);
        fixture.Decryptor().TryLeaseSegment(Bytes.Id(1), SegmentMessages.Vector, out SegmentCipher? cipher).Should().Be(DecryptStatus.Decrypted);
        fixture.Vault.Revoke(fixture.Session, Bytes.Id(1));
        fixture.Memory.Live.Should().Be(1);
        int found = cipher!.Decrypt(encrypted);
        encrypted[..found].Should().Equal(clear[..found]);
        fixture.Decryptor().TryLeaseSegment(Bytes.Id(1), SegmentMessages.Vector, out _).Should().Be(DecryptStatus.KeyNotFound);
        cipher.Dispose();
        cipher.Dispose();
        fixture.Memory.ShouldBeCleanAfter(keys: 1);
        cipher.Invoking(late => late.Decrypt(new byte[32])).Should().Throw<ObjectDisposedException>();
        cipher.Invoking(late => late.Finish(new byte[32], out _)).Should().Throw<ObjectDisposedException>();
    }

    [Fact]
    public void Rules_of_keys_hold_for_whole_segments()
    {
        using VaultFixture fixture = new();
        fixture.Vault.Import(fixture.Session, Bytes.Id(1), SegmentMessages.Key, new KeyPolicy());
        fixture.Vault.Import(fixture.Session, Bytes.Id(2), SegmentMessages.Key, VaultFixture.Export with { NotAfter = fixture.Clock.Now });
        fixture.Vault.Import(fixture.Session, Bytes.Id(3), SegmentMessages.Key, VaultFixture.Export);
        Lease(1).Should().Be(DecryptStatus.KeyNotUsable, "its policy says nothing of export");
        Lease(2).Should().Be(DecryptStatus.KeyNotUsable, "its time is over");
        Lease(3).Should().Be(DecryptStatus.Decrypted);
        Lease(4).Should().Be(DecryptStatus.KeyNotFound);
        Lease(3, OutputCapabilities.None with { Kind = SinkKind.Module }).Should().Be(DecryptStatus.KeyNotUsable, "this sink gets nothing clear");

        DecryptStatus Lease(int id, OutputCapabilities? sink = null)
        {
            DecryptStatus status = fixture.Decryptor(sink).TryLeaseSegment(Bytes.Id(id), SegmentMessages.Vector, out SegmentCipher? cipher);
            (cipher is not null).Should().Be(status == DecryptStatus.Decrypted);
            cipher?.Dispose();
            return status;
        }
    }

    [Fact]
    public void Vector_has_sixteen_bytes()
    {
        foreach (int length in new[] { 0, 8, 15, 17 })
            this.Invoking(_ => SegmentMessages.Cipher(vector: new byte[length])).Should().Throw<ArgumentOutOfRangeException>();
    }
}
