using Keyway.Protection;
using static Keyway.Mp4.BoxBytes;

namespace Keyway;

/// <summary>Headers typed by hand after the drawing of the standard (ISO/IEC 14496-12, 4.2), and the readers that walk by them.</summary>
public sealed class BoxHeaderTests
{
    // size type | expected: type, size of the header, length, to the end
    public static TheoryData<byte[], string, int, long, bool> Whole => new()
    {
        { [0, 0, 0, 24, .. "moov"u8], "moov", 8, 24, false },
        { [0, 0, 0, 8, .. "free"u8], "free", 8, 8, false },
        { [0, 0, 0, 0, .. "mdat"u8], "mdat", 8, 0, true },
        { [0xFF, 0xFF, 0xFF, 0xFF, .. "mdat"u8], "mdat", 8, 0xFFFFFFFF, false },
        { [0, 0, 0, 1, .. "mdat"u8, 0, 0, 0, 1, 0, 0, 0, 2], "mdat", 16, 0x1_0000_0002, false },
        { [0, 0, 0, 1, .. "mdat"u8, 0, 0, 0, 0, 0, 0, 0, 0], "mdat", 16, 0, false },
        { [0, 0, 0, 1, .. "mdat"u8, 0x80, 0, 0, 0, 0, 0, 0, 0], "mdat", 16, long.MinValue, false },
        { [0, 0, 0, 5, .. "skip"u8], "skip", 8, 5, false },
    };

    [Theory]
    [MemberData(nameof(Whole))]
    public void A_header_is_what_is_written(byte[] bytes, string type, int size, long length, bool toTheEnd)
    {
        BoxHeader.TryRead([.. bytes, 0xAA, 0xBB], out BoxHeader header).Should().BeTrue();
        header.Should().Be(new BoxHeader(Code(type), size, length));
        header.ReachesToEnd.Should().Be(toTheEnd);
    }

    [Theory]
    [MemberData(nameof(Whole))]
    public void A_header_that_is_cut_says_how_many_bytes_it_needs(byte[] bytes, string type, int size, long length, bool toTheEnd)
    {
        _ = (length, toTheEnd);
        for (int there = 0; there < size; there++)
        {
            BoxHeader.TryRead(bytes.AsSpan(0, there), out BoxHeader header).Should().BeFalse();
            header.Size.Should().Be(there < 8 ? 8 : 16);
            header.Type.Should().Be(there < 8 ? 0 : Code(type));
        }
    }

    [Theory]
    [InlineData(8, 8, 8)]
    [InlineData(8, 9, -1)]
    [InlineData(8, 7, -1)]
    [InlineData(9, 0, 9)]
    [InlineData(1, 2, -1)]
    public void A_length_fits_what_is_left_and_its_own_header(long left, uint size, long expected)
    {
        BoxHeader.TryRead([.. U32(size), .. "free"u8], out BoxHeader header).Should().BeTrue();
        header.Within(left).Should().Be(expected);
    }

    [Fact]
    public void Lengths_of_64_bits_fit_as_those_of_32_do()
    {
        new BoxHeader(0, 16, 16).Within(16).Should().Be(16);
        new BoxHeader(0, 16, 15).Within(100).Should().Be(-1);
        new BoxHeader(0, 16, 0).Within(100).Should().Be(-1, "only a size of 32 bits is to the end");
        new BoxHeader(0, 16, long.MaxValue).Within(long.MaxValue).Should().Be(long.MaxValue);
        new BoxHeader(0, 16, -5).Within(100).Should().Be(-1);
    }

    [Fact]
    public void Only_a_free_box_may_be_smaller_than_its_header()
    {
        for (uint size = 0; size < 10; size++)
        {
            new BoxHeader(Code("free"), 8, size).Mended.Length.Should().Be(size is > 1 and < 8 ? 8 : size);
            new BoxHeader(Code("skip"), 8, size).Mended.Length.Should().Be(size);
        }
    }

    [Fact]
    public void Lists_of_pssh_boxes_may_have_sizes_of_64_bits()
    {
        byte[] content = [0, 0, 0, 0, .. SystemIds.Widevine.Value.ToByteArray(bigEndian: true), 0, 0, 0, 2, 7, 9];
        byte[] large = [0, 0, 0, 1, .. "pssh"u8, 0, 0, 0, 0, 0, 0, 0, (byte)(16 + content.Length), .. content];
        byte[] small = [0, 0, 0, (byte)(8 + content.Length), .. "pssh"u8, .. content];
        PsshBox.TryReadAll([.. large, .. small], out IReadOnlyList<PsshBox> found, out _).Should().BeTrue();
        found.Should().HaveCount(2).And.OnlyContain(static box => box.System == SystemIds.Widevine && box.Data.ToArray().SequenceEqual(new byte[] { 7, 9 }));

        large[15]++;
        PsshBox.TryReadAll(large, out _, out FormatError error).Should().BeFalse();
        error.Should().Be(new FormatError($"box size {large.Length + 1} does not fit the {large.Length} bytes that are left", "pssh", 0));
        PsshBox.TryReadAll(small.AsSpan(0, 7), out _, out error).Should().BeFalse();
        PsshBox.TryReadAll([0, 0, 0, 1, .. "pssh"u8, 0, 0], out _, out error).Should().BeFalse();
        error.Reason.Should().Be("not a whole box");
    }

    private static uint Code(string type) => (uint)((type[0] << 24) | (type[1] << 16) | (type[2] << 8) | type[3]);
}
