using System.Security.Cryptography;
using System.Text;
using Keyway.Testing;

namespace Keyway.Decryption;

public sealed class SegmentCipherStreamTests
{
    [Fact]
    public async Task Every_length_is_read_whole_however_it_comes_and_is_asked_for()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        foreach (int length in new[] { 0, 1, 15, 16, 17, 188, 1000, 1023, 1024, 1025, 1040, 1055, 1056, 1057, 5000, 70_000 })
        {
            // Letters, so that nothing at its beginning is doubted.
            byte[] clear = [.. Bytes.Random(length, length).Select(static each => (byte)('a' + (each % 20)))];
            byte[] encrypted = SegmentMessages.Encrypt(clear);
            foreach ((int comes, int asked) in new[] { (1, 1), (7, 3), (16, 16), (64, 63), (1000, 64), (100_000, 80_000), (188, 65_536), (65_536, 10) })
            {
                await using SegmentCipherStream stream = Open(encrypted, comes: comes);
                (await ReadAsync(stream, asked, cancellation)).AsSpan().SequenceEqual(clear).Should().BeTrue("of {0} bytes that come by {1} and are read by {2}", length, comes, asked);
                (await stream.ReadAsync(new byte[10], cancellation)).Should().Be(0, "the end is the end");
                stream.Form.Should().Be(length == 0 ? SegmentForm.Unknown : SegmentForm.Text);
            }
        }
    }

    [Fact]
    public async Task What_is_cut_or_of_another_key_is_an_error_with_its_place()
    {
        byte[] packets = [.. Enumerable.Range(0, 20).SelectMany(static i => (byte[])[0x47, 0x1F, 0xFF, 0x10, .. Bytes.Random(184, i)])];
        byte[] encrypted = SegmentMessages.Encrypt(packets);
        (await FailAsync([])).Error.Should().Be(new FormatError("there is nothing, and an encrypted segment has at least one block of 16 bytes", "AES-128", 0));
        (await FailAsync(encrypted[..^5])).Error.Should().Be(new FormatError("it ends in the middle of a block of 16 bytes: it is cut", "AES-128", encrypted.Length - 5));
        (await FailAsync(encrypted[..^16])).Error.Should().Be(
            new FormatError("its padding is wrong although its beginning is right: it is cut between two blocks, or damaged at its end", "AES-128", encrypted.Length - 16));
        (await FailAsync(encrypted, key: Bytes.Random(16, 5))).Error.Should().Be(
            new FormatError("its padding is wrong, and it does not begin as a segment does: the key is not the one that it was encrypted with, unless what came is not the segment", "AES-128", encrypted.Length));
        (await FailAsync(encrypted, key: Bytes.Random(16, 5))).KeyDoesNotFit.Should().BeTrue();
        (await FailAsync(encrypted[..^16])).KeyDoesNotFit.Should().BeFalse("it may be whatever it wants, its key is right");
        (await FailAsync(encrypted[..^5])).KeyDoesNotFit.Should().BeFalse();
        (await FailAsync(encrypted, vector: new byte[16])).Error.Should().Be(
            new FormatError("the first 16 bytes do not fit what follows them: the key is right, and the initialisation vector (IV) is not the one that it was encrypted with", "AES-128", 0));
        MediaFormatException oneBlock = await FailAsync(SegmentMessages.Encrypt([1, 2]), vector: new byte[16]);
        (oneBlock.Error.Reason, oneBlock.KeyDoesNotFit).Should().Be(("its padding is wrong: neither key nor initialisation vector need be those that it was encrypted with, unless it is damaged", true));
        (await FailAsync(encrypted)).Should().BeNull("and nothing is wrong with it as it is");

        static async Task<MediaFormatException> FailAsync(byte[] bytes, byte[]? key = null, byte[]? vector = null)
        {
            await using SegmentCipherStream stream = Open(bytes, key: key, vector: vector);
            MediaFormatException? failure = null;
            try
            {
                await ReadAsync(stream, 4096, TestContext.Current.CancellationToken);
            }
            catch (MediaFormatException exception)
            {
                failure = exception;
                exception.MediaSource.Should().Be("https://x/1.ts");
            }

            return failure!;
        }
    }

    [Fact]
    public async Task Another_vector_hands_no_byte_on()
    {
        byte[] text = Encoding.UTF8.GetBytes("WEBVTT\n\n00:00.000 --> 00:01.000\nwords\n");
        await using SegmentCipherStream stream = Open(SegmentMessages.Encrypt(text), vector: Bytes.Random(16, 4));
        byte[] buffer = new byte[4096];
        await stream.Invoking(async each => await each.ReadAsync(buffer, TestContext.Current.CancellationToken)).Should().ThrowAsync<MediaFormatException>();
        buffer.Should().OnlyContain(static each => each == 0);
    }

    [Fact]
    public async Task Key_and_encrypted_stream_go_with_it()
    {
        using VaultFixture fixture = new();
        foreach (bool wait in new[] { true, false })
        {
            fixture.Vault.Import(fixture.Session, Bytes.Id(1), SegmentMessages.Key, VaultFixture.Export);
            fixture.Decryptor().TryLeaseSegment(Bytes.Id(1), SegmentMessages.Vector, out SegmentCipher? cipher).Should().Be(DecryptStatus.Decrypted);
            MemoryStream inner = new(SegmentMessages.Encrypt(Bytes.Random(100, 1)));
            SegmentCipherStream stream = new(inner, cipher!, "x");
            fixture.Vault.Revoke(fixture.Session, Bytes.Id(1));
            fixture.Memory.Live.Should().Be(1);
            if (wait) await stream.DisposeAsync();
            else stream.Dispose();
            fixture.Memory.Live.Should().Be(0);
            inner.CanRead.Should().BeFalse();
        }
    }

    [Fact]
    public async Task Segments_of_another_packager_are_opened_and_another_vector_is_told()
    {
        // The vector of the playlist has 8 bytes and was continued with zeros (../shared/protocols/hls.md, 3).
        Assert.SkipWhen(Corpus.Shared is null, Corpus.Absent);
        byte[] key = Bytes.Hex("32333435363738393021323334353637"), vector = Bytes.Hex("33343536373839300000000000000000");
        (string Name, string Digest)[] segments =
        [
            ("1", "3f41233257a0cd9bc9971bcf8e52fc9bdbd93c69c98664e298cee40f28a217f3"),
            ("2", "c92ba0215a5efc272890c4a5de4832746202b6f015bb19c00293c7fd1bdaf007"),
            ("3", "92a13d1e8b5337692c93e65566efd5fe6c65cfc145efa1c7943eec700d871340"),
        ];
        foreach ((string name, string digest) in segments)
        {
            byte[] encrypted = await File.ReadAllBytesAsync(
                Path.Combine(Corpus.Shared, "corpus", "ts", "shaka-packager", "avc-ts-with-aes128-encryption", $"bear-640x360-video-{name}.ts"), TestContext.Current.CancellationToken);
            await using SegmentCipherStream stream = Open(encrypted, key: key, vector: vector);
            byte[] clear = await ReadAsync(stream, 65_536, TestContext.Current.CancellationToken);
            Convert.ToHexStringLower(SHA256.HashData(clear)).Should().Be(digest);
            stream.Form.Should().Be(SegmentForm.TransportStream);

            // Continued the other way, none at all, a number in its last byte: what is spoilt is not the sync byte each time.
            byte[] other = [.. vector];
            other[15] ^= 1;
            foreach (byte[] wrong in new[] { Bytes.Hex("00000000000000003334353637383930"), new byte[16], other })
            {
                await using SegmentCipherStream spoilt = Open(encrypted, key: key, vector: wrong);
                (await spoilt.Invoking(async each => await each.ReadAsync(new byte[4096], TestContext.Current.CancellationToken)).Should().ThrowAsync<MediaFormatException>())
                    .Which.Error.Reason.Should().Contain("(IV)");
            }
        }
    }

    private static SegmentCipherStream Open(byte[] encrypted, int comes = 4096, byte[]? key = null, byte[]? vector = null) =>
        new(new PiecewiseStream(encrypted, comes), SegmentMessages.Cipher(key: key, vector: vector), "https://x/1.ts");

    private static async Task<byte[]> ReadAsync(Stream stream, int asked, CancellationToken cancellationToken)
    {
        List<byte> all = [];
        byte[] buffer = new byte[asked];
        while (true)
        {
            int read = await stream.ReadAsync(buffer, cancellationToken);
            if (read == 0) return [.. all];
            all.AddRange(buffer[..read]);
        }
    }

    /// <summary>A stream that gives a piece at a time.</summary>
    private sealed class PiecewiseStream(byte[] bytes, int piece) : ForwardStream
    {
        private int _at;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int read = Math.Min(Math.Min(piece, buffer.Length), bytes.Length - _at);
            bytes.AsMemory(_at, read).CopyTo(buffer);
            _at += read;
            return new(read);
        }
    }
}
