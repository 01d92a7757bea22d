using System.Globalization;
using System.Text;

namespace Keyway.Decryption;

/// <summary>What the beginning of a clear segment says: each kind as it should be, with vectors that are wrong in every way, and with another key.</summary>
public sealed class SegmentBeginningTests
{
    // A program association table and a service description table, with their checksums.
    private const string Programs = "474000100000b00d0001c100000001f0002ab104b2";
    private const string Services = "474011100042f0250001c10000ff01ff0001fc80144812010646466d70656709536572766963653031777c43ca";

    public static TheoryData<string, string> Segments => new()
    {
        { "programs", Packets(Programs) },
        { "services", Packets(Services) },
        // As shaka-packager writes it: stuffing first, the table at the end of the packet.
        { "stuffed programs", Packets("47400030a600" + new string('f', 330) + Programs[8..]) },
        { "styp", Box("styp", Ascii("msdh") + "00000000" + Ascii("msdhmsix")) + Box("moof", Box("mfhd", "0000000000000001") + Box("traf", new string('0', 80))) },
        { "ftyp", Box("ftyp", Ascii("iso5") + "00000001" + Ascii("avc1iso5")) + Box("moov", Box("mvhd", new string('0', 200))) },
        { "moof", Box("moof", Box("mfhd", "0000000000000001") + Box("traf", new string('0', 80))) + Box("mdat", new string('8', 400)) },
        { "sidx", Box("sidx", new string('0', 80)) + Box("moof", Box("mfhd", "0000000000000001")) },
        { "id3", Id3() + "fff15080002000000000" },
        { "webvtt", Ascii("WEBVTT\n\n00:00.000 --> 00:01.000\nwords") },
        { "webvtt with a mark", "efbbbf" + Ascii("WEBVTT\r\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:900000\r\n") },
        { "ttml", Ascii("<?xml version=\"1.0\"?><tt xmlns=\"http://www.w3.org/ns/ttml\">") + "c3a4" },
    };

    [Theory]
    [MemberData(nameof(Segments))]
    public void Segment_is_known_by_its_beginning(string name, string hex)
    {
        SegmentBeginning found = SegmentBeginning.Of(Bytes.Hex(hex));
        found.IsFirstBlockSpoilt.Should().BeFalse();
        found.Form.Should().Be(FormOf(name));
    }

    [Theory]
    [MemberData(nameof(Segments))]
    public void Another_vector_is_told(string name, string hex)
    {
        // Another vector is the difference of both over the first block.
        for (int seed = 0; seed < 50; seed++)
        {
            byte[] clear = Bytes.Hex(hex), difference = Bytes.Random(16, seed);
            for (int i = 0; i < 16; i++) clear[i] ^= (byte)(difference[i] | 0x80);
            SegmentBeginning found = SegmentBeginning.Of(clear);
            (found.Form, found.IsFirstBlockSpoilt).Should().Be((FormOf(name), true), "{0} with {1}", name, seed);
        }
    }

    [Theory]
    [MemberData(nameof(Segments))]
    public void Another_number_as_vector_is_told_where_its_last_bytes_say_anything(string name, string hex)
    {
        for (int number = 1; number < 2000; number++)
        {
            byte[] clear = Bytes.Hex(hex);
            clear[14] ^= (byte)(number >> 8);
            clear[15] ^= (byte)number;
            SegmentBeginning found = SegmentBeginning.Of(clear);
            found.Form.Should().Be(FormOf(name));
            // The checksum of a table; a count of versions and the size of a frame may be any.
            if (name is "programs" or "services" or "stuffed programs") found.IsFirstBlockSpoilt.Should().BeTrue("{0}", number);
        }
    }

    [Theory]
    [MemberData(nameof(Segments))]
    public void Another_key_leaves_nothing_that_is_known(string name, string hex)
    {
        for (int seed = 0; seed < 200; seed++) SegmentBeginning.Of(Bytes.Random(hex.Length / 2, seed)).Should().Be(default(SegmentBeginning), "{0}", name);
    }

    [Theory]
    [InlineData("0000000c 75756964 00000000 00000014 6d6f6f66 00000000 00000000", "a box that segments seldom begin with, and a fragment behind it")]
    [InlineData("ffd8ffe0 00104a46 49460001 01000001 00010000 ffdb0043", "a picture")]
    [InlineData("474000100000b0", "what ends before its first block does")]
    [InlineData("", "nothing")]
    public void What_is_not_known_is_not_accused(string hex, string why) => SegmentBeginning.Of(Bytes.Hex(hex)).Should().Be(default(SegmentBeginning), "it is {0}", why);

    [Fact]
    public void Whatever_comes_is_looked_at_without_an_error()
    {
        foreach (TheoryDataRow<string, string> segment in Segments)
        {
            byte[] clear = Bytes.Hex(segment.Data.Item2);
            for (int length = 0; length < Math.Min(clear.Length, 500); length++) _ = SegmentBeginning.Of(clear.AsSpan(0, length));
            for (int at = 0; at < Math.Min(clear.Length, 64); at++)
            {
                foreach (byte value in new byte[] { 0, 1, 0x7F, 0x80, 0xFF })
                {
                    byte[] changed = [.. clear];
                    changed[at] = value;
                    _ = SegmentBeginning.Of(changed);
                }
            }
        }
    }

    private static SegmentForm FormOf(string name) => name switch
    {
        "programs" or "services" or "stuffed programs" => SegmentForm.TransportStream,
        "id3" => SegmentForm.PackedAudio,
        "webvtt" or "webvtt with a mark" or "ttml" => SegmentForm.Text,
        _ => SegmentForm.Mp4,
    };

    private static string Ascii(string text) => Convert.ToHexString(Encoding.ASCII.GetBytes(text));

    private static string Box(string type, string content) => ((content.Length / 2) + 8).ToString("x8", CultureInfo.InvariantCulture) + Ascii(type) + content;

    private static string Packets(string first) => first.PadRight(376, 'f') + string.Concat(Enumerable.Range(0, 9).Select(static i => "471fff10" + Convert.ToHexString(Bytes.Random(184, i))));

    // As ../shared/protocols/sample-aes-ts.md, 3, has it: the time of the first frame in a frame of an owner.
    private static string Id3()
    {
        string content = Ascii("com.apple.streaming.transportStreamTimestamp") + "00" + "00000000000dbba0";
        return Ascii("ID3") + "0400000000" + "003f" + Ascii("PRIV") + "00000035" + "0000" + content;
    }
}
