using System.Buffers.Binary;
using Keyway.Decryption;
using Keyway.Mp4.Boxes;

namespace Keyway.Mp4.KeyChecks;

/// <summary>Headers of VP9 frames, with what libvpx writes: where they end is known by the marker bits behind them, which no random place has in every frame.</summary>
public sealed class Vp9FrameTests
{
    private const int FileHeader = 32, FrameHeader = 12;

    [Theory]
    [InlineData("320x180")]
    [InlineData("322x182", "-auto-alt-ref", "1", "-lag-in-frames", "25")]
    [InlineData("1280x720", "-tile-columns", "2")]
    [InlineData("1280x720", "-tile-columns", "6", "-tile-rows", "1", "-row-mt", "1")]
    [InlineData("320x180", "-error-resilient", "1")]
    [InlineData("320x180", "-frame-parallel", "1", "-aq-mode", "3")]
    [InlineData("320x180", "-aq-mode", "1", "-b:v", "60k")]
    [InlineData("320x180", "-pix_fmt", "yuv444p")]
    [InlineData("320x180", "-pix_fmt", "yuv440p")]
    [InlineData("320x180", "-pix_fmt", "yuv420p10le")]
    [InlineData("320x180", "-lossless", "1")]
    [InlineData("320x180", "-sharpness", "3", "-g", "5")]
    public void Markers_follow_the_headers_of_every_frame(string size, params string[] options)
    {
        Assert.SkipUnless(Ffmpeg.Exists, Ffmpeg.Absent);
        string path = Path.Combine(Path.GetTempPath(), $"keyway-{Guid.NewGuid():N}.ivf");
        try
        {
            (int exit, string errors) = Ffmpeg.Run(["-v", "error", "-f", "lavfi", "-i", $"testsrc2=size={size}:rate=25:duration=1.6", "-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "6", .. options, path]);
            exit.Should().Be(0, errors);
            byte[] file = File.ReadAllBytes(path);
            int width = BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(12)), frames = 0, read = 0;
            for (int at = FileHeader; at < file.Length; frames++)
            {
                int length = BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(at));
                ReadOnlySpan<byte> frame = file.AsSpan(at + FrameHeader, length);
                at += FrameHeader + length;
                if (!Vp9Frame.TryReadHeaders(frame, width, out int header, out int compressed)) continue;
                read++;
                (frame[header] >> 7).Should().Be(0, "of the compressed header of frame {0}", frames);
                (frame[header + compressed] >> 7).Should().Be(0, "of the tiles of frame {0}", frames);
            }

            frames.Should().BeGreaterThan(30);
            read.Should().BeGreaterThanOrEqualTo(frames - 3, "only frames that show others have no headers");
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Header_of_a_key_frame_is_read_to_its_end()
    {
        byte[] frame = [.. KeyFrame, 0x12, 0x34, 0x56, 0x07, 0xFF];
        Vp9Frame.TryReadHeaders(frame, width: 0, out int header, out int compressed).Should().BeTrue();
        (header, compressed).Should().Be((KeyFrame.Length, 3));
        for (int length = 0; length < KeyFrame.Length + 3; length++) Vp9Frame.TryReadHeaders(frame.AsSpan(0, length), width: 0, out _, out _).Should().BeFalse("{0} bytes are not all of it", length);
    }

    [Theory]
    [InlineData(ProtectionScheme.Cenc, 0, 0x00, 0x00, Mp4KeyCheckResult.Fits)]
    [InlineData(ProtectionScheme.Cenc, 0, 0x7F, 0x7F, Mp4KeyCheckResult.Fits)]
    [InlineData(ProtectionScheme.Cenc, 0, 0x80, 0x00, Mp4KeyCheckResult.Doubtful)]
    [InlineData(ProtectionScheme.Cenc, 0, 0x00, 0x80, Mp4KeyCheckResult.Doubtful)]
    [InlineData(ProtectionScheme.Cenc, 1, 0x80, 0x80, Mp4KeyCheckResult.NotPossible)]
    [InlineData(ProtectionScheme.Cbcs, 0, 0x80, 0x00, Mp4KeyCheckResult.Doubtful)]
    [InlineData(ProtectionScheme.Cbcs, 0, 0x00, 0x80, Mp4KeyCheckResult.Fits)]
    public void Markers_tell_where_what_is_encrypted_begins_behind_the_header(ProtectionScheme scheme, uint more, byte first, byte tile, Mp4KeyCheckResult expected)
    {
        byte[] frame = [.. KeyFrame, first, 0x34, 0x56, tile, .. new byte[28]];
        Subsample[] map = [new() { ClearBytes = (uint)KeyFrame.Length + more, ProtectedBytes = (uint)(frame.Length - KeyFrame.Length) - more }];
        SampleEntry entry = Entry();
        KeyEvidence evidence = new();
        int accepted = 0;
        while (accepted < 60 && evidence.Accepts(entry, frame, new SampleProtection { Scheme = scheme, KeyId = default, InitializationVector = new byte[8], Subsamples = map })) accepted++;
        evidence.ToResult(default).Result.Should().Be(expected);
        if (expected == Mp4KeyCheckResult.Doubtful) accepted.Should().BeLessThan(4);
        else accepted.Should().Be(60);
    }

    /// <summary>marker 2, profile 0, key frame, shown; sync code; colour; 64 by 64; no render size; contexts; loop filter; quantizer; no segments; one tile; 3 bytes follow.</summary>
    private static byte[] KeyFrame
    {
        get
        {
            string bits = "10" + "0" + "0" + "0" + "0" + "1" + "0"              // marker, profile, existing, key frame, shown, resilient
                + Convert.ToString(0x498342, 2).PadLeft(24, '0') + "010" + "0"    // sync code, colour space, range
                + Convert.ToString(63, 2).PadLeft(16, '0') + Convert.ToString(63, 2).PadLeft(16, '0') + "0"
                + "1" + "1" + "00"                                              // refresh, parallel, context
                + "001010" + "000" + "1" + "1" + "1" + "0000001" + "0" + "1" + "1111111" + "1" + "1111111" + "0" + "0"
                + "00111100" + "0" + "0" + "0"                                  // quantizer
                + "0" + "0"                                                     // segments, tile rows: 64 pixels have one column
                + Convert.ToString(3, 2).PadLeft(16, '0');
            bits = bits.PadRight((bits.Length + 7) / 8 * 8, '0');
            return [.. Enumerable.Range(0, bits.Length / 8).Select(i => Convert.ToByte(bits.Substring(i * 8, 8), 2))];
        }
    }

    private static SampleEntry Entry()
    {
        byte[] visual = new byte[78];
        (visual[7], visual[25], visual[27]) = (1, 64, 64);
        byte[] stsd = [.. new byte[7], 1, .. BoxBytes.Box("vp09", visual)];
        Stsd.TryRead(BoxBytes.Parse(BoxBytes.Box("stsd", stsd)), FourCc.Vide, [], out List<SampleEntry> entries, out FormatError error).Should().BeTrue(error.Reason);
        return entries[0];
    }
}
