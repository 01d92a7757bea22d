using System.Buffers.Binary;
using static Keyway.Mp4.BoxBytes;
using static Keyway.Mp4.Made;

namespace Keyway.Mp4.Reading;

/// <summary>Absolute offsets in segments that are files of their own: they count from the beginning of each, and in the output from the beginning of that.</summary>
public sealed class SegmentOffsetTests
{
    private static readonly byte[] S1 = Sample(1, 40), S2 = Sample(2, 33), S3 = Sample(3, 5), S4 = Sample(4, 64);

    private static readonly byte[] Styp = Box("styp", Code("msdh"), U32(0));

    /// <summary>A fragment whose base is what <paramref name="origin"/> makes of the place of its moof.</summary>
    private static byte[] Piece(int at, int number, byte[] sample, Func<int, int, (long Base, int Data)> origin)
    {
        byte[] stored = Encrypt(sample, Iv(number), Key);
        return Join(
            Moof(length =>
            {
                (long start, int data) = origin(at, length);
                return [Box("traf", Tfhd(1, 1, U64((ulong)start)), Trun(data, sample.Length), Senc(Iv(number)))];
            }),
            Box("mdat", stored));
    }

    private static byte[] Segment(int before, (int Number, byte[] Sample)[] pieces, Func<int, int, (long, int)> origin)
    {
        byte[] all = Styp;
        foreach ((int number, byte[] sample) in pieces) all = Join(all, Piece(before + all.Length, number, sample, origin));
        return all;
    }

    public static TheoryData<string> Origins => ["moof of its file", "data of its file", "beginning of its file", "moof of the whole", "data of the whole", "moof of a file that is not here"];

    [Theory]
    [MemberData(nameof(Origins))]
    public async Task Samples_are_found_and_the_offsets_of_the_output_are_true(string kind)
    {
        bool whole = kind.EndsWith("whole", StringComparison.Ordinal);
        long far = kind.EndsWith("here", StringComparison.Ordinal) ? 5_000_000 : 0;
        Func<int, int, (long, int)> origin = kind[0] switch
        {
            'm' => (at, length) => (at + far, length + 8),
            'd' => (at, length) => (at + length + 8, 0),
            _ => (at, length) => (0, at + length + 8),
        };
        byte[] first = Segment(whole ? Init.Length : 0, [(1, S1), (2, S2)], origin);
        byte[] second = Segment(whole ? Init.Length + first.Length : 0, [(3, S3), (4, S4)], origin);
        Mp4DecryptOptions options = new() { PartLengths = [Init.Length, first.Length, second.Length] };
        byte[] file = Join(Init, first, second);
        (byte[] clear, _) = await DecryptAsync(file, seek: false, options: options);
        await ExpectSamplesAsync(clear, [S1, S2, S3, S4]);

        // Without this project's reader: base and data offset of each fragment lead to its clear sample.
        int at = 0;
        foreach (byte[] sample in (byte[][])[S1, S2, S3, S4])
        {
            at += clear.AsSpan(at).IndexOf("tfhd"u8);
            long start = BinaryPrimitives.ReadInt64BigEndian(clear.AsSpan(at + 12));
            at += clear.AsSpan(at).IndexOf("trun"u8);
            start += BinaryPrimitives.ReadInt32BigEndian(clear.AsSpan(at + 12));
            clear.AsSpan((int)start, sample.Length).ToArray().Should().Equal(sample, kind);
        }
    }

    [Fact]
    public async Task A_file_alone_keeps_its_offsets()
    {
        byte[] file = Join(Init, Piece(Init.Length, 1, S1, (at, length) => (at, length + 8)));
        (byte[] clear, _) = await DecryptAsync(file);
        clear.AsSpan(clear.AsSpan().IndexOf("tfhd"u8) + 12, 8).ToArray().Should().Equal(U64((ulong)Init.Length));
        await ExpectSamplesAsync(clear, [S1]);
    }
}
