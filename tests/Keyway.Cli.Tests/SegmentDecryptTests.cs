using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Keyway.Cli.Run;

namespace Keyway.Cli;

/// <summary>Segments of HLS that name no key. The results are compared with the tables of the sample, which were taken before encryption, and with the platform's AES.</summary>
public sealed class SegmentDecryptTests : IDisposable
{
    private const string VideoVector = "c34729abdde4820b841c05dbbaf1dc66", AudioVector = "ba9c0e5cf26a4a5ba53120864d408b5d", NoVector = "00000000000000000000000000000000";

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Pictures_of_transport_streams_are_those_of_the_sample()
    {
        CommandRun run = (await CommandRun.OfAsync("decrypt", Sample.File("hls/sample-aes/video-180-*.ts"), "--key", Sample.Key("SD"), "--iv", "0x" + VideoVector, "--to", _folder.File("out.ts"))).ShouldEndWith(ExitCode.Done);
        run.Out.Should().Contain("transport stream  SAMPLE-AES  5 segments").And.Contain("H.264  500 units decrypted").And.Contain("not verified");
        byte[] clear = await File.ReadAllBytesAsync(_folder.File("out.ts"), Cancel);
        clear.Should().HaveCount((int)Enumerable.Range(1, 5).Sum(static number => new FileInfo(Sample.File($"hls/sample-aes/video-180-{number}.ts")).Length), "it is as long as it was");
        Slices(clear).Should().Equal(await TableAsync("video-180"));
    }

    [Fact]
    public async Task Frames_of_packed_audio_are_those_of_the_sample()
    {
        CommandRun run = (await CommandRun.OfAsync("decrypt", Sample.File("hls/sample-aes/audio-*.aac"), "--key-file", _folder.Write("key", Sample.Key("AUDIO") + "\n"), "--iv", AudioVector, "--method", "SAMPLE-AES", "--to", _folder.File("out.aac"), "--json"))
            .ShouldEndWith(ExitCode.Done);
        run.Json.GetProperty("container").GetString().Should().Be("packed audio");
        run.Json.GetProperty("streams")[0].GetProperty("protectedUnits").GetInt32().Should().Be(939);
        Frames(await File.ReadAllBytesAsync(_folder.File("out.aac"), Cancel)).Should().Equal(await TableAsync("audio"));
    }

    [Theory]
    [InlineData("--iv", NoVector)]
    [InlineData("--sequence", "0")]
    public async Task What_is_encrypted_as_a_whole_is_what_the_platform_decrypts(string option, string value)
    {
        CommandRun run = (await CommandRun.OfAsync("decrypt", Sample.File("hls/aes-128/0.ts"), "--key", Sample.Key("SD"), option, value, "--method", "aes-128", "--to", _folder.File("out.ts"), "--json")).ShouldEndWith(ExitCode.Done);
        run.Json.GetProperty("container").GetString().Should().Be("transport stream");
        using Aes aes = Aes.Create();
        aes.Key = Convert.FromHexString(Sample.Key("SD"));
        byte[] expected = aes.DecryptCbc(await File.ReadAllBytesAsync(Sample.File("hls/aes-128/0.ts"), Cancel), new byte[16]);
        (await File.ReadAllBytesAsync(_folder.File("out.ts"), Cancel)).Should().Equal(expected);
    }

    [Fact]
    public async Task A_wrong_key_and_a_wrong_vector_are_told_apart_and_leave_nothing()
    {
        (await DecryptAsync("AUDIO", "--iv", NoVector)).ShouldFailInJson(ExitCode.NoUsableKey, "key").Out.Should().Contain("the key is not the one");
        (await DecryptAsync("SD", "--sequence", "5")).ShouldFailInJson(ExitCode.BadMedia, "media").Out.Should().Contain("initialisation vector").And.Contain("the key is right");
        _folder.Entries.Should().BeEmpty();

        Task<CommandRun> DecryptAsync(string label, string option, string value) =>
            CommandRun.OfAsync("decrypt", Sample.File("hls/aes-128/0.ts"), "--key", Sample.Key(label), option, value, "--method", "aes-128", "--to", _folder.File("out.ts"), "--json");
    }

    [Fact]
    public async Task A_wrong_key_of_packed_audio_is_found_and_leaves_nothing()
    {
        (await CommandRun.OfAsync("decrypt", Sample.File("hls/sample-aes/audio-*.aac"), "--key", Sample.Key("SD"), "--iv", AudioVector, "--method", "SAMPLE-AES", "--to", _folder.File("out.aac"), "--json"))
            .ShouldFailInJson(ExitCode.NoUsableKey, "key").Out.Should().Contain("does not fit");
        _folder.Entries.Should().BeEmpty();
    }

    [Theory]
    [InlineData("32 hexadecimal", "--iv", "12")]
    [InlineData("give one of them", "--iv", NoVector, "--sequence", "1")]
    [InlineData("which need their initialisation vector")]
    [InlineData("sample-aes or aes-128", "--iv", NoVector, "--method", "aes-256")]
    [InlineData("have one key", "--iv", NoVector, "--key", "00112233445566778899aabbccddeeff")]
    [InlineData("--init", "--iv", NoVector, "--init", "x.mp4")]
    public async Task What_does_not_go_together_is_a_mistake_of_usage(string text, params string[] more)
    {
        CommandRun run = (await CommandRun.OfAsync(["decrypt", Sample.File("hls/aes-128/0.ts"), "--key", Sample.Key("SD"), "--to", _folder.File("out.ts"), .. more])).ShouldEndWith(ExitCode.Usage);
        run.Error.Should().Contain(text).And.NotContain(Sample.Key("SD"));
    }

    [Fact]
    public async Task Fragmented_mp4_is_not_taken_for_a_segment_without_names()
    {
        CommandRun run = (await CommandRun.OfAsync("decrypt", Sample.File("cbcs/audio.mp4"), "--key", Sample.Key("AUDIO"), "--iv", NoVector, "--to", _folder.File("out.ts"))).ShouldEndWith(ExitCode.BadMedia);
        run.Error.Should().Contain("KID:KEY");
    }

    private static async Task<List<string>> TableAsync(string track) =>
        [.. (await File.ReadAllLinesAsync(Sample.File($"expected/{track}.tsv"), Cancel)).Where(static row => row.Length > 0 && row[0] != '#').Select(static row => row.Split('\t')[2])];

    /// <summary>Slices with their length before them, as the sample has them in MP4: one slice a picture.</summary>
    [SuppressMessage("Security", "CA5351", Justification = "The tables hold MD5, as ffmpeg's framemd5 does.")]
    private static List<string> Slices(byte[] stream)
    {
        List<byte> elementary = [];
        for (int at = 0; at < stream.Length; at += 188)
        {
            ReadOnlySpan<byte> packet = stream.AsSpan(at, 188);
            if ((((packet[1] & 0x1F) << 8) | packet[2]) != 0x50 || (packet[3] & 0x10) == 0) continue;
            int payload = 4 + ((packet[3] & 0x20) != 0 ? 1 + packet[4] : 0);
            if ((packet[1] & 0x40) != 0) payload += 9 + packet[payload + 8];
            elementary.AddRange(packet[payload..]);
        }

        List<string> found = [];
        ReadOnlySpan<byte> bytes = elementary.ToArray();
        while (bytes.IndexOf("\0\0\u0001"u8) is >= 0 and var code)
        {
            bytes = bytes[(code + 3)..];
            int next = bytes.IndexOf("\0\0\u0001"u8);
            ReadOnlySpan<byte> nal = (next < 0 ? bytes : bytes[..next]).TrimEnd((byte)0);
            if ((nal[0] & 0x1F) is 1 or 5) found.Add(Convert.ToHexStringLower(MD5.HashData([(byte)(nal.Length >> 24), (byte)(nal.Length >> 16), (byte)(nal.Length >> 8), (byte)nal.Length, .. nal])));
        }

        return found;
    }

    /// <summary>What ADTS frames carry: the sample of MP4 is that without its header.</summary>
    [SuppressMessage("Security", "CA5351", Justification = "The tables hold MD5, as ffmpeg's framemd5 does.")]
    private static List<string> Frames(byte[] stream)
    {
        List<string> found = [];
        for (int at = 0; at < stream.Length;)
        {
            if (stream.AsSpan(at).StartsWith("ID3"u8))
            {
                at += 10 + ((stream[at + 6] << 21) | (stream[at + 7] << 14) | (stream[at + 8] << 7) | stream[at + 9]);
                continue;
            }

            int length = ((stream[at + 3] & 3) << 11) | (stream[at + 4] << 3) | (stream[at + 5] >> 5);
            found.Add(Convert.ToHexStringLower(MD5.HashData(stream.AsSpan(at + ((stream[at + 1] & 1) != 0 ? 7 : 9), length - ((stream[at + 1] & 1) != 0 ? 7 : 9)))));
            at += length;
        }

        return found;
    }
}
