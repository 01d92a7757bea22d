using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Keyway.Cli.Run;

namespace Keyway.Cli;

/// <summary>The bundled sample as Smooth Streaming, from a server that has its manifest and its fragments; licences come from the sandbox.</summary>
public sealed class SmoothTests : IDisposable
{
    private const string PlayReady = "9A04F079-9840-4286-AB92-E65BE0885F95", Common = "1077efec-c0b2-4d02-ace3-3c1e52e2fb4b";

    private static readonly (string Track, string Label, string Type, int Bitrate, int Scale)[] Tracks =
        [("video-360", "HD", "video", 300000, 12800), ("video-180", "SD", "video", 90000, 12800), ("audio", "AUDIO", "audio", 55000, 48000)];

    private readonly SharedSandbox _sandbox;
    private readonly TemporaryFolder _folder = new();
    private readonly LoopbackServer _content;

    public SmoothTests(SharedSandbox sandbox)
    {
        _sandbox = sandbox;
        foreach ((string track, string label, string type, int bitrate, _) in Tracks)
        {
            Directory.CreateDirectory(_folder.File($"film.ism/QualityLevels({bitrate})"));
            for (int number = 1; number <= 5; number++)
            {
                byte[] segment = File.ReadAllBytes(Sample.File($"cenc/{track}/{number}.m4s"));
                _folder.Write($"film.ism/QualityLevels({bitrate})/Fragments({type}={TimeOf(segment).Time})", FragmentOf(segment, Convert.FromHexString(Kid(label))));
            }
        }

        _folder.Write("film.ism/Manifest", Manifest());
        _content = LoopbackServer.Files(_folder.Path, ranges: false);
    }

    private string Address => $"{_content.Url}film.ism/Manifest";

    private string Target => _folder.File("out.mp4");

    public void Dispose()
    {
        _content.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task It_plays_with_a_licence_for_its_PlayReady_header()
    {
        PlayReadyDevice device = await PlayReadyDevice.MakeAsync(_sandbox.Url, _folder, development: true);
        string[] service = ["--key-system", "playready", "--config", device.Settings, "--license-url", $"{_sandbox.Url}playready/rightsmanager.asmx"];
        CommandRun run = (await CommandRun.OfAsync(["play", Address, .. service, "--to", Target, "--json"])).ShouldEndWith(ExitCode.Done).ShouldNotShow([.. device.Secrets, .. Sample.KeyTexts]);
        await Sample.ShouldHoldAsync(Target, "video-360", "audio");
        run.Json.GetProperty("kind").GetString().Should().Be("smooth");
        run.Json.GetProperty("keySystem").GetString().Should().Be("playready");
        run.Json.GetProperty("keys").EnumerateArray().Select(static key => key.GetProperty("kid").GetString()).Should().BeEquivalentTo([Kid("HD"), Kid("SD"), Kid("AUDIO")], "the header names all");

        CommandRun license = (await CommandRun.OfAsync(["license", Address, .. service, "--json"])).ShouldEndWith(ExitCode.Done);
        license.Json.GetProperty("keys").EnumerateArray().Should().OnlyContain(static key => key.GetProperty("status").GetString() == "usable");
    }

    [Fact]
    public async Task It_plays_with_ClearKey_and_by_the_name_of_a_quality()
    {
        CommandRun run = (await CommandRun.OfAsync("play", Address, "--license-url", _sandbox.ClearKey(), "--video", "video=90000", "--to", Target, "--json")).ShouldEndWith(ExitCode.Done);
        await Sample.ShouldHoldAsync(Target, "video-180", "audio");
        run.Json.GetProperty("keySystem").GetString().Should().Be("clearkey");
        (await CommandRun.OfAsync("play", Address, "--license-url", _sandbox.ClearKey(), "--from", "8s", "--until", "12s", "--to", _folder.File("part.mp4"), "--json")).ShouldEndWith(ExitCode.Done);
        _content.Requests.Where(static request => request.Path.Contains("300000", StringComparison.Ordinal)).Select(static request => request.Path).Should().NotContain(static path => path.EndsWith("=204800)", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Inspect_shows_streams_headers_and_what_is_not_played()
    {
        CommandRun run = (await CommandRun.OfAsync("inspect", Address, "--json")).ShouldEndWith(ExitCode.Done);
        run.Json.GetProperty("kind").GetString().Should().Be("smooth");
        run.Json.GetProperty("tracks").EnumerateArray().Select(static track => track.GetProperty("id").GetString()).Should().BeEquivalentTo("video=300000", "audio=55000", "video=90000", "video=1");
        string text = (await CommandRun.OfAsync("inspect", Address)).ShouldEndWith(ExitCode.Done).Out;
        text.Should().Contain("Smooth Streaming").And.Contain("WVC1").And.Contain("playready").And.Contain(Kid("HD"));
        _content.Requests.Should().OnlyContain(static request => request.Path.EndsWith("Manifest", StringComparison.Ordinal) || request.Path.EndsWith("=0)", StringComparison.Ordinal), "of each quality the first fragment says which track it is");
    }

    [Fact]
    public async Task A_manifest_that_makes_no_sense_leaves_no_file()
    {
        _folder.Write("film.ism/Manifest", Manifest().Replace("d=\"51200\"", "d=\"51200\" r=\"4294967296\"", StringComparison.Ordinal));
        CommandRun run = await CommandRun.OfAsync("play", Address, "--license-url", _sandbox.ClearKey(), "--to", Target, "--json");
        run.Code.Should().NotBe(ExitCode.Done);
        run.Json.GetProperty("error").GetProperty("message").GetString().Should().Contain("/SmoothStreamingMedia/StreamIndex[0]").And.Contain("5000000 are read");
        File.Exists(Target).Should().BeFalse();
    }

    private static string Kid(string label) => Sample.Kid(label).Replace("-", "", StringComparison.Ordinal);

    private static string Manifest()
    {
        StringBuilder text = new($"""
            <?xml version="1.0" encoding="utf-8"?>
            <SmoothStreamingMedia MajorVersion="2" MinorVersion="0" Duration="200000000">
              <Protection>
                <ProtectionHeader SystemID="{PlayReady}">{Convert.ToBase64String(PlayReadyObject())}</ProtectionHeader>
                <ProtectionHeader SystemID="{Common}">{Convert.ToBase64String(CommonBox())}</ProtectionHeader>
              </Protection>
            """);
        foreach (IGrouping<string, (string Track, string Label, string Type, int Bitrate, int Scale)> stream in Tracks.GroupBy(static track => track.Type))
        {
            text.Append(CultureInfo.InvariantCulture, $"<StreamIndex Type=\"{stream.Key}\" Name=\"{stream.Key}\" TimeScale=\"{stream.First().Scale}\" Url=\"QualityLevels({{bitrate}})/Fragments({stream.Key}={{start time}})\">");
            foreach ((string track, _, string type, int bitrate, _) in stream)
                text.Append(CultureInfo.InvariantCulture, $"<QualityLevel Bitrate=\"{bitrate}\" FourCC=\"{(type == "video" ? "H264" : "AACL")}\" SamplingRate=\"48000\" Channels=\"2\" CodecPrivateData=\"{(type == "video" ? ParameterSets(track) : "1190")}\"/>");
            if (stream.Key == "video") text.Append("<QualityLevel Bitrate=\"1\" FourCC=\"WVC1\" CodecPrivateData=\"00\"/>");
            for (int number = 1; number <= 5; number++)
            {
                (uint time, uint duration) = TimeOf(File.ReadAllBytes(Sample.File($"cenc/{stream.First().Track}/{number}.m4s")));
                text.Append(CultureInfo.InvariantCulture, $"<c t=\"{time}\" d=\"{duration}\"/>");
            }

            text.Append("</StreamIndex>");
        }

        return text.Append("</SmoothStreamingMedia>").ToString();
    }

    private static (uint Time, uint Duration) TimeOf(byte[] segment) => (
        BinaryPrimitives.ReadUInt32BigEndian(segment.AsSpan(segment.AsSpan().IndexOf("tfdt"u8) + 8)),
        BinaryPrimitives.ReadUInt32BigEndian(segment.AsSpan(segment.AsSpan().IndexOf("sidx"u8) + 4 + 28)));

    /// <summary>A segment without what stands before its moof; its vectors are in the box of PIFF, with their key.</summary>
    private static byte[] FragmentOf(byte[] segment, byte[] kid)
    {
        byte[] fragment = segment[(segment.AsSpan().IndexOf("moof"u8) - 4)..];
        foreach (byte[] type in (byte[][])["saiz"u8.ToArray(), "saio"u8.ToArray()]) "free"u8.CopyTo(fragment.AsSpan(fragment.AsSpan().IndexOf(type)));
        byte[] added = [0xA2, 0x39, 0x4F, 0x52, 0x5A, 0x9B, 0x4F, 0x14, 0xA2, 0x44, 0x6C, 0x42, 0x7C, 0x64, 0x8D, 0xF4, 0, 0, 0, 0, 0, 0, 1, 8, .. kid];
        int senc = fragment.AsSpan().IndexOf("senc"u8);
        added[19] = (byte)(fragment[senc + 7] | 1);
        byte[] whole = [.. fragment[..(senc + 4)], .. added, .. fragment[(senc + 8)..]];
        "uuid"u8.CopyTo(whole.AsSpan(senc));
        int grown = added.Length - 4;
        foreach (int at in (int[])[0, fragment.AsSpan().IndexOf("traf"u8) - 4, senc - 4, fragment.AsSpan().IndexOf("trun"u8) + 12]) BinaryPrimitives.WriteInt32BigEndian(whole.AsSpan(at), BinaryPrimitives.ReadInt32BigEndian(whole.AsSpan(at)) + grown);
        return whole;
    }

    private static string ParameterSets(string track)
    {
        byte[] init = File.ReadAllBytes(Sample.File($"cenc/{track}/init.mp4"));
        int at = init.AsSpan().IndexOf("avcC"u8) + 4 + 6, length = BinaryPrimitives.ReadUInt16BigEndian(init.AsSpan(at));
        int next = at + 2 + length + 1, other = BinaryPrimitives.ReadUInt16BigEndian(init.AsSpan(next));
        return $"00000001{Convert.ToHexString(init.AsSpan(at + 2, length))}00000001{Convert.ToHexString(init.AsSpan(next + 2, other))}";
    }

    private static byte[] CommonBox()
    {
        byte[] init = File.ReadAllBytes(Sample.File("cenc/audio/init.mp4"));
        int at = init.AsSpan().IndexOf("pssh"u8) - 4;
        return init[at..(at + BinaryPrimitives.ReadInt32BigEndian(init.AsSpan(at)))];
    }

    private static byte[] PlayReadyObject()
    {
        string keys = string.Concat(Tracks.Select(static track => $"<KID ALGID=\"AESCTR\" VALUE=\"{Convert.ToBase64String(new Guid(Convert.FromHexString(Kid(track.Label)), bigEndian: true).ToByteArray(bigEndian: false))}\"></KID>"));
        byte[] markup = Encoding.Unicode.GetBytes($"<WRMHEADER xmlns=\"http://schemas.microsoft.com/DRM/2007/03/PlayReadyHeader\" version=\"4.2.0.0\"><DATA><PROTECTINFO><KIDS>{keys}</KIDS></PROTECTINFO></DATA></WRMHEADER>");
        byte[] whole = [.. new byte[10], .. markup];
        BinaryPrimitives.WriteInt32LittleEndian(whole, whole.Length);
        BinaryPrimitives.WriteInt16LittleEndian(whole.AsSpan(4), 1);
        BinaryPrimitives.WriteInt16LittleEndian(whole.AsSpan(6), 1);
        BinaryPrimitives.WriteInt16LittleEndian(whole.AsSpan(8), (short)markup.Length);
        return whole;
    }
}
