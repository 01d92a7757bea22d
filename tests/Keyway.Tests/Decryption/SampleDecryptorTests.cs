using System.Buffers;

namespace Keyway.Decryption;

public sealed class SampleDecryptorTests
{
    private static readonly ProtectionScheme[] Schemes = [ProtectionScheme.Cenc, ProtectionScheme.Cens, ProtectionScheme.Cbc1, ProtectionScheme.Cbcs];

    [Theory]
    [InlineData(100, "100+1")]
    [InlineData(100, "0+99")]
    [InlineData(100, "50+50 0+1")]
    [InlineData(100, "4294967295+101")]                         // 100 after losing the upper half
    [InlineData(100, "4294967295+4294967295 102+0")]
    [InlineData(100, "2147483648+0 2147483648+100")]
    [InlineData(0, "0+16")]
    [InlineData(16, "0+0")]
    public void Map_that_does_not_add_up_is_refused_with_the_sample_untouched(int length, string map)
    {
        using RawKeyRing ring = SchemeTests.Ring(Acceleration.Auto);
        Subsample[] layout = [.. map.Split(' ').Select(range => range.Split('+')).Select(range => new Subsample { ClearBytes = uint.Parse(range[0]), ProtectedBytes = uint.Parse(range[1]) })];
        foreach (ProtectionScheme scheme in Schemes)
        {
            byte[] sample = Bytes.Random(length, 1);
            SchemeTests.Decrypt(ring.CreateDecryptor(), scheme, new byte[16], sample, layout, 1, 9).Should().Be(DecryptStatus.MalformedSample);
            sample.Should().Equal(Bytes.Random(length, 1));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(9)]
    [InlineData(15)]
    [InlineData(17)]
    public void Vector_of_another_size_is_refused(int size)
    {
        using RawKeyRing ring = SchemeTests.Ring(Acceleration.Auto);
        foreach (ProtectionScheme scheme in Schemes)
        {
            byte[] sample = Bytes.Random(64, 1);
            SchemeTests.Decrypt(ring.CreateDecryptor(), scheme, new byte[size], sample, [], 1, 9).Should().Be(DecryptStatus.MalformedSample);
            sample.Should().Equal(Bytes.Random(64, 1));
        }
    }

    [Theory]
    [InlineData(ProtectionScheme.Cens, DecryptStatus.MalformedSample)]
    [InlineData(ProtectionScheme.Cbcs, DecryptStatus.MalformedSample)]
    [InlineData(ProtectionScheme.Cenc, DecryptStatus.Decrypted)]
    [InlineData(ProtectionScheme.Cbc1, DecryptStatus.Decrypted)]
    public void Pattern_that_encrypts_nothing_is_refused_where_patterns_count(ProtectionScheme scheme, DecryptStatus status)
    {
        using RawKeyRing ring = SchemeTests.Ring(Acceleration.Auto);
        SchemeTests.Decrypt(ring.CreateDecryptor(), scheme, new byte[16], new byte[64], [], 0, 9).Should().Be(status);
    }

    [Theory]
    [InlineData(ProtectionScheme.None)]
    [InlineData((ProtectionScheme)0x70696666)]
    public void Other_schemes_are_not_supported(ProtectionScheme scheme)
    {
        using RawKeyRing ring = SchemeTests.Ring(Acceleration.Auto);
        SchemeTests.Decrypt(ring.CreateDecryptor(), scheme, new byte[16], new byte[64], [], 0, 0).Should().Be(DecryptStatus.SchemeNotSupported);
    }

    [Fact]
    public void Missing_key_is_a_status()
    {
        using RawKeyRing ring = new();
        byte[] sample = Bytes.Random(64, 1);
        SchemeTests.Decrypt(ring.CreateDecryptor(), ProtectionScheme.Cenc, new byte[16], sample, [], 0, 0).Should().Be(DecryptStatus.KeyNotFound);
        sample.Should().Equal(Bytes.Random(64, 1));
    }

    [Theory]
    [InlineData(Acceleration.Auto)]
    [InlineData(Acceleration.Portable)]
    public void Sample_path_allocates_nothing(Acceleration acceleration)
    {
        using RawKeyRing ring = SchemeTests.Ring(acceleration);
        SampleDecryptor single = ring.CreateDecryptor();
        using IFragmentDecryptor fragment = single.LeaseFragment();
        byte[] sample = Bytes.Random(40_000, 1);
        byte[] vector = Bytes.Random(16, 1);
        Subsample[] small = [.. Enumerable.Range(0, 400).Select(_ => new Subsample { ClearBytes = 7, ProtectedBytes = 93 })];
        Subsample[] blocks = [.. Enumerable.Range(0, 400).Select(_ => new Subsample { ClearBytes = 4, ProtectedBytes = 96 })];
        Subsample[] large = [new Subsample { ClearBytes = 100, ProtectedBytes = 19_900 }, new Subsample { ClearBytes = 1, ProtectedBytes = 19_999 }];

        void DecryptAll(ISampleDecryptor decryptor)
        {
            foreach (ProtectionScheme scheme in Schemes)
            {
                SchemeTests.Decrypt(decryptor, scheme, vector, sample, [], 1, 9);
                SchemeTests.Decrypt(decryptor, scheme, vector, sample, small, 0, 0);
                SchemeTests.Decrypt(decryptor, scheme, vector, sample, blocks, 5, 5);
                SchemeTests.Decrypt(decryptor, scheme, vector, sample, large, 1, 9);
                SchemeTests.Decrypt(decryptor, scheme, vector, sample, [], 10, 0);
            }
        }

        DecryptAll(fragment);
        DecryptAll(single);
        Allocations.Least(() =>
        {
            for (int i = 0; i < 10; i++)
            {
                DecryptAll(fragment);
                DecryptAll(single);
            }
        }).Should().Be(0);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(1000)]
    public void Sequence_is_copied_once_into_the_writer_and_decrypted_there(int piece)
    {
        using RawKeyRing ring = SchemeTests.Ring(Acceleration.Auto);
        byte[] encrypted = Bytes.Random(333, 1);
        byte[] vector = Bytes.Random(8, 1);
        SampleProtection protection = new() { Scheme = ProtectionScheme.Cenc, KeyId = Bytes.Id(1), InitializationVector = vector };
        ArrayBufferWriter<byte> writer = new();
        ReadOnlySequence<byte> sequence = piece == 0 ? new(encrypted) : Pieces(encrypted, piece);
        ring.CreateDecryptor().Decrypt(sequence, writer, protection).Should().Be(DecryptStatus.Decrypted);
        writer.WrittenSpan.ToArray().Should().Equal(StandardSchemes.Decrypt(Bytes.Key, ProtectionScheme.Cenc, vector, encrypted, [], 0, 0));
        encrypted.Should().Equal(Bytes.Random(333, 1));
    }

    [Fact]
    public void Sequence_that_is_refused_writes_nothing()
    {
        using RawKeyRing ring = SchemeTests.Ring(Acceleration.Auto);
        ArrayBufferWriter<byte> writer = new();
        SampleProtection protection = new()
        {
            Scheme = ProtectionScheme.Cenc,
            KeyId = Bytes.Id(1),
            InitializationVector = new byte[8],
            Subsamples = [new Subsample { ClearBytes = 1, ProtectedBytes = 1 }],
        };
        ring.CreateDecryptor().Decrypt(new ReadOnlySequence<byte>(new byte[100]), writer, protection).Should().Be(DecryptStatus.MalformedSample);
        writer.WrittenCount.Should().Be(0);
    }

    [Fact]
    public void Empty_sequence_is_an_empty_sample()
    {
        using RawKeyRing ring = SchemeTests.Ring(Acceleration.Auto);
        ArrayBufferWriter<byte> writer = new();
        SampleProtection protection = new() { Scheme = ProtectionScheme.Cbcs, KeyId = Bytes.Id(1), InitializationVector = new byte[8] };
        ring.CreateDecryptor().Decrypt(ReadOnlySequence<byte>.Empty, writer, protection).Should().Be(DecryptStatus.Decrypted);
        writer.WrittenCount.Should().Be(0);
    }

    private static ReadOnlySequence<byte> Pieces(byte[] bytes, int size)
    {
        Segment first = new(bytes.AsMemory(0, Math.Min(size, bytes.Length)), 0);
        Segment last = first;
        for (int at = size; at < bytes.Length; at += size) last = last.Append(bytes.AsMemory(at, Math.Min(size, bytes.Length - at)));
        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, long index)
        {
            Memory = memory;
            RunningIndex = index;
        }

        public Segment Append(ReadOnlyMemory<byte> memory)
        {
            Segment next = new(memory, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }
}
