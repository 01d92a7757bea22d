using System.Globalization;
using Keyway.Manifests.Smooth.Model;
using Keyway.Mp4;
using Keyway.Timeline;

namespace Keyway.Manifests.Smooth.Codecs;

/// <summary>Sample entries made of CodecPrivateData, compared with those that packagers have written for the same samples.</summary>
public sealed class CodecReaderTests
{
    // VPS, SPS and PPS as x265 writes them, and the beginning of the hvcC that ffmpeg makes of them: 416 × 240, Main.
    private const string Hevc = "0000000140010C01FFFF01600000030090000003000003003C9598090000000142010101600000030090000003000003003CA00D080F165959A4932BC05A02000003000200000300321000000001"
        + "4401C172B46240";

    private const string HevcConfiguration = "0101600000009000000000003CF000FCFDF8F800000F03";

    [Theory]
    [InlineData("video-180", 320, 180)]
    [InlineData("video-360", 640, 360)]
    public async Task Parameter_sets_of_h264_become_what_the_packager_wrote(string track, int width, int height)
    {
        byte[] original = SmoothScene.Sample($"{track}/init.mp4");
        CodecSetup setup = Read(MediaKind.Video, "H264", Piff.ParameterSets(original));
        (setup.Width, setup.Height).Should().Be((width, height));
        setup.Codecs.Should().Be(await CodecOfAsync(original));
        int at = original.AsSpan().IndexOf("avcC"u8), length = (original[at - 2] << 8) | original[at - 1];
        setup.SampleEntry.Span.IndexOf(original.AsSpan(at - 4, length)).Should().BePositive("the same avcC, byte for byte");
    }

    [Theory]
    [InlineData("AVC1", 1)]
    [InlineData("davc", 2)]
    [InlineData("X264", 4)]
    public void Lengths_of_nal_units_are_as_the_manifest_says(string fourCC, int size)
    {
        ReadOnlySpan<byte> entry = Read(MediaKind.Video, fourCC, Piff.ParameterSets(SmoothScene.Sample("video-180/init.mp4")), static (quality, size) => quality with { NalLengthSize = size }, size).SampleEntry.Span;
        (entry[entry.IndexOf("avcC"u8) + 8] & 3).Should().Be(size - 1);
    }

    [Fact]
    public void A_start_code_that_the_digits_only_seem_to_have_splits_nothing()
    {
        // …00 00 00 10 … written in digits has "00000001" at an odd place.
        string sets = Piff.ParameterSets(SmoothScene.Sample("video-180/init.mp4"));
        CodecSetup plain = Read(MediaKind.Video, "H264", sets), three = Read(MediaKind.Video, "H264", sets.Replace("00000001", "000001", StringComparison.Ordinal)), odd = Read(MediaKind.Video, "H264", "0000000106A000001080" + sets);
        three.SampleEntry.Span.SequenceEqual(plain.SampleEntry.Span).Should().BeTrue();
        odd.SampleEntry.Span.SequenceEqual(plain.SampleEntry.Span).Should().BeTrue();
    }

    [Theory]
    [InlineData("HVC1", "hvc1")]
    [InlineData("hev1", "hev1")]
    public void Parameter_sets_of_h265_become_an_hvcc(string fourCC, string format)
    {
        CodecSetup setup = Read(MediaKind.Video, fourCC, Hevc);
        (setup.Width, setup.Height, setup.Codecs).Should().Be((416, 240, format));
        ReadOnlySpan<byte> entry = setup.SampleEntry.Span, configuration = entry[(entry.IndexOf("hvcC"u8) + 4)..];
        Convert.ToHexString(configuration[..23]).Should().Be(HevcConfiguration, "with one array each of VPS, SPS and PPS");
        foreach (string nal in Hevc.Split("00000001", StringSplitOptions.RemoveEmptyEntries)) configuration.IndexOf(Convert.FromHexString(nal)).Should().BePositive();
    }

    /// <summary>Configurations (ISO/IEC 14496-3, 1.6.2.1) written out bit by bit by hand.</summary>
    [Theory]
    [InlineData("AACL", "1190", 48000, 2, "1190", "mp4a.40.2")]
    [InlineData("AACL", "", 48000, 2, "1190", "mp4a.40.2")]
    [InlineData("", "", 44100, 2, "1210", "mp4a.40.2")]
    [InlineData("AAC", "", 44100, 1, "1208", "mp4a.40.2")]
    [InlineData("AACP", "", 48000, 8, "11B8", "mp4a.40.2")]
    [InlineData("AACH", "", 24000, 2, "2B118800", "mp4a.40.5")]
    [InlineData("AACH", "2B118800", 24000, 2, "2B118800", "mp4a.40.5")]
    [InlineData("AACL", "", 50000, 2, "178061A810", "mp4a.40.2")]
    public void A_configuration_of_aac_is_taken_or_made(string fourCC, string data, int rate, int channels, string expected, string codecs)
    {
        CodecSetup setup = Read(MediaKind.Audio, fourCC, data, static (quality, said) => quality with { SamplingRate = said.Item1, Channels = said.Item2 }, (rate, channels));
        setup.Codecs.Should().Be(codecs);
        ReadOnlySpan<byte> entry = setup.SampleEntry.Span;
        Convert.ToHexString(Mp4.Boxes.EntryBoxes.SpecificInfoOf(entry[(entry.IndexOf("esds"u8) + 4)..].ToArray()).Span).Should().Be(expected);
        entry[24..28].ToArray().Should().Equal(0, (byte)channels, 0, 16);
        entry[32..36].ToArray().Should().Equal((byte)(rate >> 8), (byte)rate, 0, 0);
    }

    [Theory]
    [InlineData("EC-3", "00063F000000AF87FBA7022DFB42A4D405CD93843BDD0300200200", "dec3", "0300200200")]
    [InlineData("ec-3", "FEFF060080BB000000000000000000001600" + "00063F000000AF87FBA7022DFB42A4D405CD93843BDD0300200200", "dec3", "0300200200")]
    [InlineData("AC-3", "00063F0000002C806DE046DBCF11B4D100805F6CBBEA1008C0", "dac3", "1008C0")]
    public void Dolby_audio_has_its_configuration_behind_the_wave_format(string fourCC, string data, string box, string expected)
    {
        CodecSetup setup = Read(MediaKind.Audio, fourCC, data, static (quality, _) => quality with { SamplingRate = 48000, Channels = 6 }, 0);
        ReadOnlySpan<byte> entry = setup.SampleEntry.Span;
        Convert.ToHexString(entry[(entry.IndexOf(System.Text.Encoding.ASCII.GetBytes(box)) + 4)..]).Should().Be(expected);
        setup.Codecs.Should().Be(fourCC.ToLowerInvariant());
    }

    public static TheoryData<string, string, string, string> Refused => new()
    {
        { "Video", "H264", "000", "odd number of digits (3)" },
        { "Video", "H264", "zz", "hexadecimal" },
        { "Video", "H264", "", "no CodecPrivateData" },
        { "Video", "H264", "67640020", "start codes" },
        { "Video", "H264", "0000000167640020", "malformed sequence parameter set" },
        { "Video", "H264", "0000000168EE3C80", "malformed picture|without a sequence" },
        { "Video", "HVC1", "0000000140010C01FFFF01600000030090000003000003003C959809", "without a video, a sequence" },
        { "Video", "HVC1", "000000014201", "without a video, a sequence" },
        { "Video", "HVC1", "00000001420101", "malformed sequence parameter set of H.265" },
        { "Video", "WVC1", "00", "WVC1" },
        { "Video", "DVHE", "00", "DVHE" },
        { "Video", "", "00", "does not name" },
        { "Video", "AACL", "1190", "AACL" },
        { "Audio", "AACL", "11", "no AudioSpecificConfig" },
        { "Audio", "AACL", "119", "odd number" },
        { "Audio", "AACL", "", "neither CodecPrivateData nor" },
        { "Audio", "WMAP", "00", "WMAP" },
        { "Audio", "opus", "00", "opus" },
        { "Audio", "EC-3", "0300200200", "Dolby audio without" },
        { "Text", "WVTT", "", "WVTT" },
        { "Other", "X", "", "another kind of stream" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void What_no_entry_can_be_written_for_is_named(string kind, string fourCC, string data, string reason)
    {
        SmoothQuality quality = new() { Path = "/q", Bitrate = 1, FourCC = fourCC, CodecPrivateData = data };
        CodecReader.Read(StreamOf(Enum.Parse<MediaKind>(kind)), quality, out string said).Should().BeNull();
        reason.Split('|').Should().Contain(each => said.Contains(each, StringComparison.Ordinal), said);
    }

    [Fact]
    public void Audio_without_a_name_is_known_by_its_tag()
    {
        SmoothQuality quality = new() { Path = "/q", Bitrate = 1, CodecPrivateData = "1190", AudioTag = 354 };
        CodecReader.Read(StreamOf(MediaKind.Audio), quality, out string reason).Should().BeNull();
        reason.Should().Contain("354");
        CodecReader.Read(StreamOf(MediaKind.Audio), quality with { AudioTag = 255 }, out _).Should().NotBeNull();
    }

    private static SmoothStream StreamOf(MediaKind kind) => new() { Path = "/s", Kind = kind, Name = "s", Timescale = 1000 };

    private static CodecSetup Read(MediaKind kind, string fourCC, string data) => Read(kind, fourCC, data, static (quality, _) => quality, 0);

    private static CodecSetup Read<T>(MediaKind kind, string fourCC, string data, Func<SmoothQuality, T, SmoothQuality> change, T value) =>
        CodecReader.Read(StreamOf(kind), change(new SmoothQuality { Path = "/q", Bitrate = 1, FourCC = fourCC, CodecPrivateData = data }, value), out string reason)
        ?? throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"refused: {reason}"));

    private static async Task<string> CodecOfAsync(byte[] initialization)
    {
        using Mp4Reader reader = await Mp4Reader.OpenAsync(new MemoryStream(initialization), "init", TestContext.Current.CancellationToken);
        return reader.Tracks[0].Codec;
    }
}
