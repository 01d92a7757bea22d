using static Keyway.Mp4.BoxBytes;

namespace Keyway.Mp4.Boxes;

/// <summary>What configuration boxes say of the inside of samples.</summary>
public sealed class SampleSyntaxTests
{
    [Theory]
    [InlineData("01 64 00 1F FF E0 00", 4)]
    [InlineData("01 42 C0 1E FC E0 00", 1)]
    [InlineData("01 64 00 1F FD E0 00", 2)]
    public void AVC_says_how_long_lengths_are(string config, int size) => Of("avc1", Box("avcC", Hex(config))).Should().Be((size, 1, 0));

    [Fact]
    public void HEVC_and_VVC_say_it_in_places_of_their_own()
    {
        Of("hvc1", Box("hvcC", Join(Hex("01 01 60 00 00 00 90 00 00 00 00 00 5D F0 00 FC FD F8 F8 00 00"), Hex("0F 00")))).Should().Be((4, 2, 0));
        Of("dvh1", Box("hvcC", Join(Zeros(21), Hex("F5 00")))).Should().Be((2, 2, 0));
        Of("vvc1", Full("vvcC", 0, 0, Hex("FF 00"))).Should().Be((4, 2, 0));
        Of("vvc1", Full("vvcC", 0, 0, Hex("F9 00"))).Should().Be((1, 2, 0));
    }

    [Theory]
    [InlineData("40", "12 10", 7)]                      // AAC-LC 44.1 kHz stereo
    [InlineData("40", "2B 92 08 00", 7)]                // HE-AAC, said before its core
    [InlineData("40", "EB 09 88 00", 7)]                // HE-AAC v2
    [InlineData("67", "", 7)]                           // MPEG-2 AAC LC
    [InlineData("40", "F9 50 40", 0)]                   // USAC: object type 42
    [InlineData("40", "F8 E8 50 00", 0)]                // AAC-ELD: object type 39
    [InlineData("40", "B9 90", 0)]                      // AAC-LD: object type 23
    [InlineData("6B", "", 8)]                           // MP3
    [InlineData("20", "00 00 01 B0", 8)]                // MPEG-4 video
    [InlineData("A9", "", 0)]                           // DTS in another way
    public void An_elementary_stream_says_what_its_samples_begin_with(string type, string config, int bits)
    {
        byte[] specific = config.Length == 0 ? [] : Descriptor(5, Hex(config));
        byte[] decoder = Descriptor(4, Hex(type), Hex("15"), Zeros(11), specific);
        Of("mp4a", Full("esds", 0, 0, Descriptor(3, Hex("00 01 00"), decoder))).Should().Be((0, 0, bits));
        Of("mp4a", Full("esds", 0, 0, Descriptor(3, Hex("00 01 E0"), Hex("00 02"), Hex("03 61 62 63"), Hex("00 04"), decoder))).Should().Be((0, 0, bits), "options come first");
        Of("mp4a", Box("wave", Box("frma", Code("mp4a")), Full("esds", 0, 0, Descriptor(3, Hex("00 01 00"), decoder)))).Should().Be((0, 0, bits), "QuickTime");
    }

    [Fact]
    public void What_is_cut_short_says_nothing_and_harms_nothing()
    {
        byte[] whole = Full("esds", 0, 0, Descriptor(3, Hex("00 01 00"), Descriptor(4, Hex("40 15"), Zeros(11), Descriptor(5, Hex("12 10")))));
        for (int length = 8; length < whole.Length - 2; length++) Of("mp4a", Box("esds", whole[8..length])).Should().Be((0, 0, 0), $"{length} of {whole.Length} bytes");
        foreach (string box in (string[])["avcC", "hvcC", "vvcC", "wave"]) Of("avc1", Box(box)).Should().Be((0, 0, 0));
    }

    [Fact]
    public void Formats_that_begin_alike_need_no_box()
    {
        Of("Opus").Should().Be((0, 0, 8));
        Of("vp09").Should().Be((0, 0, 8));
        Of("alac").Should().Be((0, 0, 7));
        Of("ac-4").Should().Be((0, 0, 0));
        Of("sowt").Should().Be((0, 0, 0), "what is no code takes every value");
    }

    private static (int Length, int Header, int Head) Of(string format, params byte[][] boxes)
    {
        SampleSyntax syntax = default;
        foreach (byte[] box in boxes) syntax = syntax.With(Parse(box));
        syntax = syntax.Of(System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(Code(format)));
        return (syntax.LengthSize, syntax.HeaderSize, syntax.HeadBits);
    }

    /// <summary>With its size in four bytes, as many writers have it.</summary>
    private static byte[] Descriptor(int tag, params byte[][] content) => Join([(byte)tag, 0x80, 0x80, 0x80, (byte)content.Sum(static part => part.Length)], Join(content));
}
